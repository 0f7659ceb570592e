"""answerCallbackQuery."""

from bot.sandbox.telegram.errors import bad_request
from bot.sandbox.telegram.html_parser import utf16_length
from bot.sandbox.telegram.methods.common import method
from bot.sandbox.telegram.params import Params
from bot.sandbox.telegram.world import World

MAX_TOAST = 200


def answer_callback_query(world: World, params: Params) -> bool:
    """Stop the spinner of the button and show a text: once for each press, within 150 seconds."""
    text = params.text("text")
    if utf16_length(text) > MAX_TOAST:
        raise bad_request("MESSAGE_TOO_LONG")
    number = params.text("callback_query_id")
    press = world.take_press(number)
    if press is None:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    world.page_events.publish(
        press.chat_id, "answered", query=number, message_id=press.message_id, text=text, alert=params.flag("show_alert")
    )
    return True


METHODS = (method("answerCallbackQuery", answer_callback_query, "callback_query_id text show_alert url cache_time"),)
