"""Validates keyboards as strictly as Telegram, and returns them as Telegram does. Knows nothing of messages."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from bot.sandbox.telegram.errors import TelegramError, bad_request
from bot.sandbox.telegram.html_parser import utf16_length

MAX_BUTTONS = 100
MAX_IN_ROW = 8
MAX_DATA_BYTES = 64
MAX_COPY = 256

ACTIONS = frozenset(
    {
        "callback_data",
        "url",
        "copy_text",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "pay",
        "callback_game",
    }
)
LOOK_FIELDS = frozenset({"text", "style", "icon_custom_emoji_id"})
STYLES = frozenset({"danger", "success", "primary"})
KEYBOARD_FIELDS = frozenset(
    {"keyboard", "is_persistent", "resize_keyboard", "one_time_keyboard", "input_field_placeholder", "selective"}
)
KEY_FIELDS = LOOK_FIELDS | {
    "request_contact",
    "request_location",
    "request_poll",
    "request_users",
    "request_chat",
    "web_app",
}


def read_markup(value: Any) -> dict[str, Any] | None:
    """Return a valid `reply_markup` of any kind; `None` if it is missing or an empty inline keyboard."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    kinds = value.keys() & {"inline_keyboard", "keyboard", "remove_keyboard", "force_reply"}
    if not value:
        return None
    if len(kinds) != 1:
        raise bad_request("can't parse reply keyboard markup JSON object")
    if "inline_keyboard" in value:
        return _inline(value)
    if "keyboard" in value:
        return _keyboard(value)
    return value


def read_inline(value: Any) -> dict[str, Any] | None:
    """Return a valid inline keyboard; an edit accepts no other kind."""
    markup = read_markup(value)
    if markup is not None and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    return markup


def _rows(rows: Any) -> list[list[Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("can't parse keyboard: array of arrays of buttons expected")
    if sum(len(row) for row in rows) > MAX_BUTTONS:
        raise bad_request(f"REPLY_MARKUP_TOO_LONG (the sandbox counts more than {MAX_BUTTONS} buttons)")
    if any(len(row) > MAX_IN_ROW for row in rows):
        raise bad_request(f"REPLY_MARKUP_TOO_LONG (the sandbox counts more than {MAX_IN_ROW} buttons in a row)")
    return [row for row in rows if row]


def _inline(value: dict[str, Any]) -> dict[str, Any] | None:
    _refuse_unknown_fields(value, frozenset({"inline_keyboard"}), "reply markup")
    rows = [[_read_button(button) for button in row] for row in _rows(value["inline_keyboard"])]
    return {"inline_keyboard": rows} if rows else None


def _read_button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise _bad_button("expected an Object")
    if "text" not in button:
        raise _bad_button('Can\'t find field "text"')
    if not isinstance(button["text"], str) or not button["text"].strip():
        raise _bad_button('Field "text" must be a non-empty String')
    if unknown := button.keys() - ACTIONS - LOOK_FIELDS:
        raise _bad_button(f"unknown field {sorted(unknown)} (the real service would ignore it)")
    actions = [name for name in button if name in ACTIONS and button[name] not in ("", None)]
    if not actions:
        raise _bad_button("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise _bad_button(f"exactly one action is allowed, found {sorted(actions)}")
    _check_action(button)
    return _read_look(button, _bad_button)


def _read_look(button: dict[str, Any], refusal: Callable[[str], TelegramError]) -> dict[str, Any]:
    """Check `style` and `icon_custom_emoji_id` (Bot API 9.4); the default style is not returned."""
    if "icon_custom_emoji_id" in button and not str(button["icon_custom_emoji_id"]).isdecimal():
        raise refusal('Field "icon_custom_emoji_id" must be a valid Number')
    if "style" not in button:
        return button
    style = str(button["style"]).lower()
    if style not in STYLES | {"", "default"}:
        raise refusal("invalid button style specified")
    rest = {key: value for key, value in button.items() if key != "style"}
    return rest | {"style": style} if style in STYLES else rest


def _check_action(button: dict[str, Any]) -> None:
    if "callback_data" in button:
        data = button["callback_data"]
        if not isinstance(data, str) or len(data.encode()) > MAX_DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    if "url" in button:
        address = urlsplit(str(button["url"]))
        if address.scheme not in {"http", "https", "tg", "ton"} or not address.netloc:
            raise bad_request(f"inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    if "copy_text" in button:
        copied = button["copy_text"]
        text = copied.get("text") if isinstance(copied, dict) else None
        if not isinstance(text, str) or not 1 <= utf16_length(text) <= MAX_COPY:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")


def _keyboard(value: dict[str, Any]) -> dict[str, Any]:
    _refuse_unknown_fields(value, KEYBOARD_FIELDS, "reply keyboard markup")
    return {**value, "keyboard": [[_read_key(key) for key in row] for row in _rows(value["keyboard"])]}


def _read_key(key: Any) -> dict[str, Any]:
    if isinstance(key, str):
        key = {"text": key}
    if not isinstance(key, dict) or not isinstance(key.get("text"), str) or not key["text"]:
        raise _bad_key("text must be non-empty")
    _refuse_unknown_fields(key, KEY_FIELDS, "keyboard button")
    return _read_look(key, _bad_key)


def _refuse_unknown_fields(value: dict[str, Any], known: frozenset[str], what: str) -> None:
    if unknown := value.keys() - known:
        raise bad_request(f"unknown field {sorted(unknown)} in {what} (the real service would ignore it)")


def _bad_key(why: str) -> TelegramError:
    return bad_request(f"can't parse keyboard button: {why}")


def _bad_button(why: str) -> TelegramError:
    return bad_request(f"can't parse inline keyboard button: {why}")
