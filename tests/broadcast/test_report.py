"""The report: a CSV file without names, for every admin who follows, at the end and on request."""

import asyncio
from collections.abc import Collection

from bot.app.ports import FloodedError, MaybeSentError, MessageRefusedError, NotSentError
from bot.broadcast.model import AdminAction, BroadcastStatus, HistoryEntry, RecipientCounts, RecipientStatus
from bot.broadcast.ports import NOWHERE, Admin, ProgressMessage, StatusUpdate
from bot.broadcast.report import Reporter, write_report
from bot.views.message import Message
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import DAY, FakeBroadcasts, FakeRecipients, FakeSender, SharedLimits

ADMIN, OTHER = 900, 901
SENT = RecipientCounts(((RecipientStatus.SENT, 2),))


class Office:
    """A reporter at work; both admins follow broadcast 1."""

    def __init__(self, counts: RecipientCounts = SENT, admins: Collection[int] = (ADMIN,)) -> None:
        self.repository, self.sender = FakeBroadcasts(), FakeSender()
        self.recipients = FakeRecipients.of(1, 2, status=RecipientStatus.SENT)
        self.repository.has(BroadcastStatus.DONE, counts)
        for each in (ADMIN, OTHER):
            self.repository.shown[1, each] = ProgressMessage(1, each, 70, "fr")
        self.reporter = Reporter(
            self.repository,
            self.recipients,
            self.sender,
            SharedLimits(self.sender).direct_sends,
            admins=admins,
            locale_of=self._locale_of,
            caption=lambda _, locale: Message(f"caption {locale}"),
        )

    async def _locale_of(self, _chat_id: int) -> str | None:
        return "en"

    def got(self) -> list[int]:
        return [chat for chat, _, _ in self.sender.documents]


async def test_a_row_has_chat_id_status_and_reason() -> None:
    recipients = FakeRecipients.of(1, 2, status=RecipientStatus.SENT)
    recipients.statuses[2] = StatusUpdate(2, RecipientStatus.FAILED, error='bad, "really"')
    ((name, content),) = [each async for each in write_report(recipients, 7)]
    assert name == "broadcast-7.csv"
    assert content.decode() == 'chat_id,status,reason\r\n1,sent,\r\n2,failed,"bad, ""really"""\r\n'


async def test_a_large_report_comes_in_several_files() -> None:
    recipients = FakeRecipients.of(1, 2, 3, status=RecipientStatus.SENT)
    two_rows = len("chat_id,status,reason\r\n1,sent,\r\n") + 1
    assert [each async for each in write_report(recipients, 7, two_rows)] == [
        ("broadcast-7-1.csv", b"chat_id,status,reason\r\n1,sent,\r\n2,sent,\r\n"),
        ("broadcast-7-2.csv", b"chat_id,status,reason\r\n3,sent,\r\n"),
    ]


async def test_only_admins_who_follow_get_the_report_and_only_once() -> None:
    office = Office()
    await office.reporter.ended(1)
    await office.reporter.ended(1)
    assert office.got() == [ADMIN]


async def test_a_broadcast_that_sent_nothing_has_no_report() -> None:
    office = Office(RecipientCounts(((RecipientStatus.PENDING, 2),)))
    await office.reporter.ended(1)
    assert office.got() == []
    assert await office.repository.is_reported(1)


async def test_an_unknown_broadcast_has_no_report() -> None:
    office = Office()
    await office.reporter.ended(9)
    await office.reporter.send(9, ADMIN, "fr")
    assert office.got() == []


@in_no_time
async def test_floods_and_outages_are_waited_for() -> None:
    office = Office()
    office.sender.fails(ADMIN, FloodedError(5), NotSentError("no route"), None)
    await office.reporter.send(1, ADMIN, "fr")
    assert office.got() == [ADMIN]


@in_no_time
async def test_what_is_asked_for_is_given_up_in_the_end() -> None:
    office = Office()
    office.sender.fails(ADMIN, MessageRefusedError("too big"))
    await office.reporter.send(1, ADMIN, "fr")
    office.sender.fails(ADMIN, *[FloodedError(1)] * 9)
    await office.reporter.send(1, ADMIN, "fr")
    assert office.got() == []


@in_no_time
async def test_what_nobody_asked_for_is_never_given_up() -> None:
    office = Office()
    office.sender.fails(ADMIN, *[NotSentError("no route")] * 50, MaybeSentError("timed out"), FloodedError(60), None)
    await office.reporter.ended(1)
    assert office.got() == [ADMIN]
    assert await office.repository.is_reported(1)


@in_no_time
async def test_an_admin_who_cannot_be_reached_holds_up_no_other() -> None:
    office = Office(admins={ADMIN, OTHER})
    office.sender.fails(ADMIN, *[NotSentError("no route")] * 10**4)
    reporting = asyncio.create_task(office.reporter.ended(1))
    await asyncio.sleep(60)
    assert office.got() == [OTHER]
    assert not await office.repository.is_reported(1)
    reporting.cancel()


async def test_an_admin_who_deleted_the_card_gets_it_all_the_same() -> None:
    office = Office()
    office.repository.shown[1, ADMIN] = ProgressMessage(1, ADMIN, NOWHERE, "fr")
    await office.reporter.ended(1)
    assert office.got() == [ADMIN]


async def test_if_no_follower_is_an_admin_any_more_all_admins_get_the_report() -> None:
    office = Office(admins={902, 903})
    await office.reporter.ended(1)
    assert sorted(office.got()) == [902, 903]


async def test_each_end_has_its_own_report() -> None:
    office = Office()
    (first_end,) = office.repository.broadcasts.values()
    await office.repository.move(
        1,
        BroadcastStatus.DONE,
        BroadcastStatus.RECALLING,
        (Admin(ADMIN, "Hawa"), HistoryEntry("Hawa", AdminAction.RECALLED, DAY)),
    )
    await office.repository.reported(first_end)
    await office.repository.move(1, BroadcastStatus.RECALLING, BroadcastStatus.RECALLED)
    await office.reporter.ended(1)
    assert office.got() == [ADMIN]
