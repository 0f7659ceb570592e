"""Every text exists in every language and is used."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from bot.broadcast import model
from bot.broadcast.compose_states import ComposeNotice
from bot.broadcast.lifecycle import BroadcastCommand
from bot.core.department_details import DetailPart
from bot.core.events import Courtesy
from bot.core.health import ChatLimit
from bot.core.model import AppointmentStatus, FailureCode
from bot.core.rating import Score
from bot.core.states import Notice
from bot.core.statistics import Counted
from bot.i18n import COUNT, FOLDER, OWN_TEXTS, Translators, placeholders
from bot.operations.blocking_views import Mistake
from bot.views.bot_profile import BUILT
from bot.views.my_data import COLUMNS, TABLES

BOT = FOLDER.parent / "bot"
LOCALES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
SOURCES = sorted(BOT.rglob("*.py"))
FAMILIES = {
    "notice.": tuple(Notice),
    "problem.": tuple(FailureCode),
    "refused.": tuple(FailureCode),
    "status.": tuple(AppointmentStatus),
    "remark.": tuple(ComposeNotice),
    "bc.status.": tuple(model.BroadcastStatus),
    "bc.deed.": tuple(model.AdminAction),
    "bc.fate.": tuple(each for each in model.RecipientStatus if each not in {"pending", "again", "sending"}),
    "button.steer_": tuple(BroadcastCommand),
    "condition.limit.": tuple(ChatLimit),
    "command.": tuple(BUILT),
    "said.": tuple(Courtesy),
    "reminder.part.": tuple(DetailPart),
    "data.table.": TABLES,
    "data.column.": COLUMNS,
    "stats.what.": tuple(Counted),
    "block.mistake.": tuple(Mistake),
    "button.rate_": tuple(each.name.lower() for each in Score),
}
"""Texts whose key ends in a value: every value must have its text."""
PLAIN = (
    "button.",
    "command.",
    "profile.",
    "said.",
    "group.button",
    "department.unnamed",
    "organization.unnamed",
    "worker.unnamed",
    "for_whom",
    "name.for",
    "name.none",
    "name.numbered",
    "calendar.file.",
    "reminder.part.",
    "data.table.",
    "data.column.",
    "block.by",
)
TAGS = {"b", "i", "code"}
NBSP = "\u00a0"

every_locale = pytest.mark.parametrize("locale", LOCALES)


class Use:
    """A place in the code that asks for a text: its key (or a family's beginning) and the values that it gives."""

    def __init__(self, call: ast.Call, source: Path) -> None:
        self.where = f"{source.relative_to(BOT.parent)}:{call.lineno}"
        self.markup = isinstance(call.func, ast.Attribute) and call.func.attr == "text"
        self.values = frozenset(keyword.arg for keyword in call.keywords if keyword.arg)
        self.keys = frozenset(_keys(call.args[0])) if call.args else frozenset()


def _keys(node: ast.expr) -> Iterator[str]:
    """The keys that an expression can be; none if the code does not tell them."""
    match node:
        case ast.Constant(value=str(key)):
            yield key
        case ast.JoinedStr(values=[ast.Constant(value=str(family)), ast.FormattedValue()]):
            yield from (f"{family}{each}" for each in FAMILIES.get(family, ()))
        case ast.IfExp(body=body, orelse=orelse):
            yield from _keys(body)
            yield from _keys(orelse)
        case ast.Name(id=name):
            yield from HANDED_ON.get(name, ())
        case _:
            return


def _calls(source: Path) -> Iterator[Use]:
    """`t.text(…)` and `t.label(…)`, by whatever name the translator goes, and `keys.one(t, key, …)`."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="t" | "translator"), attr="text" | "label")):
                yield Use(node, source)


def _handed_on() -> Iterator[str]:
    """The keys that `keyboards.one` is given, which it hands on."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(attr="one") | ast.Name(id="one"), args=[_, ast.Constant(str(key)), *_]
                ):
                    yield key
                case _:
                    continue


HANDED_ON = {"key": tuple(_handed_on())}
USES = [use for source in SOURCES if source.name != "i18n.py" for use in _calls(source)]


@cache
def _catalogue(locale: str) -> Catalog:
    with (FOLDER / locale / "LC_MESSAGES" / "bot.po").open("rb") as file:
        return read_po(file, locale=Locale.parse(locale), abort_invalid=True)


@cache
def _texts(locale: str) -> dict[str, Message]:
    return {each.id if isinstance(each.id, str) else each.id[0]: each for each in _catalogue(locale) if each.id}


def _forms(message: Message) -> tuple[str, ...]:
    words = message.string or ""
    return (words,) if isinstance(words, str) else tuple(words)


def test_there_are_french_and_english() -> None:
    assert {"fr", "en"} <= set(LOCALES)


def test_every_message_id_stands_literally_in_the_code() -> None:
    assert USES
    assert [use.where for use in USES if not use.keys] == []


