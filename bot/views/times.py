"""The day and the time: free days with how many slots they have, free hours, and those nearest to one that is gone."""

from bot.core import callback_data
from bot.core.slot_selection import NOON
from bot.core.states import ChoosingDay, ChoosingNearest, ChoosingTime
from bot.i18n import Translator
from bot.views import keyboards as keys
from bot.views.message import Button, Message
from bot.views.office import Office
from bot.views.text import WORDS, day_fact, lines, moment, office_facts, paragraphs

ALL_DAY = 24
"""More times than this are shown by halves of the day."""
MOST = 90
"""Telegram's limit is 100 buttons."""


def choosing_day(flow: ChoosingDay, t: Translator, office: Office) -> Message:
    """The earliest slot first, then the free days, eight a page."""
    where = office_facts(t, flow.draft.department, flow.draft.worker)
    if not flow.days:
        text = paragraphs(t.text("days.none", n=office.horizon_days), where)
        return Message(text, (keys.retry(t), keys.other_department(t), *keys.back_or_leave(t)))
    page = keys.Page.of(flow.days, flow.page)
    buttons = (
        Button(
            t.label("button.day", day=t.date_short(each.date), n=each.free),
            callback_data.timed(callback_data.DAY, each.date),
        )
        for each in page.items
    )
    first: keys.Rows = ()
    if flow.earliest:
        first = ((Button(t.label("button.earliest", moment=moment(t, flow.earliest)), callback_data.EARLIEST),),)
    text = paragraphs(t.text("days.question"), where, t.text("office_hours", city=office.city))
    return Message(text, (*first, *keys.grid(buttons, 2), *page.turning(t, days=True), *keys.back_or_leave(t)))


def choosing_time(flow: ChoosingTime, t: Translator, office: Office) -> Message:
    """The free hours of the day; by halves where there are many."""
    morning = tuple(each for each in flow.times if each.hour < NOON)
    afternoon = tuple(each for each in flow.times if each.hour >= NOON)
    times, other_half = flow.times, keys.Rows()
    if len(flow.times) > ALL_DAY and morning and afternoon:
        times = afternoon if flow.afternoon else morning
        other_half = (_morning(t, len(morning)) if flow.afternoon else _afternoon(t, len(afternoon)),)
    buttons = (Button(t.time(each), callback_data.timed(callback_data.TIME, each)) for each in times[:MOST])
    text = paragraphs(
        t.text("times.question"),
        lines(office_facts(t, flow.draft.department, flow.draft.worker), day_fact(t, flow.day)),
        t.text("office_hours", city=office.city),
        t.text("times.first", n=MOST) if len(times) > MOST else None,
    )
    return Message(text, (*keys.grid(buttons, 3), *other_half, *keys.back_or_leave(t)))


def choosing_nearest(flow: ChoosingNearest, t: Translator, office: Office) -> Message:
    """The time is gone, the name is kept: the free times around it."""
    buttons = (Button(moment(t, each), callback_data.timed(callback_data.TIME, each)) for each in flow.times)
    text = paragraphs(
        lines(
            t.text("nearest.taken"),
            t.text("nearest.name_kept", name=keys.clip(flow.draft.name, WORDS)) if flow.draft.name else None,
        ),
        office_facts(t, flow.draft.department, flow.draft.worker),
        t.text("nearest.question"),
        t.text("office_hours", city=office.city),
    )
    other_days = keys.one(t, "button.other_days", callback_data.OTHER_TIME)
    return Message(text, (*keys.grid(buttons, 2), other_days, *keys.back_or_leave(t)))


def _morning(t: Translator, free: int) -> keys.Row:
    return (Button(t.label("button.morning", n=free), callback_data.MORNING),)


def _afternoon(t: Translator, free: int) -> keys.Row:
    return (Button(t.label("button.afternoon", n=free), callback_data.AFTERNOON),)
