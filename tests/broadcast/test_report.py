"""The report: CSV files without names, for every admin who follows, at the end and on request."""

import csv
import io
from collections.abc import Collection

import pytest

from bot.app.records import Change, Delivery, DeliveryIds, Kind, Urgency
from bot.broadcast import report
from bot.broadcast.model import AdminAction, Broadcast, BroadcastStatus, HistoryEntry, RecipientCounts, RecipientStatus
from bot.broadcast.ports import NOWHERE, Admin, ProgressMessage, StatusUpdate
from bot.broadcast.report import Reporter, file_names, read_file
from bot.views.message import Message
from tests.broadcast.fakes import DAY, PLAN, FakeBroadcasts, FakeRecipients

ADMIN, OTHER = 900, 901
SENT = RecipientCounts(((RecipientStatus.SENT, 2),))


class ReporterSetup:
    """A reporter on fakes; both admins follow broadcast 1."""

    def __init__(self, counts: RecipientCounts = SENT, admins: Collection[int] = (ADMIN,)) -> None:
        self.repository = FakeBroadcasts()
        self.repository.has(BroadcastStatus.DONE, counts)
        for each in (ADMIN, OTHER):
            self.repository.shown[1, each] = ProgressMessage(1, each, 70, "fr")
        self.queued: list[Delivery] = []
        self.reporter = Reporter(
            self.repository,
            admins=admins,
            locale_of=self._locale_of,
            caption=lambda _, locale: Message(f"caption {locale}"),
            commit=self._commit,
            ids=DeliveryIds(),
        )

    async def _locale_of(self, _chat_id: int) -> str | None:
        return "en"

    async def _commit(self, change: Change) -> None:
        for work in change.works:
            work(None)
        self.queued.extend(change.queued)

    def receivers(self) -> list[int]:
        return [each.chat_id for each in self.queued]


async def test_a_row_has_chat_id_status_and_reason() -> None:
    recipients = FakeRecipients.of(1, 2, status=RecipientStatus.SENT)
    recipients.statuses[2] = StatusUpdate(2, RecipientStatus.FAILED, error='bad, "really"')
    content = await read_file(recipients, "broadcast-7.csv")
    assert content.decode() == 'chat_id,status,reason\r\n1,sent,\r\n2,failed,"bad, ""really"""\r\n'


@pytest.mark.parametrize("reason", ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
async def test_a_cell_that_begins_like_a_formula_is_defused(reason: str) -> None:
    recipients = FakeRecipients.of(1, status=RecipientStatus.SENT)
    recipients.statuses[1] = StatusUpdate(1, RecipientStatus.FAILED, error=reason)
    (row,) = list(csv_rows(await read_file(recipients, "broadcast-7.csv")))
    assert row == ["1", "failed", f"'{reason}"]


def csv_rows(content: bytes) -> list[list[str]]:
    """The rows below the header, as a spreadsheet reads them."""
    return list(csv.reader(io.StringIO(content.decode(), newline="")))[1:]


async def test_a_large_report_comes_in_several_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "ROWS", 2)
    recipients = FakeRecipients.of(1, 2, 3, status=RecipientStatus.SENT)
    names = file_names(Broadcast(PLAN, BroadcastStatus.DONE, RecipientCounts(((RecipientStatus.SENT, 3),))))
    assert names == ("broadcast-1-1.csv", "broadcast-1-2.csv")
    assert [await read_file(recipients, each) for each in names] == [
        b"chat_id,status,reason\r\n1,sent,\r\n2,sent,\r\n",
        b"chat_id,status,reason\r\n3,sent,\r\n",
    ]


async def test_a_file_of_another_name_is_not_taken_for_a_report() -> None:
    with pytest.raises(ValueError, match="not a report"):
        await read_file(FakeRecipients(), "bot.db")


async def test_a_report_is_queued_as_documents_below_citizens_messages() -> None:
    here = ReporterSetup()
    await here.reporter.ended(1)
    (queued,) = here.queued
    assert (queued.kind, queued.urgency, queued.document) == (Kind.DOCUMENT, Urgency.NOTICE, "broadcast-1.csv")
    assert queued.message == Message("caption fr")


async def test_only_admins_who_follow_get_the_report_and_only_once() -> None:
    here = ReporterSetup()
    await here.reporter.ended(1)
    await here.reporter.ended(1)
    assert here.receivers() == [ADMIN]


async def test_a_broadcast_that_sent_nothing_has_no_report() -> None:
    here = ReporterSetup(RecipientCounts(((RecipientStatus.PENDING, 2),)))
    await here.reporter.ended(1)
    assert here.receivers() == []
    assert await here.repository.is_reported(1)


async def test_an_unknown_broadcast_has_no_report() -> None:
    here = ReporterSetup()
    await here.reporter.ended(9)
    assert await here.reporter.requested(9, ADMIN, "fr") == ()
    assert here.receivers() == []


async def test_an_admin_can_ask_for_the_report_at_any_time() -> None:
    here = ReporterSetup()
    (asked,) = await here.reporter.requested(1, OTHER, "en")
    assert (asked.chat_id, asked.document, asked.message) == (OTHER, "broadcast-1.csv", Message("caption en"))
    assert not await here.repository.is_reported(1)


async def test_an_admin_without_a_progress_message_gets_the_report_all_the_same() -> None:
    here = ReporterSetup()
    here.repository.shown[1, ADMIN] = ProgressMessage(1, ADMIN, NOWHERE, "fr")
    await here.reporter.ended(1)
    assert here.receivers() == [ADMIN]


async def test_if_no_follower_is_an_admin_any_more_all_admins_get_the_report() -> None:
    here = ReporterSetup(admins={902, 903})
    await here.reporter.ended(1)
    assert sorted(here.receivers()) == [902, 903]


async def test_each_end_has_its_own_report() -> None:
    here = ReporterSetup()
    (first_end,) = here.repository.broadcasts.values()
    recalled = HistoryEntry("Hawa", AdminAction.RECALLED, DAY)
    await here.repository.move(1, BroadcastStatus.DONE, BroadcastStatus.RECALLING, (Admin(ADMIN, "Hawa"), recalled))
    here.repository.reported(first_end)(None)
    await here.repository.move(1, BroadcastStatus.RECALLING, BroadcastStatus.RECALLED)
    await here.reporter.ended(1)
    assert here.receivers() == [ADMIN]
