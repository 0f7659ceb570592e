"""The screens outside of any flow: the menu, the help, the languages, a remark on its own, and a word in a group.

The one-line remarks above a screen. Knows their words, not when they are made.
"""

from bot.core import callback_data
from bot.core.names import MAX_LENGTH
from bot.core.screens import Announcements, Help, LanguageMenu, Menu, Word
from bot.core.states import Notice
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.bot_profile import EXTRA, USUAL
from bot.views.message import Button, Message
from bot.views.text import WORDS, lines, paragraphs


def words(notice: Notice, t: Translator) -> Safe:
    """The remark; every sign in it has its words beside it."""
    return t.text(f"notice.{notice}", longest=MAX_LENGTH)


def menu(screen: Menu, t: Translator) -> Message:
    """What can be done here."""
    hello = None
    if screen.greeting:
        name = keys.clip(screen.name, WORDS)
        hello = lines(t.text("menu.hello_name", name=name) if name else t.text("menu.hello"), t.text("menu.welcome"))
    asides = (
        Button(t.label("button.help"), callback_data.HELP),
        Button(t.label("button.language"), callback_data.LANGUAGE),
    )
    return Message(paragraphs(hello, t.text("menu.question")), (keys.book(t), keys.appointments(t), asides))


def helping(_screen: Help, t: Translator) -> Message:
    """How it goes, and the commands."""
    offered = (*USUAL, *EXTRA)
    commands = lines(*(t.text("help.command", name=name, meaning=t.label(f"command.{name}")) for name in offered))
    text = paragraphs(t.text("help.title"), t.text("help.how"), commands, t.text("help.cancel"))
    language = keys.one(t, "button.language", callback_data.LANGUAGE)
    back = keys.one(t, "button.back", callback_data.BACK)
    return Message(text, (keys.book(t), keys.appointments(t), language, back))


def language_menu(_screen: LanguageMenu, t: Translator) -> Message:
    """The languages, each under its own name."""
    own_name = dict(t.languages)[t.locale]
    buttons = (Button(name, f"{callback_data.LOCALE}:{locale}") for locale, name in t.languages)
    text = paragraphs(t.text("language.question"), t.text("language.now", name=own_name))
    return Message(text, (*keys.grid(buttons, 2), keys.one(t, "button.back", callback_data.BACK)))


def announcements(screen: Announcements, t: Translator) -> Message:
    """Whether announcements come; what is about one's own appointments comes either way."""
    if screen.wanted:
        return Message(t.text("announcements.on"), (keys.one(t, "button.news_off", callback_data.NEWS_OFF),))
    return Message(t.text("announcements.off"), (keys.one(t, "button.news_on", callback_data.NEWS_ON),))


def word(screen: Word, t: Translator) -> Message:
    """A remark that stands alone; what comes next says what to do."""
    return Message(words(screen.notice, t))


def group_hint(t: Translator, bot_username: str) -> Message:
    """In a group others read along, so the bot only points to the private chat."""
    url = f"https://t.me/{bot_username}"
    return Message(t.text("group.hint", username=bot_username), ((Button(t.label("group.button"), url=url),),))
