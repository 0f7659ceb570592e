"""The log of a bot has no name and no chat id; and what looks for them finds them, however they are spelt."""

from pathlib import Path

import pytest

from tests.e2e.crash_run import CALLED, new_patient_citizen
from tests.e2e.log_check import find_private, names_in
from tests.e2e.patient_citizen import WantedBooking
from tests.e2e.services import OFFICES, separate_bot
from tests.e2e.test_poison import broken_ones
from tests.e2e.waiting import eventually

CHAT, NAME = 1_000_105, "Aïssatou Bah"
LINE = "2026-03-02T09:00:00Z INFO bot.app.turn: "


@pytest.mark.parametrize(
    "words",
    [
        f"the chat {CHAT} failed",
        f"telegram:{CHAT}",
        "for AÏSSATOU",
        r"for 'A\xefssatou'",
        r"for \u0041\u00efssatou, A\u00efssatou",
        "GET /x?name=A%C3%AFssatou%20Bah",
        "for_Aïssatou_",
    ],
)
def test_a_name_or_a_chat_id_is_found_in_any_spelling(words: str) -> None:
    (fault,) = find_private(f"{LINE}ready\n{LINE}{words}\n", [CHAT], [NAME])
    assert words in fault.replace(r"\\", "\\")


@pytest.mark.parametrize("words", ["ready: 11000105 updates", f"{CHAT}7", "Aïssatoux", "a bah b", ""])
def test_other_numbers_and_words_are_not_private(words: str) -> None:
    assert find_private(LINE + words, [CHAT], [NAME]) == []
    assert find_private(LINE + words, [], []) == []


async def test_the_log_of_failing_updates_calls_and_messages_names_nobody(tmp_path: Path) -> None:
    async with separate_bot(tmp_path) as (services, bot):
        await bot.start(LOG_LEVEL="DEBUG")
        citizen = await new_patient_citizen(services, 0, 1)
        await citizen.book(WantedBooking(NAME, OFFICES[0].name))
        phone = citizen.phone
        await services.inject_updates(*broken_ones(phone.chat_id))
        await eventually("each update is set aside", lambda: bot.log.count("was set aside") >= len(broken_ones(1)) - 1)
        await services.inject_faults(
            telegram=[{"kind": "status", "status": 400, "method": "sendMessage"}],
            moncreneau=[{"kind": "garbage"}],
        )
        await phone.say("/appointments")
        await phone.say("/data")
        await eventually("a message fails", lambda: "was refused" in bot.log)
        await services.clear_faults()
        assert await bot.stop() == 0
        assert find_private(bot.log, [phone.chat_id], [NAME, CALLED, *names_in(await services.ledger())]) == []
