"""Lists are read through all pages, and one that was not read to its end is never taken for complete."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bot.core.model import Appointment
from bot.moncreneau.appointments import SIZE, read_all
from bot.moncreneau.errors import USER_NOT_FOUND, NotFound, UnreadableEntries
from bot.moncreneau.schemas import AppointmentsPage
from tests.moncreneau.test_gateway import AT, OWNER


def page(
    *numbers: int, last: bool | None = None, owner: str | None = OWNER, total: int | None = None
) -> AppointmentsPage:
    found = tuple(Appointment(number, 5, AT, "x", owner=owner) for number in numbers)
    return AppointmentsPage(found, entries=len(found), last=last, total=total)


async def numbers(*pages: AppointmentsPage, most: int = 10) -> list[int]:
    return await numbers_by(lambda index: pages[index] if index < len(pages) else page(), most=most)


async def numbers_by(fetch: Callable[[int], AppointmentsPage], most: int = 10) -> list[int]:
    async def fetched(index: int) -> AppointmentsPage:
        return fetch(index)

    return [each.id for each in await read_all(fetched, OWNER, most=most)]


async def test_a_full_page_is_followed_by_the_next() -> None:
    assert len(await numbers(page(*range(SIZE)), page(SIZE))) == SIZE + 1


async def test_a_service_that_tells_no_total_is_read_until_nothing_is_new() -> None:
    assert await numbers(page(1, 2), page(3), page(3), page(3), page(4)) == [1, 2, 3]
    assert await numbers(page(1, 2), page(), page(3)) == [1, 2]


@pytest.mark.parametrize("told", [{"last": False}, {"total": 3}, {}], ids=str)
async def test_a_service_that_counts_its_pages_from_1_is_read_to_the_end(told: dict[str, Any]) -> None:
    pages = [page(1, 2, **told), page(3, last=True if "last" in told else None, total=told.get("total")), page()]
    assert await numbers_by(lambda index: pages[max(index - 1, 0)]) == [1, 2, 3]


async def test_an_empty_first_page_that_tells_of_more_is_followed_by_one_more() -> None:
    pages = [page(total=2), page(1, 2, total=2)]
    assert await numbers(*pages) == [1, 2]
    assert await numbers(page(total=2), page(), page(1)) == []
    assert await numbers(page(), page(1)) == []


@pytest.mark.parametrize("told", [{"last": False}, {"total": 3}], ids=str)
async def test_a_list_whose_first_page_comes_again_and_again_is_not_complete(told: dict[str, Any]) -> None:
    with pytest.raises(UnreadableEntries) as caught:
        await numbers_by(lambda _: page(1, 2, **told))
    assert [each.id for each in caught.value.seen] == [1, 2]


async def test_a_list_with_too_many_pages_is_not_complete() -> None:
    with pytest.raises(UnreadableEntries) as caught:
        await numbers_by(lambda index: page(index, last=False), most=3)
    assert [each.id for each in caught.value.seen] == [0, 1, 2]


async def test_an_unknown_owner_has_no_appointments() -> None:
    async def fetch(_index: int) -> AppointmentsPage:
        raise NotFound(USER_NOT_FOUND)

    assert await read_all(fetch, OWNER, most=1) == ()


async def test_appointments_of_other_owners_are_left_out_and_those_without_one_are_not() -> None:
    assert await numbers(page(1), page(2, owner="telegram:78"), page(3, owner=None)) == [1, 3]


async def test_unreadable_entries_are_left_out_and_make_the_list_incomplete() -> None:
    for owner in (None, OWNER):
        torn = AppointmentsPage(page(1).appointments, entries=2, last=True, unread=(owner,))
        with pytest.raises(UnreadableEntries) as caught:
            await numbers(torn)
        assert [each.id for each in caught.value.seen] == [1]


async def everybodys(*pages: AppointmentsPage) -> list[int]:
    async def fetch(index: int) -> AppointmentsPage:
        return pages[index]

    return [each.id for each in await read_all(fetch, None, most=10)]


async def test_a_days_list_has_everybodys_appointments() -> None:
    assert await everybodys(
        page(1, last=False), page(2, last=False, owner="citizen 9"), page(3, last=True, owner=None)
    ) == [1, 2, 3]


async def test_a_days_list_is_whole_unless_it_may_lack_a_chats_appointment() -> None:
    torn = AppointmentsPage(page(1).appointments, entries=2, pages=None, last=True, unread=("citizen 9",))
    assert await everybodys(torn) == [1]
    for owner in (None, OWNER):
        with pytest.raises(UnreadableEntries) as caught:
            await everybodys(replace(torn, unread=(owner,)))
        assert [each.id for each in caught.value.seen] == [1]


async def test_unreadable_entries_of_other_owners_are_ignored() -> None:
    assert await numbers(AppointmentsPage((), entries=1, last=True, unread=("telegram:78",))) == []
