"""Staff announce to the citizens of their own departments, and see what they sent themselves; admins see everything."""

from datetime import date, timedelta

import pytest

from bot.app.roles import Roles
from bot.broadcast.callback_data import ComposeAction, encode_closed, encode_command
from bot.broadcast.compose_states import AskingMessage, ChoosingVisitors, ComposeNotice, ConfirmingSend, Reviewing
from bot.broadcast.lifecycle import BroadcastCommand
from bot.broadcast.model import BroadcastStatus, DayVisitors, Everyone, Visitors
from bot.broadcast.views import ClosedDay
from bot.core.model import Department
from tests.app.virtual_clock import in_no_time
from tests.broadcast.fakes import DAY
from tests.broadcast.test_handler import ADMIN, CHRISTMAS, COLLEAGUE, PRESSED, STAFF, HandlerSetup

PASSPORTS = Department(5, "Passeports")
MY_CITIZENS = Visitors(5, "Passeports")


async def reviewing(who: int = STAFF, roles: Roles | None = None) -> HandlerSetup:
    """A member of staff at the review of an announcement to all citizens of department 5."""
    here = HandlerSetup(1, 2, roles=roles)
    here.who = who
    await here.commands("broadcast")
    await here.types("Fermé demain")
    await here.presses_button(ComposeAction.ONE)
    if who == COLLEAGUE:
        await here.presses_button(ComposeAction.DEPARTMENT, "5")
    await here.presses_button(ComposeAction.EVERYONE)
    assert here.draft().state == Reviewing()
    return here


async def sent(who: int = STAFF) -> HandlerSetup:
    here = await reviewing(who)
    await here.presses_button(ComposeAction.NOW)
    await here.presses_button(ComposeAction.GO)
    return here


@pytest.mark.parametrize("who", [STAFF, COLLEAGUE])
async def test_staff_choose_among_the_citizens_of_their_departments(who: int) -> None:
    here = await reviewing(who)
    assert here.draft().audience == MY_CITIZENS
    assert here.recipients.counted[-1] == (MY_CITIZENS, 5), "the list of recipients is limited too"


async def test_the_citizens_of_some_days_can_be_chosen() -> None:
    here = await reviewing()
    await here.presses_button(ComposeAction.AUDIENCE)
    assert here.draft().state == ChoosingVisitors(PASSPORTS)
    await here.presses_button(ComposeAction.DAYS)
    await here.types("25/12/2026")
    assert here.draft().audience == DayVisitors(5, "Passeports", CHRISTMAS, CHRISTMAS)


@in_no_time
async def test_what_staff_confirm_is_marked_as_their_departments() -> None:
    here = await sent()
    (broadcast,) = here.repository.broadcasts.values()
    assert (broadcast.plan.audience, broadcast.plan.department_id) == (MY_CITIZENS, 5)
    here = await sent(COLLEAGUE)
    assert here.repository.broadcasts[1].plan.department_id == 5


@in_no_time
async def test_what_admins_confirm_is_nobodys_department() -> None:
    here = HandlerSetup(1)
    await here.reviews()
    await here.presses_button(ComposeAction.NOW)
    await here.presses_button(ComposeAction.GO)
    assert here.repository.broadcasts[1].plan.department_id is None
    assert here.recipients.counted[-1] == (Everyone(), None)


@in_no_time
async def test_staff_see_and_steer_their_own_and_nobody_elses() -> None:
    here = await sent()
    listed = await here.commands("broadcasts")
    assert listed
    assert listed.queued[0].message.text.startswith("list [1]")
    here.who = COLLEAGUE
    listed = await here.commands("broadcasts")
    assert listed
    assert listed.queued[0].message.text.startswith("list []")
    here.repository.has(BroadcastStatus.PAUSED)
    await here.presses(encode_command(1, BroadcastCommand.REALLY_STOP))
    assert here.shown
    assert here.shown.notice is ComposeNotice.STALE
    assert status(here) is BroadcastStatus.PAUSED
    here.who = ADMIN
    await here.presses(encode_command(1, BroadcastCommand.REALLY_STOP))
    assert status(here) is BroadcastStatus.STOPPED


