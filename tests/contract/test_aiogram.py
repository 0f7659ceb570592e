"""aiogram, an independent bot framework, works with the sandbox as with the real Bot API."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.filters import CommandStart
from aiogram.methods import SendMessage
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    TelegramObject,
)
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sandbox.serving import serving
from bot.sandbox.telegram import TelegramSandbox, create_app
from bot.sandbox.telegram.samples import SAMPLE_PHOTO

AISSATOU = 1_000_101
TOKEN = TelegramSandbox().token
Control = Callable[[str, Any], Awaitable[Any]]


@pytest.fixture
async def sandbox() -> AsyncIterator[str]:
    async with serving(create_app(TelegramSandbox(limits=None))) as url:
        yield url


@pytest.fixture
async def control(sandbox: str) -> AsyncIterator[Control]:
    async with httpx.AsyncClient(base_url=f"{sandbox}/__sandbox/") as http:

        async def act(path: str, body: Any) -> Any:
            answer = await http.post(path, json=body)
            assert answer.is_success, answer.text
            return answer.json()

        await act(f"chats/{AISSATOU}/say", {"text": "/start"})
        yield act


def client(url: str, token: str = TOKEN) -> Bot:
    return Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(url)))


@pytest.fixture
async def bot(sandbox: str) -> AsyncIterator[Bot]:
    async with client(sandbox) as bot:
        yield bot


def plain(value: TelegramObject | None) -> Any:
    """Return the content alone: aiogram's objects also remember which bot they came through, and differ by it."""
    return value and value.model_dump(exclude_none=True)


def one_button(text: str = "A", data: str = "a") -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=text, callback_data=data)]])


async def test_a_polling_bot_receives_a_message_answers_a_press_and_edits(bot: Bot, control: Control) -> None:
    dispatcher = Dispatcher()
    greeted = asyncio.Event()
    presses: asyncio.Queue[CallbackQuery] = asyncio.Queue()

    @dispatcher.message(CommandStart(deep_link=True))
    async def greet(message: Message) -> None:
        await message.answer("<b>Bonjour</b>", parse_mode="HTML", reply_markup=one_button())
        greeted.set()

    @dispatcher.callback_query()
    async def pressed(query: CallbackQuery) -> None:
        presses.put_nowait(query)

    polling = asyncio.create_task(dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False))
    await control(f"chats/{AISSATOU}/say", {"text": "/start passport"})
    await greeted.wait()
    await control(f"chats/{AISSATOU}/press", {"label": "A"})
    query = await presses.get()
    await dispatcher.stop_polling()
    await polling

    assert isinstance(query.message, Message)
    assert plain(query.message.reply_markup) == plain(one_button())
    assert await query.answer("noted")
    edited = await query.message.edit_text(f"pressed {query.data}")
    assert isinstance(edited, Message)
    assert (edited.text, edited.reply_markup, edited.edit_date is not None) == ("pressed a", None, True)


async def test_a_sent_message_is_returned_with_all_its_content(bot: Bot, control: Control) -> None:
    del control
    sent = await bot.send_message(
        AISSATOU,
        '<b>été</b> <a href="https://moncreneau.gn/">lien</a> <tg-time unix="1780000000">bientôt</tg-time>',
        parse_mode="HTML",
        reply_markup=one_button(),
        link_preview_options=LinkPreviewOptions(is_disabled=True),
    )
    assert sent.html_text.startswith('<b>été</b> <a href="https://moncreneau.gn/">lien</a>')
    assert plain(sent.reply_markup) == plain(one_button())
    assert [entity.type for entity in sent.entities or []] == ["bold", "text_link", "date_time"]


async def test_a_photo_and_a_document_can_be_uploaded_resent_and_downloaded(bot: Bot, control: Control) -> None:
    del control
    photo = await bot.send_photo(
        AISSATOU, BufferedInputFile(SAMPLE_PHOTO, "qr.png"), caption="<i>QR</i>", parse_mode="HTML"
    )
    assert photo.photo is not None
    assert (photo.caption, photo.photo[0].width, photo.photo[0].height) == ("QR", 240, 160)
    again = await bot.send_photo(AISSATOU, photo.photo[0].file_id)
    assert again.photo == photo.photo
    document = await bot.send_document(AISSATOU, BufferedInputFile(b"a,b\n", "report.csv"))
    assert document.document is not None
    assert (document.document.file_name, document.document.mime_type) == ("report.csv", "text/csv")
    downloaded = await bot.download(document.document.file_id)
    assert downloaded is not None
    assert downloaded.read() == b"a,b\n"
    captioned = await bot.edit_message_caption(chat_id=AISSATOU, message_id=photo.message_id, caption="later")
    assert isinstance(captioned, Message)
    assert captioned.caption == "later"


