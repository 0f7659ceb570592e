"""The languages: resolving, plural forms, dates, and errors of broken catalogues."""

from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import CatalogueError, Safe, Translator, Translators

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
PLURAL = '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
HELLO = 'msgid "hello"\nmsgstr "Bonjour {name}"\n\n'
DAYS = 'msgid "days"\nmsgid_plural "days"\nmsgstr[0] "{n} jour"\nmsgstr[1] "{n} jours"\n'
YES = 'msgid "yes"\nmsgstr "<b>Oui</b>"\n\n'
OWN = "".join(
    f'msgid "{key}"\nmsgstr "{words}"\n\n'
    for key, words in {
        "language.name": "Langue",
        "language.formats": "fr",
        "date.long": "EEEE d MMMM y",
        "date.long_this_year": "EEEE d MMMM",
        "date.short": "EEE d MMM",
        "date.brief": "EEE d",
        "date.weekday": "EEE",
        "date.today": "Aujourd’hui",
        "date.tomorrow": "Demain",
    }.items()
)
GOOD = HEADER + PLURAL + OWN + HELLO + YES + DAYS


def folder(path: Path, **catalogues: str) -> Path:
    for locale, text in catalogues.items():
        file = path / locale / "LC_MESSAGES" / "bot.po"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def real() -> Translators:
    return Translators.load()


@pytest.fixture
def french(tmp_path: Path) -> Translator:
    return Translators.load("fr", folder(tmp_path, fr=GOOD)).get("fr")


# --- which language --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("fr", "fr"),
        ("fr-FR", "fr"),
        ("en-GB", "en"),
        ("EN", "en"),
        ("pt", "fr"),
        ("pt-BR", "fr"),
        ("", "fr"),
        (None, "fr"),
    ],
)
def test_the_phones_language_is_resolved_to_one_that_there_is(real: Translators, tag: str | None, locale: str) -> None:
    assert real.resolve(tag) == locale


def test_any_tag_gets_a_translator(real: Translators) -> None:
    assert real.get("en-GB").locale == "en"
    assert real.get("zz").locale == "fr"


def test_the_default_can_be_another() -> None:
    translators = Translators.load("en")
    assert translators.resolve("pt") == translators.default == "en"
    assert translators.supported[0] == "en"


@given(st.text())
def test_no_tag_raises(real: Translators, tag: str) -> None:
    assert real.resolve(tag) in real.supported


def test_the_languages_stand_under_their_own_names_the_default_first(real: Translators) -> None:
    assert real.get("en").languages == (("fr", "Français"), ("en", "English"))


def test_a_language_is_added_by_adding_a_file(tmp_path: Path) -> None:
    three = Translators.load("fr", folder(tmp_path, fr=GOOD, en=GOOD, pt_BR=GOOD))
    assert three.supported == ("fr", "en", "pt_BR")
    assert three.get("pt_BR").locale == "pt_BR"


@pytest.mark.parametrize(
    ("tag", "locale"),
    [
        ("pt-br", "pt_BR"),  # as phones write it
        ("pt-BR", "pt_BR"),
        ("pt", "pt_BR"),
        ("pt-pt", "pt_BR"),
        ("zh-hans", "zh_Hans"),
        ("zh-Hans-CN", "zh_Hans"),
        ("ff", "ff"),
        ("ff-Latn-GN", "ff_Latn_GN"),
        ("FF_LATN", "ff"),
        ("sus", "sus"),
        ("p", "fr"),
        ("de-br", "fr"),
    ],
)
def test_a_phones_language_finds_the_catalogue_that_is_nearest_to_it(tmp_path: Path, tag: str, locale: str) -> None:
    there = dict.fromkeys(("fr", "pt_BR", "zh_Hans", "ff", "ff_Latn_GN", "sus"), GOOD)
    translators = Translators.load("fr", folder(tmp_path, **there))
    assert translators.resolve(tag) == translators.get(tag).locale == locale


def test_a_language_that_cldr_lacks_borrows_the_formats_that_its_catalogue_names(tmp_path: Path) -> None:
    susu = GOOD.replace('"Langue"', '"Sosoxui"')
    translators = Translators.load("fr", folder(tmp_path, fr=GOOD, sus=susu, en=GOOD.replace('"fr"', '"en_GB"')))
    assert dict(translators.get("sus").languages)["sus"] == "Sosoxui"
    assert translators.get("sus").date_long(date(2026, 3, 1)) == "dimanche 1er mars 2026"
    assert translators.get("sus").number(1.5) == "1,50"
    assert translators.get("en").date_long(date(2026, 3, 1)) == "Sunday 1 March 2026"
    assert translators.get("sus").label("days", n=2) == "2 jours"


