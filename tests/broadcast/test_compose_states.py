from datetime import date, datetime

import pytest

from bot.broadcast.compose_states import (
    AskingMessage,
    AskingNight,
    ChoosingDepartment,
    ComposeDraft,
    ComposeState,
    ConfirmingSend,
    Reviewing,
    read_draft,
    write_draft,
)
from bot.broadcast.model import Content, Dated, Media, Version
from tests.core.examples import BUSY, DEPARTMENTS

AT = datetime.fromisoformat("2026-01-25T22:00")
DRAFT = ComposeDraft(
    4,
    ("fr", "en"),
    versions=(Version("fr", Content(Media.TEXT, "Bonjour")),),
    audience=Dated(date(2026, 1, 25), date(2026, 1, 26)),
)


@pytest.mark.parametrize(
    "state",
    [
        AskingMessage("en"),
        ChoosingDepartment(DEPARTMENTS, 1, BUSY),
        Reviewing(),
        AskingNight(AT),
        ConfirmingSend(AT),
        ConfirmingSend(),
    ],
)
def test_a_draft_in_every_state_round_trips_through_json(state: ComposeState) -> None:
    draft = DRAFT.at(state)
    assert read_draft(write_draft(draft)) == draft


def test_every_state_gets_its_own_turn() -> None:
    assert DRAFT.at(Reviewing()).turn == DRAFT.turn + 1
    assert DRAFT.at(AskingMessage()).at(AskingMessage()).turn == DRAFT.turn + 2


@pytest.mark.parametrize("text", ["", "nonsense", "0:{}", "1:{}", "1:nonsense"])
def test_unreadable_text_is_not_read_as_a_draft(text: str) -> None:
    assert read_draft(text) is None