@every_locale
def test_no_text_is_missing(locale: str) -> None:
    used = {key: use.where for use in USES for key in use.keys}
    assert {key: where for key, where in used.items() if key not in _texts(locale)} == {}


@every_locale
def test_no_text_is_unused(locale: str) -> None:
    assert set(_texts(locale)) - {key for use in USES for key in use.keys} - set(OWN_TEXTS) == set()


@every_locale
def test_no_text_stands_twice(locale: str) -> None:
    po = (FOLDER / locale / "LC_MESSAGES" / "bot.po").read_text(encoding="utf-8")
    keys = re.findall(r'^msgid "(.+)"$', po, re.MULTILINE)
    assert [key for key in set(keys) if keys.count(key) > 1] == []


@every_locale
def test_no_text_is_fuzzy_or_obsolete(locale: str) -> None:
    assert [key for key, each in _texts(locale).items() if each.fuzzy] == []
    assert list(_catalogue(locale).obsolete) == []


@every_locale
def test_every_text_is_translated(locale: str) -> None:
    assert [key for key, each in _texts(locale).items() if not all(form.strip() for form in _forms(each))] == []


@every_locale
def test_every_plural_form_is_there(locale: str) -> None:
    catalogue = _catalogue(locale)
    plurals = {key: each for key, each in _texts(locale).items() if not isinstance(each.id, str)}
    assert plurals
    assert [key for key, each in plurals.items() if len(_forms(each)) != catalogue.num_plurals] == []
    assert [key for key, each in plurals.items() if set(each.id) != {key}] == []


@every_locale
def test_plural_texts_are_asked_for_with_a_number_and_no_others_are(locale: str) -> None:
    texts = _texts(locale)
    wrong = [
        (use.where, key) for use in USES for key in use.keys if isinstance(texts[key].id, str) == (COUNT in use.values)
    ]
    assert wrong == []


@every_locale
def test_the_placeholders_are_the_same_in_every_language(locale: str) -> None:
    others, texts = _texts("fr"), _texts(locale)
    assert {key for key in texts if placeholders(_forms(texts[key])) != placeholders(_forms(others[key]))} == set()


@every_locale
def test_every_placeholder_is_given_a_value(locale: str) -> None:
    texts = _texts(locale)
    lacking = [
        (use.where, key, wanted)
        for use in USES
        for key in use.keys
        if (wanted := placeholders(_forms(texts[key])) - use.values)
    ]
    assert lacking == []


@every_locale
def test_every_value_is_wanted_by_some_text(locale: str) -> None:
    texts = _texts(locale)
    for use in USES:
        wanted = {name for key in use.keys for name in placeholders(_forms(texts[key]))}
        assert use.values - wanted - {COUNT} == set(), use.where


@every_locale
def test_placeholders_are_plain_names(locale: str) -> None:
    for key, each in _texts(locale).items():
        for form in _forms(each):
            assert re.sub(r"\{[a-z]+\}", "", form).count("{") == 0, key


@every_locale
def test_a_text_is_used_either_with_markup_or_without(locale: str) -> None:
    for use in USES:
        for key in use.keys:
            if not use.markup:
                assert key.startswith(PLAIN) or key == "moment", (use.where, key)
            else:
                assert not key.startswith(PLAIN), (use.where, key)
    for key, each in _texts(locale).items():
        if key.startswith(PLAIN) or key == "moment" or key in OWN_TEXTS:
            assert not any(sign in form for form in _forms(each) for sign in "<>&"), key


class _Markup(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        assert not attrs
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@every_locale
def test_the_markup_of_every_text_is_closed_and_known(locale: str) -> None:
    for each in _texts(locale).values():
        for form in _forms(each):
            reader = _Markup()
            reader.feed(form)
            reader.close()
            assert not reader.open, form


def test_french_signs_stand_after_a_no_break_space() -> None:
    for key, each in _texts("fr").items():
        for form in _forms(each):
            plain = re.sub(r"https?:\S+|\{[a-z]+\}", "x", form)
            assert not re.search(rf"(?<!{NBSP})[:;?!»](?=\s|$|<)", plain), (key, form)
            assert not re.search(rf"«(?!{NBSP})", plain), (key, form)
            assert "'" not in plain, (key, form)


def test_both_languages_speak_of_the_same_things() -> None:
    """The sign before a text is the same in every language, so that a picture in the help fits both."""
    sign = re.compile(r"^[^\w<{•/(]*")
    french, english = _texts("fr"), _texts("en")
    for key in french:
        first, second = (sign.match(_forms(texts[key])[0]) for texts in (french, english))
        assert first
        assert second
        assert first.group() == second.group(), key


@every_locale
def test_the_catalogue_is_read_by_the_bot(locale: str) -> None:
    assert Translators.load().get(locale).locale == locale
