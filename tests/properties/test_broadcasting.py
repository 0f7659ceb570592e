"""In any order of an admin's actions the composer never raises, and nothing is sent without a preview."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.broadcast.callback_data import ComposeAction
from bot.broadcast.compose_states import ComposeNotice, ConfirmingSend, read_draft, write_draft
from bot.broadcast.compose_views import render
from bot.broadcast.model import Content, Media, department_of
from bot.core.dates import night_of
from bot.core.model import Department
from tests.broadcast.composer import MORNING, Composer
from tests.core.examples import DEPARTMENTS
from tests.views.pages import FR
from tests.views.telegram import check_limits

CONTENTS = st.one_of(
    st.builds(Content, st.sampled_from(Media), st.text(max_size=20)),
    st.sampled_from(
        [Content(Media.TEXT, text) for text in ("Bonjour", "25/01/2026", "25/01 09:00", "22h", "x" * 5000)]
    ),
    st.sampled_from([ComposeNotice.UNSUPPORTED, ComposeNotice.ALBUM]),
)
VALUES = st.sampled_from(["", "fr", "en", "de", "1", "3", "99", "x"])
DEEDS = st.one_of(
    st.tuples(st.just("calls")),
    st.tuples(st.just("sends"), CONTENTS),
    st.tuples(st.just("presses"), st.sampled_from(ComposeAction), VALUES, st.one_of(st.none(), st.integers(0, 30))),
    st.tuples(st.just("later"), st.integers(0, 20)),
    st.tuples(st.just("reaches"), st.sampled_from([0, 1, 250])),
    st.tuples(st.just("refuses"), st.sampled_from([None, None, None, "", "bad"])),
)
ROLES = st.sampled_from([None, DEPARTMENTS[:1], DEPARTMENTS[1:2], DEPARTMENTS[:2]])
"""The departments whose staff somebody is; None: an admin."""


def play(composer: Composer, deed: tuple[object, ...]) -> None:
    match deed:
        case ("calls",):
            composer.calls()
        case ("sends", content):
            assert isinstance(content, Content | ComposeNotice)
            composer.sends(content)
        case ("presses", ComposeAction() as action, str() as value, turn):
            composer.presses_button(action, value, turn if isinstance(turn, int) else None)
        case ("later", int() as hours):
            composer.later(hours=hours)
        case ("reaches", int() as count):
            composer.reaches = count
        case ("refuses", refusal):
            composer.refusal = refusal if isinstance(refusal, str) else None
        case _:
            raise AssertionError(deed)


@given(st.lists(DEEDS, max_size=40), st.booleans())
def test_only_previewed_and_confirmed_broadcasts_are_sent(deeds: list[tuple[object, ...]], short: bool) -> None:  # noqa: FBT001
    composer = Composer()
    if short:
        composer.reviews()
    for deed in deeds:
        before, launched = composer.draft, len(composer.launched)
        play(composer, deed)
        if composer.draft:
            assert read_draft(write_draft(composer.draft)) == composer.draft
        if composer.shown:
            check_limits(render(composer.shown, FR, composer.at))
        if len(composer.launched) > launched:
            assert before
            assert isinstance(before.state, ConfirmingSend)
            assert before.count == composer.reaches > 0
            wish = composer.launched[-1]
            assert wish.draft.versions == composer.previews[-1].versions
            assert wish.draft.audience == before.audience
            starts = wish.starts or composer.at
            assert wish.draft.night == night_of(starts)
            assert starts >= composer.at
    assert composer.at - MORNING < timedelta(days=40)


@given(st.lists(st.one_of(DEEDS, st.tuples(st.just("becomes"), ROLES)), max_size=40), ROLES)
def test_staff_announce_to_the_citizens_of_their_departments_whatever_their_role_was_before(
    deeds: list[tuple[object, ...]], first: tuple[Department, ...] | None
) -> None:
    composer = Composer(within=first)
    for deed in deeds:
        launched = len(composer.launched)
        match deed:
            case ("becomes", role):
                assert role is None or isinstance(role, tuple)
                composer.within = role
            case _:
                play(composer, deed)
        if composer.shown:
            check_limits(render(composer.shown, FR, composer.at))
        if composer.within is not None and len(composer.launched) > launched:
            audience = composer.launched[-1].draft.audience
            assert audience
            assert department_of(audience) in {each.id for each in composer.within}


@given(st.lists(DEEDS, max_size=30))
def test_a_late_button_never_changes_the_draft(deeds: list[tuple[object, ...]]) -> None:
    composer = Composer().reviews()
    for deed in deeds:
        play(composer, deed)
        if before := composer.draft:
            composer.presses_button(ComposeAction.GO, turn=before.turn - 1)
            composer.presses_button(ComposeAction.CANCEL, turn=before.turn + 1)
            assert composer.draft
            assert (composer.draft.state, composer.draft.turn) == (before.state, before.turn)
