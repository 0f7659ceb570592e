"""The first choices of a booking: the department, and the member of staff where one must be named."""

from collections import Counter
from itertools import groupby

from bot.core import callback_data, slot_selection
from bot.core.model import Department
from bot.core.states import ChoosingDepartment, ChoosingWorker, TypingWorker
from bot.i18n import Safe, Translator
from bot.views import keyboards as keys
from bot.views.message import Button, Message
from bot.views.text import department_name, lines, office_facts, paragraphs, worker_name

QUERY = 64


def choosing_department(flow: ChoosingDepartment, t: Translator) -> Message:
    """The departments under their organisations, eight a page."""
    if not flow.departments:
        return Message(t.text("departments.none"), (keys.retry(t), keys.back_to_menu(t)))
    found = slot_selection.shown_departments(flow)
    page = keys.Page.of(found, flow.page)
    twins = {name for name, times in Counter(each.name for each in found).items() if times > 1}
    buttons = [_button(each, t, twin=each.name in twins) for each in page.items]
    everything = keys.one(t, "button.all_departments", callback_data.EVERYTHING)
    text = paragraphs(
        t.text("departments.question"),
        t.text("departments.query", query=keys.clip(flow.query, QUERY)) if flow.query else None,
        _grouped(flow, page.items, t) if found else t.text("departments.no_match"),
        t.text("page", number=page.number + 1, count=page.count) if page.count > 1 else None,
        t.text("departments.search") if len(flow.departments) > 1 else None,
    )
    tail = (everything, keys.back_to_menu(t)) if flow.query else (keys.back_to_menu(t),)
    return Message(text, (*keys.columns(buttons), *page.turning(t), *tail))


def choosing_worker(flow: ChoosingWorker, t: Translator) -> Message:
    """The staff of the department, eight a page."""
    page = keys.Page.of(flow.draft.department.workers, flow.page)
    buttons = [
        Button(keys.clip(worker_name(t, each)), callback_data.numbered(callback_data.WORKER, each.id))
        for each in page.items
    ]
    text = paragraphs(t.text("workers.question"), office_facts(t, flow.draft.department))
    return Message(text, (*keys.columns(buttons), *page.turning(t), *keys.back_or_leave(t)))


def typing_worker(flow: TypingWorker, t: Translator) -> Message:
    """The number of a member of staff, to be typed."""
    text = paragraphs(t.text("worker.question"), office_facts(t, flow.draft.department), t.text("worker.hint"))
    return Message(text, keys.back_or_leave(t))


def _button(department: Department, t: Translator, *, twin: bool) -> Button:
    """A department; where two bear the same name, the organisation tells them apart."""
    name = department_name(t, department)
    if twin and department.organization:
        name = t.label("department.of", name=name, organization=department.organization)
    return Button(keys.clip(name), callback_data.numbered(callback_data.DEPARTMENT, department.id))


def _grouped(flow: ChoosingDepartment, page: tuple[Department, ...], t: Translator) -> Safe | None:
    """With several organisations, which department belongs to which; the buttons do not say it."""
    organizations = {each.organization for each in flow.departments}
    if len(organizations) == 1:
        return _heading(organizations.pop(), t)
    groups = groupby(page, key=lambda each: each.organization)
    return paragraphs(*(lines(_heading(name, t), *(_bullet(each, t) for each in group)) for name, group in groups))


def _heading(organization: str, t: Translator) -> Safe | None:
    name = keys.clip(organization)
    return t.text("departments.heading", name=name) if name else None


def _bullet(department: Department, t: Translator) -> Safe:
    return t.text("bullet", name=keys.clip(department_name(t, department)))