async def test_a_message_can_be_copied_and_deleted(bot: Bot, control: Control) -> None:
    del control
    original = await bot.send_message(AISSATOU, "<b>news</b>", parse_mode="HTML")
    copy = await bot.copy_message(AISSATOU, AISSATOU, original.message_id)
    assert await bot.delete_message(AISSATOU, copy.message_id)
    with pytest.raises(TelegramBadRequest, match="message to delete not found"):
        await bot.delete_message(AISSATOU, copy.message_id)


async def test_commands_and_descriptions_are_stored_by_language_and_scope(bot: Bot, control: Control) -> None:
    del control
    everybody = [BotCommand(command="book", description="Book")]
    admins = [*everybody, BotCommand(command="broadcast", description="Write to all")]
    to_admin = BotCommandScopeChat(chat_id=AISSATOU)
    await bot.set_my_commands(everybody)
    await bot.set_my_commands(admins, scope=to_admin, language_code="fr")
    assert [plain(each) for each in await bot.get_my_commands()] == [plain(each) for each in everybody]
    seen_by_admin = await bot.get_my_commands(scope=to_admin, language_code="fr")
    assert [each.command for each in seen_by_admin] == ["book", "broadcast"]
    assert await bot.get_my_commands(language_code="fr") == []
    await bot.set_my_description("Prendre rendez-vous", language_code="fr")
    await bot.set_my_short_description("Rendez-vous")
    assert (await bot.get_my_description(language_code="fr")).description == "Prendre rendez-vous"
    assert (await bot.get_my_short_description()).short_description == "Rendez-vous"
    assert (await bot.get_my_name()).name == "Moncréneau"


async def test_get_me_and_get_chat_describe_the_bot_and_the_person(bot: Bot, control: Control) -> None:
    del control
    assert (await bot.get_me()).username == "moncreneau_sandbox_bot"
    person = await bot.get_chat(AISSATOU)
    assert (person.first_name, person.type) == ("Aïssatou", "private")
    assert await bot.send_chat_action(AISSATOU, "typing")


async def test_errors_become_aiograms_own_exceptions(bot: Bot, control: Control, sandbox: str) -> None:
    sent = await bot.send_message(AISSATOU, "x")
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await bot.edit_message_text("x", chat_id=AISSATOU, message_id=sent.message_id)
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.send_message(5, "x")
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_callback_query("1")
    await control("faults", {"kind": "flood", "retry_after": 9, "times": 1})
    with pytest.raises(TelegramRetryAfter) as flood:
        await bot.send_message(AISSATOU, "x")
    assert flood.value.retry_after == 9
    await control("faults", {"kind": "status", "status": 500, "times": 1})
    with pytest.raises(TelegramServerError):
        await bot.send_message(AISSATOU, "x")
    await control(f"chats/{AISSATOU}/block", {})
    with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
        await bot.send_message(AISSATOU, "x")
    async with client(sandbox, "12345:wrong") as stranger:
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()


async def test_a_webhook_of_aiogram_receives_a_command_and_answers_in_its_response(
    bot: Bot, control: Control, sandbox: str
) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def greet(message: Message) -> SendMessage:
        return SendMessage(chat_id=message.chat.id, text="<b>Bonjour</b>", parse_mode="HTML")

    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False, secret_token="s3cret").register(app, "/hook")
    await bot.delete_webhook(drop_pending_updates=True)
    async with TestServer(app) as server:
        await bot.set_webhook(str(server.make_url("/hook")), secret_token="s3cret")
        await control(f"chats/{AISSATOU}/say", {"text": "/start"})
        async with httpx.AsyncClient(base_url=f"{sandbox}/__sandbox/") as http:
            while not (last := (await http.get(f"chats/{AISSATOU}")).json()["messages"][-1])["by_bot"]:
                pass
        info = await bot.get_webhook_info()
    assert last["message"]["text"] == "Bonjour"
    assert (info.pending_update_count, info.last_error_message) == (0, None)


async def test_a_second_poller_ends_the_first_ones_polling(bot: Bot, control: Control, sandbox: str) -> None:
    await bot.get_updates(offset=(await bot.get_updates())[-1].update_id + 1)
    first = asyncio.create_task(bot.get_updates(timeout=50))
    async with httpx.AsyncClient() as http:
        while not (await http.get(f"{sandbox}/__sandbox/updates")).json()["polled"]:
            pass
    async with client(sandbox) as other:
        second = asyncio.create_task(other.get_updates(timeout=50))
        with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
            await first
        await control(f"chats/{AISSATOU}/say", {"text": "hello"})
        assert [update.message.text for update in await second if update.message] == ["hello"]
