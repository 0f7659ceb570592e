"""Lists are read through all pages, and to the end for lookups."""

import pytest

from bot.core.model import Appointment
from bot.moncreneau.appointments import SIZE, read_all
from bot.moncreneau.errors import USER_NOT_FOUND, NotFound, UnreadableAnswer, UnreadableEntries
from bot.moncreneau.schemas import Page
from tests.moncreneau.test_gateway import AT, OWNER


def page(*numbers: int, last: bool | None = None, owner: str | None = OWNER) -> Page:
    found = tuple(Appointment(number, 5, AT, "x", owner=owner) for number in numbers)
    return Page(found, entries=len(found), pages=None, last=last)


async def numbers(*pages: Page, most: int = 10, to_the_end: bool = False) -> list[int]:
    async def fetch(index: int) -> Page:
        return pages[min(index, len(pages) - 1)]

    return [each.id for each in await read_all(fetch, OWNER, most=most, to_the_end=to_the_end)]


async def test_a_full_page_is_followed_by_the_next() -> None:
    assert len(await numbers(page(*range(SIZE)), page(SIZE))) == SIZE + 1


async def test_a_page_without_new_entries_ends_the_reading() -> None:
    assert await numbers(page(1, last=False)) == [1]


async def test_an_incomplete_list_settles_no_attempt() -> None:
    endless = [page(number, last=False) for number in range(5)]
    assert await numbers(*endless, most=3) == [0, 1, 2]
    with pytest.raises(UnreadableAnswer):
        await numbers(*endless, most=3, to_the_end=True)


async def test_an_unknown_owner_has_no_appointments() -> None:
    async def fetch(_index: int) -> Page:
        raise NotFound(USER_NOT_FOUND)

    assert await read_all(fetch, OWNER, most=1, to_the_end=True) == ()


async def test_appointments_of_other_owners_are_left_out() -> None:
    assert await numbers(page(1, last=False), page(2, last=True, owner="telegram:78")) == [1]


async def test_unreadable_entries_are_left_out_and_settle_no_attempt() -> None:
    for owner in (None, OWNER):
        torn = Page(page(1).appointments, entries=2, pages=None, last=True, unread=(owner,))
        with pytest.raises(UnreadableEntries) as caught:
            await numbers(torn, to_the_end=True)
        assert [each.id for each in caught.value.seen] == [1]
        assert await numbers(torn) == [1]


async def test_a_list_of_unreadable_entries_is_an_error() -> None:
    with pytest.raises(UnreadableAnswer):
        await numbers(Page((), entries=1, pages=None, last=True, unread=(None,)))


async def test_unreadable_entries_of_other_owners_are_ignored() -> None:
    torn = Page((), entries=1, pages=None, last=True, unread=("telegram:78",))
    assert await numbers(torn, to_the_end=True) == []
