"""The Bot API's JSON and forms, as the load generator needs them: made and read as text, no object for anything.

Messages and updates are as full as Telegram's (sender, chat, the text and the buttons that were sent): reading them is
a part of a bot's work. Knows no citizen and no connection.
"""

import json
import re
import time
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote_plus

BOT = '{"id":42,"is_bot":true,"first_name":"Bench","username":"bench_bot"}'
ME = f'{{"ok":true,"result":{BOT}}}'.encode()
PHOTO = '"photo":[{"file_id":"f","file_unique_id":"u","width":1,"height":1}],"caption":""'
BUTTON = re.compile(r'"callback_data": ?"((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Call:
    """What a bot asked for: text and buttons as JSON, and the message to edit (0: a new one)."""

    chat: int
    text: str
    markup: str
    message: int = 0


def read(body: bytes) -> Call:
    """A call as a form."""
    markup = _field(body, "reply_markup")
    text = json.dumps(_field(body, "text"))
    return Call(number(body, "chat_id"), text, markup or '{"inline_keyboard":[]}', number(body, "message_id"))


def part(body: bytes, name: str) -> bytes:
    """One part of a multipart body."""
    return body.split(b'name="%s"' % name.encode(), 1)[1].split(b"\r\n\r\n", 1)[1].split(b"\r\n", 1)[0]


def number(body: bytes, name: str) -> int:
    """A number in a form; 0 where there is none."""
    return int(_field(body, name) or 0)


def _field(body: bytes, name: str) -> str:
    found = _named(name).search(body)
    return unquote_plus(found[1].decode()) if found else ""


@cache
def _named(name: str) -> re.Pattern[bytes]:
    return re.compile(rb"(?:^|&)" + name.encode() + rb"=([^&]*)")


def button(markup: str, ending: str) -> str:
    """What the first button asks whose data ends like this; the first at all where none does, "" without buttons."""
    data = BUTTON.findall(markup)
    return next((each for each in data if ending and each.endswith(ending)), data[0] if data else "")


def message(call: Call, number: int, *, picture: bool) -> bytes:
    """The answer to a call: the message as it is now."""
    shown = PHOTO if picture else f'"text":{call.text}'
    return f'{{"ok":true,"result":{_message(call.chat, number, shown, call.markup)}}}'.encode()


def said(chat: int, number: int, text: str) -> str:
    """Somebody's message, as a part of an update."""
    fields = f'"message_id":{number},"from":{_person(chat)},"chat":{_chat(chat)},"date":{int(time.time())}'
    command = f',"entities":[{{"type":"bot_command","offset":0,"length":{len(text)}}}]' if text[0] == "/" else ""
    return f'"message":{{{fields},"text":"{text}"{command}}}'


def pressed(chat: int, number: int, text: str, markup: str, data: str) -> str:
    """Somebody's press, as a part of an update."""
    shown = _message(chat, number, f'"text":{text}', markup)
    about = f'"id":"{time.monotonic_ns()}","from":{_person(chat)},"chat_instance":"1"'
    return f'"callback_query":{{{about},"message":{shown},"data":"{data}"}}'


def _message(chat: int, number: int, shown: str, markup: str) -> str:
    fields = f'"message_id":{number},"from":{BOT},"chat":{_chat(chat)},"date":{int(time.time())}'
    return f'{{{fields},{shown},"reply_markup":{markup}}}'


def _person(chat: int) -> str:
    return f'{{"id":{chat},"is_bot":false,"first_name":"Aissatou","username":"user{chat}","language_code":"en"}}'


def _chat(chat: int) -> str:
    return f'{{"id":{chat},"type":"private","first_name":"Aissatou","username":"user{chat}"}}'
