"""Rows of buttons: grids, pages, labels that fit."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.callback_data import DEPARTMENT, numbered
from bot.views.keyboards import ALONE, PAIR, Choice, Page, choices, clip, columns, grid, shorten, width
from bot.views.message import Button
from tests.views.pages import EN, FR


def buttons(*labels: str) -> list[Button]:
    return [Button(label, label) for label in labels]


@given(st.text(), st.integers(1, 100))
def test_a_clipped_text_is_one_line_and_never_longer_than_asked(text: str, longest: int) -> None:
    line = clip(text, longest)
    assert len(line) <= longest
    assert "\n" not in line


def test_a_text_that_fits_stays() -> None:
    assert clip("Passeports") == "Passeports"


def test_a_text_that_is_cut_says_so() -> None:
    assert clip("x" * 100) == "x" * (ALONE - 1) + "…"


@given(st.text(), st.integers(3, 100))
def test_a_shortened_text_is_one_line_and_keeps_its_beginning_and_its_end(text: str, longest: int) -> None:
    line = shorten(text, longest)
    assert len(line) <= longest
    assert "\n" not in line
    if "…" in line and "…" not in text:
        head, tail = line.split("…")
        whole = clip(text, 10**6)
        assert whole.startswith(head)
        assert whole.endswith(tail)


def test_a_mark_is_never_torn_from_its_letter() -> None:
    text = "x" * 90 + "q\u0328" * 10
    for longest in (20, 21):
        assert shorten(text, longest).split("…")[1].startswith("q")


def test_marks_and_variation_selectors_take_no_room() -> None:
    assert width("⬅️ Retour") == len("⬅ Retour")


@given(st.lists(st.text(max_size=60), max_size=12))
def test_no_two_choices_look_alike(names: list[str]) -> None:
    items = [Choice(numbered(DEPARTMENT, n), name or "?", "") for n, name in enumerate(names)]
    rows, _ = choices(FR, items)
    labels = [each.label for row in rows for each in row]
    assert len(labels) == len(items)
    assert all(width(each.label) <= (PAIR if len(row) > 1 else ALONE) for row in rows for each in row)


def test_choices_that_look_alike_are_numbered_and_listed_in_the_text() -> None:
    office = "Direction des passeports de la commune de"
    items = [Choice("d:1", f"{office} Kaloum-Centre-Ville", "A"), Choice("d:2", f"{office} Matam-Centre-Ville", "B")]
    rows, legend = choices(EN, [*items, Choice("d:3", "Visas")])
    assert [row[0].label for row in rows] == ["1. Direction de…ntre-Ville", "2. Direction de…ntre-Ville", "Visas"]
    assert legend is not None
    assert legend.startswith("1. <b>Direction des passeports de la commune de Kaloum-Centre-Ville</b>\n2. ")


def test_a_grid_keeps_the_order() -> None:
    a, b, c = buttons("a", "b", "c")
    assert grid([a, b, c], 2) == ((a, b), (c,))


def test_short_labels_stand_two_in_a_row_and_long_ones_alone() -> None:
    short, long = buttons("État civil", "Passeports"), buttons("État civil", "Service des cartes d’identité")
    assert [len(row) for row in columns(short)] == [2]
    assert [len(row) for row in columns(long)] == [1, 1]


@given(st.lists(st.integers(), max_size=50), st.integers(0, 10**15), st.integers(1, 9))
def test_any_page_number_is_a_page_that_exists(items: list[int], number: int, size: int) -> None:
    page = Page.of(items, number, size)
    assert 0 <= page.number < page.count
    assert bool(page.items) == bool(items)


@given(st.lists(st.integers(), max_size=50), st.integers(1, 9))
def test_the_pages_together_are_the_list(items: list[int], size: int) -> None:
    pages = [Page.of(items, number, size) for number in range(Page.of(items, 0, size).count)]
    assert [item for page in pages for item in page.items] == items


def test_a_single_page_has_nothing_to_turn() -> None:
    assert Page.of([1], 0).turning(FR) == ()


def test_pages_are_turned_by_words() -> None:
    items = list(range(20))
    assert [b.label for b in Page.of(items, 0).turning(FR)[0]] == ["Suite ▶️"]
    assert [b.label for b in Page.of(items, 1).turning(EN)[0]] == ["◀️ Previous", "More ▶️"]
    assert [b.action for b in Page.of(items, 1).turning(EN)[0]] == ["p:0", "p:2"]
    assert [b.label for b in Page.of(items, 9).turning(FR)[0]] == ["◀️ Précédents"]
