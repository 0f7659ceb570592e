"""One order is one POST; what an unreadable response to it means."""

from datetime import UTC

import pytest

from bot.app.ports import WriteOutcome
from bot.core.model import Order
from bot.moncreneau.client import Client
from bot.moncreneau.errors import MoncreneauError
from bot.moncreneau.gateway import place
from bot.moncreneau.quota import Quota
from bot.moncreneau.transport import LARGEST_BODY
from tests.moncreneau.support import APPOINTMENT, KEY, Answer, ScriptedServer, StillClock, answer, circuit_breaker

ORDER = Order(5, StillClock().at.replace(tzinfo=None), "Jean Dupont", "telegram:7")


async def placed(server: ScriptedServer, clock: StillClock, said: Answer) -> object:
    """Book the order; the service gives this answer."""
    server.respond_with(said)
    now = lambda: clock.unix  # noqa: E731 — as short as it can be
    client = Client(
        server.url, KEY, quota=Quota(clock), breaker=circuit_breaker(clock), writes=circuit_breaker(clock), now=now
    )
    try:
        return (await place(client, ORDER, UTC)).id
    except MoncreneauError as error:
        return error.outcome
    finally:
        await client.aclose()
        assert len(server.seen) == 1


async def test_the_appointment_comes_back(server: ScriptedServer, clock: StillClock) -> None:
    assert await placed(server, clock, answer(APPOINTMENT, 201)) == APPOINTMENT["id"]


@pytest.mark.parametrize("body", [{}, {"id": "apt_7f"}, {"id": None, "status": "SCHEDULED"}], ids=str)
async def test_a_201_without_an_id_means_accepted(
    server: ScriptedServer, clock: StillClock, body: dict[str, object]
) -> None:
    assert await placed(server, clock, answer(body, 201)) is WriteOutcome.ACCEPTED


@pytest.mark.parametrize("told", [{"externalUserId": "telegram:8"}, {"departmentId": 8}], ids=str)
async def test_an_appointment_of_somebody_else_or_another_department_is_not_taken_for_the_ticket(
    server: ScriptedServer, clock: StillClock, told: dict[str, object]
) -> None:
    assert await placed(server, clock, answer({**APPOINTMENT, **told}, 201)) is WriteOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"id": 12', 200),
        (b"", 200),
        (b"[]", 200),
        (b"null", 200),
        (b"", 201),
        (b"", 204),
        (b"<html>Made</html>", 201),
    ],
    ids=str,
)
async def test_a_2xx_without_a_readable_object_means_accepted(
    server: ScriptedServer, clock: StillClock, body: bytes, status: int
) -> None:
    assert await placed(server, clock, answer(body, status)) is WriteOutcome.ACCEPTED


async def test_an_html_page_with_status_200_means_unknown(server: ScriptedServer, clock: StillClock) -> None:
    assert await placed(server, clock, answer(b"\n<html>All is well</html>", 200)) is WriteOutcome.UNKNOWN


WHOLE = answer({"id": 12345, "name": "x" * 200}, 201).data


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (Answer(WHOLE[:-50], "close"), WriteOutcome.ACCEPTED),
        (Answer(WHOLE.replace(b"201", b"200")[:-50], "close"), WriteOutcome.UNKNOWN),
        (Answer(WHOLE.replace(b"201", b"503")[:-50], "close"), WriteOutcome.UNKNOWN),
        (answer(b"no gzip", 201, Content_Encoding="gzip"), WriteOutcome.ACCEPTED),
        (answer(b"no gzip", 503, Content_Encoding="gzip"), WriteOutcome.UNKNOWN),
        (answer(b"x" * (LARGEST_BODY + 1), 201), WriteOutcome.ACCEPTED),
        (answer(b"x" * (LARGEST_BODY + 1), 502), WriteOutcome.UNKNOWN),
    ],
    ids=["201 cut", "200 cut", "503 cut", "201 broken gzip", "503 broken gzip", "201 too large", "502 too large"],
)
async def test_a_response_without_its_body_is_classified_by_status(
    server: ScriptedServer, clock: StillClock, said: Answer, outcome: WriteOutcome
) -> None:
    assert await placed(server, clock, said) is outcome
