"""The screens outside of bookings: the menu, help, languages, settings, a notice on its own, the hint in a group.

Also the words of the notices above a screen. Must not know when a screen is shown.
"""

from collections.abc import Callable
from functools import partial

from bot.core import callback_data, slot_selection
from bot.core.model import Department
from bot.core.names import MAX_LENGTH
from bot.core.screens import Announcements, Help, LanguageMenu, Menu, NoticeMessage, SettingsMenu
from bot.core.search import matching
from bot.core.states import Notice
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.bot_profile import USUAL
from bot.views.message import Button, Message, Office
from bot.views.text import WORDS, contact, department_name, lines, paragraphs

TWO = 2
_chosen = partial(callback_data.numbered, callback_data.DEPARTMENT)


def words(notice: Notice, t: Translator) -> Safe:
    """The words of a notice."""
    return t.text(f"notice.{notice}", longest=MAX_LENGTH)


def menu(screen: Menu, t: Translator, office: Office) -> Message:
    """The menu. If departments are known already, they are offered here."""
    hello = None
    if screen.greeting:
        name = keys.clip(screen.name, WORDS)
        hello = lines(t.text("menu.hello_name", name=name) if name else t.text("menu.hello"), t.text("menu.welcome"))
    rows, legend, question = _places(t, office)
    resume = (keys.one(t, "button.resume", callback_data.RESUME),) if screen.resumable else ()
    asides = (Button(t.label("button.help"), callback_data.HELP), _other_language(t))
    text = paragraphs(hello, legend, question)
    return Message(text, (*resume, *rows, keys.appointments(t), asides))


def _places(t: Translator, office: Office) -> tuple[keys.Rows, Safe | None, Safe]:
    """The departments, or the organisations if there are several; a button to book if none are known yet."""
    if organizations := slot_selection.shown_organizations(office.departments):
        return (*organization_choices(t, organizations), t.text("organizations.question"))
    departments = matching(office.departments, "")  # in the order of the list of all of them
    if not departments:
        return (keys.book(t),), None, t.text("menu.question")
    few = len(departments) <= keys.PER_PAGE
    rows, legend = department_choices(t, departments if few else departments[: keys.PER_PAGE - 1])
    everything = () if few else (keys.one(t, "button.all_departments", callback_data.BOOK),)
    return (*rows, *everything), legend, t.text("departments.question")


def department_choices(
    t: Translator, departments: tuple[Department, ...], action: Callable[[int], str] = _chosen
) -> tuple[keys.Rows, Safe | None]:
    """A button for each department, with the callback data `action(id)`, and a legend for those that look alike."""
    named = [(each.name, each.organization) for each in departments]
    items = [
        keys.Choice(
            action(each.id),
            department_name(t, each),
            each.organization
            if each.organization and named.count((each.name, each.organization)) == 1
            else t.label("department.unnamed", number=each.id),
        )
        for each in departments
    ]
    return keys.choices(t, items)


def organization_choices(t: Translator, one_of_each: tuple[Department, ...]) -> tuple[keys.Rows, Safe | None]:
    """A button for each organisation, given one department of each."""
    items = [
        keys.Choice(
            callback_data.numbered(callback_data.ORGANIZATION, each.id),
            keys.clip(each.organization, WORDS) or t.label("organization.unnamed"),
        )
        for each in one_of_each
    ]
    return keys.choices(t, items)


def _other_language(t: Translator) -> Button:
    """The other language by its own name if there are two; else a button to the list of languages."""
    others = [each for each in t.languages if each[0] != t.locale]
    if len(t.languages) == TWO:
        (locale, name), *_ = others
        return Button(t.label("button.speak", name=name), f"{callback_data.LOCALE}:{locale}")
    return Button(t.label("button.language_short"), callback_data.LANGUAGE)


def helping(_screen: Help, t: Translator, office: Office) -> Message:
    """How to book, the commands, and whom to ask."""
    commands = lines(*(t.text("help.command", name=name, meaning=t.label(f"command.{name}")) for name in USUAL))
    text = paragraphs(t.text("help.title"), t.text("help.how"), t.text("help.free"), commands, contact(t, office))
    settings = keys.one(t, "button.settings", callback_data.SETTINGS)
    return Message(text, (keys.book(t), keys.appointments(t), settings, keys.back(t)))


def language_menu(_screen: LanguageMenu, t: Translator) -> Message:
    """The languages, each under its own name."""
    buttons = [Button(name, f"{callback_data.LOCALE}:{locale}") for locale, name in t.languages]
    text = paragraphs(t.text("language.now", name=dict(t.languages)[t.locale]), t.text("language.question"))
    return Message(text, (*keys.columns(buttons), keys.back(t)))


def settings(screen: SettingsMenu, t: Translator) -> Message:
    """The present settings, with buttons that change them."""
    text = paragraphs(
        lines(
            t.text("language.now", name=dict(t.languages)[t.locale]),
            t.text("settings.news_on" if screen.announcements else "settings.news_off"),
            t.text("settings.reminders_on" if screen.reminders else "settings.reminders_off"),
            t.text("settings.ratings_on" if screen.ratings else "settings.ratings_off"),
        ),
        t.text("settings.question"),
    )
    if screen.announcements:
        announcements = keys.one(t, "button.news_off", callback_data.SET_NEWS_OFF)
    else:
        announcements = keys.one(t, "button.news_on", callback_data.SET_NEWS_ON)
    if screen.reminders:
        reminders = keys.one(t, "button.reminders_off", callback_data.SET_REMINDERS_OFF)
    else:
        reminders = keys.one(t, "button.reminders_on", callback_data.SET_REMINDERS_ON)
    if screen.ratings:
        ratings = keys.one(t, "button.set_ratings_off", callback_data.SET_RATINGS_OFF)
    else:
        ratings = keys.one(t, "button.set_ratings_on", callback_data.SET_RATINGS_ON)
    language = keys.one(t, "button.language", callback_data.LANGUAGE)
    return Message(text, (language, announcements, reminders, ratings, keys.back(t)))


def announcements(screen: Announcements, t: Translator) -> Message:
    """Whether the citizen gets announcements. Messages about their own appointments come in any case."""
    if screen.wanted:
        text = t.text("announcements.started" if screen.changed else "announcements.on")
        return Message(text, (keys.one(t, "button.news_off", callback_data.NEWS_OFF),))
    text = t.text("announcements.stopped" if screen.changed else "announcements.off")
    return Message(text, (keys.one(t, "button.news_on", callback_data.NEWS_ON),))


def notice_message(screen: NoticeMessage, t: Translator) -> Message:
    """A notice on its own."""
    return Message(words(screen.notice, t))


def too_fast(t: Translator) -> Message:
    """The notice to a chat that sends more than the bot reads."""
    return Message(t.text("notice.too_fast"))


def group_hint(t: Translator, bot_username: str) -> Message:
    """The answer in a group. Others read along there, so the bot only points to the private chat."""
    url = f"https://t.me/{bot_username}"
    return Message(t.text("group.hint", username=bot_username), ((Button(t.label("group.button"), url=url),),))