# --- texts -----------------------------------------------------------------------------------------------------------


def test_what_comes_from_outside_is_escaped(french: Translator) -> None:
    assert french.text("hello", name="<b>&") == "Bonjour &lt;b&gt;&amp;"


def test_our_own_markup_stays(french: Translator) -> None:
    assert french.text("yes") == "<b>Oui</b>"
    assert isinstance(french.text("yes"), Safe)


def test_safe_html_is_not_escaped_again(french: Translator) -> None:
    assert french.text("hello", name=Safe("<b>Bah</b>")) == "Bonjour <b>Bah</b>"
    assert isinstance(french.text("hello", name="Bah"), Safe)


def test_a_label_is_plain_text(french: Translator) -> None:
    assert french.label("hello", name="N'Diaye & <Sow>") == "Bonjour N'Diaye & <Sow>"


def test_a_value_is_never_a_template(french: Translator) -> None:
    assert french.text("hello", name="{name}{0}") == "Bonjour {name}{0}"


@pytest.mark.parametrize(("n", "words"), [(0, "0 jour"), (1, "1 jour"), (2, "2 jours"), (60, "60 jours")])
def test_the_number_chooses_the_plural_form_of_the_language(french: Translator, n: int, words: str) -> None:
    assert french.text("days", n=n) == french.label("days", n=n) == words


def test_english_counts_otherwise(real: Translators) -> None:
    assert real.get("en").text("times.first", n=0) == "Only the first 0 free times are shown."
    assert real.get("fr").text("times.first", n=0) == "Seule la première heure libre est affichée."


def test_a_text_that_is_not_there_is_a_mistake_of_ours(french: Translator) -> None:
    with pytest.raises(KeyError):
        french.text("nothing")


# --- dates -----------------------------------------------------------------------------------------------------------


def test_dates_are_written_as_the_language_writes_them(real: Translators) -> None:
    day = date(2026, 1, 25)
    assert real.get("fr").date_long(day) == "dimanche 25 janvier 2026"
    assert real.get("fr").date_short(day) == "dim. 25 janv."
    assert real.get("en").date_long(day) == "Sunday 25 January 2026"
    assert real.get("en").date_short(day) == "Sun 25 Jan"


def test_french_writes_the_first_of_a_month_as_1er() -> None:
    french, english = Translators.load().get("fr"), Translators.load().get("en")
    assert french.date_long(date(2026, 12, 1)) == "mardi 1er décembre 2026"
    assert french.date_short(date(2026, 12, 1)) == "mar. 1er déc."
    assert french.day_brief(date(2026, 12, 1), None) == "mar. 1er"
    assert french.date_long(date(2026, 12, 11)) == "vendredi 11 décembre 2026"
    assert french.date_long(date(2021, 12, 21)) == "mardi 21 décembre 2021"
    assert english.date_short(date(2026, 12, 1)) == "Tue 1 Dec"


def test_a_date_of_this_year_is_written_without_the_year(real: Translators) -> None:
    french = real.get("fr")
    assert french.date_long(date(2026, 11, 27), date(2026, 11, 26)) == "vendredi 27 novembre"
    assert french.date_long(date(2027, 1, 2), date(2026, 11, 26)) == "samedi 2 janvier 2027"


def test_today_and_tomorrow_are_named_where_that_is_true(real: Translators) -> None:
    today = date(2026, 11, 26)
    for locale, names in {"fr": ("Aujourd’hui", "Demain"), "en": ("Today", "Tomorrow")}.items():
        t = real.get(locale)
        assert (t.day_short(today, today), t.day_short(date(2026, 11, 27), today)) == names
        assert (t.day_brief(today, today), t.day_brief(date(2026, 11, 27), today)) == names
        assert t.day_short(datetime.fromisoformat("2026-11-27T08:00"), today) == names[1]
        for other in (date(2026, 11, 25), date(2026, 11, 28)):
            assert t.day_short(other, today) == t.date_short(other)
        assert t.day_short(today, None) == t.date_short(today)