@in_no_time
async def test_staff_stop_their_own_and_get_no_list_of_chats() -> None:
    here = await sent()
    own = here.repository.broadcasts[1]
    here.repository.has(BroadcastStatus.RUNNING)
    here.repository.broadcasts[1] = type(own)(own.plan, BroadcastStatus.RUNNING, history=own.history)
    await here.presses(encode_command(1, BroadcastCommand.REALLY_STOP))
    assert status(here) is BroadcastStatus.STOPPED
    change = await here.presses(encode_command(1, BroadcastCommand.REPORT))
    assert change
    assert change.queued == ()


async def test_who_is_staff_no_more_cannot_confirm() -> None:
    before = await reviewing()
    await before.presses_button(ComposeAction.NOW)
    assert isinstance(before.draft().state, ConfirmingSend)
    after = HandlerSetup(1, 2, roles=Roles.of({ADMIN}, {(8, STAFF)}))
    after.who, after.repository.drafts = STAFF, before.repository.drafts
    await after.presses_button(ComposeAction.GO)
    assert after.repository.broadcasts == {}
    assert after.draft().audience is None
    assert after.draft().state == ChoosingVisitors(Department(8, ""))


async def test_an_admin_who_becomes_staff_must_choose_the_audience_again() -> None:
    before = HandlerSetup(1, 2)
    await before.reviews()
    after = HandlerSetup(1, 2, roles=Roles.of([], {(5, ADMIN)}))
    after.repository.drafts = before.repository.drafts
    await after.presses_button(ComposeAction.NOW)
    assert after.draft().audience is None
    assert after.draft().state == ChoosingVisitors(PASSPORTS)


async def test_a_preview_refused_to_somebody_without_a_role_changes_nothing() -> None:
    here = await reviewing()
    nobody = HandlerSetup(1, roles=Roles.of({ADMIN}, ()))
    nobody.repository.drafts = here.repository.drafts
    assert (await nobody.handler.preview_refused(STAFF, "Bad Request", DAY)).works == ()


def booked(here: HandlerSetup) -> None:
    here.recipients.booked = {
        CHRISTMAS: {5: 12, 8: 1},
        DAY.date() - timedelta(days=1): {5: 3},
        DAY.date(): {5: 2, 9: 4},
    }


def status(here: HandlerSetup) -> BroadcastStatus:
    return here.repository.broadcasts[1].status


async def closed(here: HandlerSetup, argument: str = "") -> tuple[ClosedDay, ...]:
    await here.commands("closed", argument)
    return here.closed


async def test_closed_days_with_citizens_booked_are_listed() -> None:
    here = HandlerSetup(1)
    booked(here)
    assert await closed(here) == (ClosedDay(8, "", CHRISTMAS, 1), ClosedDay(5, "Passeports", CHRISTMAS, 12))
    here.who = STAFF
    assert await closed(here) == (ClosedDay(5, "Passeports", CHRISTMAS, 12),)


async def test_any_day_can_be_named_and_what_is_no_day_is_asked_again() -> None:
    here = HandlerSetup(1)
    booked(here)
    assert await closed(here, "aujourd'hui") == (
        ClosedDay(9, "", DAY.date(), 4),
        ClosedDay(5, "Passeports", DAY.date(), 2),
    )
    change = await here.commands("closed", "bientôt")
    assert change
    assert change.queued[0].message.text == "which day?"


@pytest.mark.parametrize("who", [ADMIN, STAFF])
async def test_one_tap_opens_the_composer_with_that_audience(who: int) -> None:
    here = HandlerSetup(1, 2)
    here.who = who
    await here.presses(encode_closed(5, CHRISTMAS))
    assert (here.draft().state, here.draft().audience) == (
        AskingMessage(),
        DayVisitors(5, "Passeports", CHRISTMAS, CHRISTMAS),
    )
    await here.types("Fermé à Noël")
    await here.presses_button(ComposeAction.ONE)
    assert here.draft().state == Reviewing(), "the audience is not asked for again"
    await here.presses(encode_closed(5, date(2026, 12, 26)))
    assert here.draft().state == Reviewing(), "the message that is already written stays"
    assert here.draft().audience == DayVisitors(5, "Passeports", date(2026, 12, 26), date(2026, 12, 26))


@pytest.mark.parametrize(
    "data", [encode_closed(8, CHRISTMAS), encode_command(0, "closed", "5.nonsense"), "bc:0:closed:"]
)
async def test_a_forged_closed_day_opens_nothing(data: str) -> None:
    here = HandlerSetup(1)
    here.who = STAFF
    await here.presses(data, PRESSED)
    assert here.shown
    assert here.shown.notice is ComposeNotice.STALE
    assert STAFF not in here.repository.drafts
