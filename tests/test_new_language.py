"""A language that nobody has thought of is added as docs/translating.md says: by one file, and no code."""

import shutil
from datetime import date
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from bot.core.conversation import step
from bot.core.screens import LanguageMenu
from bot.core.states import Idle, Notice
from bot.i18n import FOLDER, NAME, OWN_TEXTS, CatalogueError, Translators, available
from bot.telegram.bot_profile import language_codes
from bot.views.render import render
from tests import new_catalogue
from tests.core.examples import given, press
from tests.views.pages import SCREENS

INVENTED = "qtk"  # ISO 639-2 leaves qaa to qtz to everybody; CLDR has none of them


def translated(catalogue: Catalog) -> Catalog:
    """Fill every text in: the English words behind a sign that no other language has."""
    english = new_catalogue.read("en")
    for message in catalogue:
        if not message.id:
            continue
        model = english[message.id]
        assert model
        name = message.id if isinstance(message.id, str) else message.id[0]
        forms = (model.string,) if isinstance(model.string, str) else tuple(model.string or ())
        words = tuple(each if name in OWN_TEXTS else f"Ɓ {each}" for each in forms)
        message.string = words[0] if isinstance(message.id, str) else words
    named = catalogue[NAME]
    assert named
    named.string = "Tokiki"
    return catalogue


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The catalogues that there are, in a place where others can be added."""
    for locale in available():
        shutil.copytree(FOLDER / locale, tmp_path / locale)
    return tmp_path


def test_a_new_catalogue_has_every_text_with_its_explanation_and_no_words(folder: Path) -> None:
    file = new_catalogue.path("ar", folder)
    new_catalogue.write(new_catalogue.template("ar"), file)
    text = file.read_text()
    assert '#. fr: 📅 Prendre rendez-vous\n#. en: 📅 Book an appointment\nmsgid "button.book"\nmsgstr ""' in text
    assert 'msgstr[5] ""' in text, "Arabic has six plural forms"
    with pytest.raises(CatalogueError, match=r"locales/ar: missing.*button\.book"):
        Translators.load(folder=folder)
    with pytest.raises(FileExistsError):
        new_catalogue.write(new_catalogue.template("ar"), file)


@pytest.mark.parametrize("given", [(), ("",), ("ff", "sus"), ("../x",), ("ff-Latn-GN",), ("FF",), ("french",)])
def test_what_is_no_code_of_a_language_makes_no_catalogue(folder: Path, given: tuple[str, ...]) -> None:
    before = sorted(folder.rglob("*"))
    said = new_catalogue.main(list(given), folder)
    assert said
    assert "LOCALE=ff" in said
    assert sorted(folder.rglob("*")) == before


def test_a_catalogue_is_made_once_and_never_overwritten(folder: Path) -> None:
    assert new_catalogue.main(["ff_Latn_GN"], folder) is None
    made = new_catalogue.path("ff_Latn_GN", folder).read_bytes()
    assert "there already" in (new_catalogue.main(["ff_Latn_GN"], folder) or "")
    assert new_catalogue.path("ff_Latn_GN", folder).read_bytes() == made
    assert "there already" in (new_catalogue.main(["fr"], folder) or "")


def test_an_invented_language_is_offered_chosen_and_spoken(folder: Path) -> None:
    new_catalogue.write(translated(new_catalogue.template(INVENTED)), new_catalogue.path(INVENTED, folder))
    translators = Translators.load(folder=folder)
    ours = translators.get(translators.resolve("QTK-GN"))
    assert ours.locale == INVENTED

    menu = render(LanguageMenu(), translators.get("fr"))
    (button,) = [each for row in menu.rows for each in row if each.label == "Tokiki"]
    session, _ = step(given(Idle()), press(given(Idle()), button.action, screen=None))
    assert session.locale == INVENTED

    for screen in SCREENS.values():
        assert "Ɓ" in render(screen, ours).text
    assert "Tokiki" in render(LanguageMenu(), ours, Notice.LANGUAGE_CHANGED).text
    assert ours.date_long(date(2026, 3, 2)) == "Monday 2 March 2026", "by the formats that the catalogue names"
    assert language_codes(translators.supported) == ("fr", "en"), "Telegram takes codes of two letters only"