def test_weekdays_are_counted_from_monday(real: Translators) -> None:
    assert [real.get("fr").weekday(n) for n in (0, 6)] == ["lun.", "dim."]
    assert [real.get("en").weekday(n) for n in (0, 6)] == ["Mon", "Sun"]


def test_a_moments_date_is_its_day(real: Translators) -> None:
    assert real.get("fr").date_long(datetime.fromisoformat("2026-01-25T14:30")) == "dimanche 25 janvier 2026"


def test_the_day_has_24_hours_in_every_language(real: Translators) -> None:
    for locale in real.supported:
        assert real.get(locale).time(datetime.fromisoformat("2026-01-25T14:05")) == "14:05"


def test_figures_have_the_sign_of_the_language(real: Translators) -> None:
    assert real.get("fr").number(1.078) == "1,08"
    assert real.get("en").number(1.078) == "1.08"


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (HEADER + PLURAL + OWN + HELLO + YES, "days"),
        (GOOD.replace("Bonjour {name}", ""), "hello"),
        (GOOD.replace('msgid "hello"', '#, fuzzy\nmsgid "hello"'), "hello"),
        (GOOD.replace('msgstr[1] "{n} jours"\n', ""), "days"),
        (GOOD.replace("{name}", "{nom}"), "hello"),
        (GOOD.replace("{name}", "{name"), "hello"),
        (HEADER + PLURAL + OWN + HELLO + YES + 'msgid "days"\nmsgstr "{n} jours"\n', "days"),
        (GOOD + 'msgid "x\n', "bot.po"),
        (GOOD.replace("plural=(n > 1)", "plural=(n >"), "bot.po"),
        (GOOD.replace('msgid "language.name"\nmsgstr "Langue"\n', ""), "language.name"),
        (GOOD.replace('"fr"', '"sus"'), "language.formats: CLDR has no locale 'sus'"),
        (GOOD.replace("EEEE d MMMM y", "EEEE d HH:mm"), "date.long: not a pattern of a date"),
        (GOOD.replace('"EEE d"', '"qqqqqqq"'), "date.brief: not a pattern of a date"),
    ],
)
def test_a_broken_catalogue_is_refused_and_named(tmp_path: Path, broken: str, words: str) -> None:
    with pytest.raises(CatalogueError, match=words):
        Translators.load("fr", folder(tmp_path, fr=GOOD, en=broken))


@pytest.mark.parametrize("default", ["fr", "en"])
def test_a_text_that_only_the_default_catalogue_lacks_is_noticed(tmp_path: Path, default: str) -> None:
    other = {"fr": "en", "en": "fr"}[default]
    broken = GOOD.replace("Bonjour {name}", "")
    with pytest.raises(CatalogueError, match=f"locales/{default}: missing.*: hello"):
        Translators.load(default, folder(tmp_path, **{default: broken, other: GOOD}))


def test_a_text_that_only_a_catalogue_of_somebody_else_has_is_left_alone(tmp_path: Path) -> None:
    more = GOOD + 'msgid "of.an.older.release"\nmsgstr "x"\n'
    assert Translators.load("fr", folder(tmp_path, fr=GOOD, ff=more)).supported == ("fr", "ff")


@pytest.mark.parametrize(
    "html", ["<b>{name}", "{name}</b>", "<b><i>{name}</b></i>", "<h1>{name}</h1>", "a & b {name}", "1 < {name}"]
)
def test_html_that_telegram_refuses_is_noticed_in_the_default_catalogue_too(tmp_path: Path, html: str) -> None:
    with pytest.raises(CatalogueError, match="locales/fr: hello: "):
        Translators.load("fr", folder(tmp_path, fr=GOOD.replace("Bonjour {name}", html), en=GOOD))


@pytest.mark.parametrize("name", ["klingon", "pt_br", "zh_hans", "PT"])
def test_a_folder_that_is_not_named_like_a_locale_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(CatalogueError, match=f"'{name}' is no locale; name the folder like ff, pt_BR"):
        Translators.load("fr", folder(tmp_path, fr=GOOD, **{name: GOOD}))


def test_the_default_catalogue_says_what_its_language_is_called_too(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"language\.formats"):
        Translators.load("fr", folder(tmp_path, fr=GOOD.replace('"language.formats"', '"x"')))


def test_the_default_language_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="default locale 'de'"):
        Translators.load("de", folder(tmp_path, fr=GOOD))
