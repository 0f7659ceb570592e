"""Two processes that both receive webhooks: a standby stores what comes, and the one that leads works on it."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from tests.e2e.bot_process import BotProcess
from tests.e2e.phone import Phone, Shown, new_phone
from tests.e2e.services import Services, separate_bot
from tests.e2e.test_updates_by_webhook import free_port
from tests.e2e.waiting import eventually
from tests.storage.cluster import Cluster
from tests.storage.databases import postgresql_database

SECRET = b"whsec_standby"


@dataclass(slots=True)
class Receiving:
    """A leader, and a standby at whose port Telegram delivers."""

    services: Services
    leader: BotProcess
    standby: BotProcess
    standby_port: int

    async def presses_answered(self) -> int:
        """How many presses were answered by the response to the webhook."""
        log = (await self.services.telegram.get("/__sandbox/calls/log", params={"after": 0})).json()
        return sum(each["method"] == "answerCallbackQuery" and each["client"] == "webhook" for each in log)

    async def takes_all(self) -> bool:
        """Whether nothing waits at Telegram."""
        return not await self.services.pending()

    async def screen(self, phone: Phone, words: str) -> Shown:
        """Wait for a message of the bot with these words."""

        async def look() -> list[Shown]:
            return [each for each in await phone.look(everything=True) if words in each.text]

        return (await eventually(words, look))[-1]


@asynccontextmanager
async def receiving(folder: Path, cluster: Cluster) -> AsyncIterator[Receiving]:
    other = folder / "standby"
    other.mkdir()
    port = free_port()
    webhook = {"TELEGRAM_WEBHOOK": "1", "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with postgresql_database(cluster) as database:
        async with separate_bot(folder, database_url=database.url) as (services, leader):
            leader.settings |= webhook | {"MONCRENEAU_WEBHOOK_SECRET": SECRET.decode()}
            standby = BotProcess(other, leader.settings, leader.database)
            try:
                await leader.start(HTTP_PORT=str(free_port()))
                await standby.start(ready=False, HTTP_PORT=str(port))
                await eventually("it stands by", standby.is_standby)
                yield Receiving(services, leader, standby, port)
            finally:
                await leader.kill()
                await standby.kill()


async def test_what_offices_do_reaches_citizens_through_a_standby(tmp_path: Path, cluster: Cluster) -> None:
    async with receiving(tmp_path, cluster) as here:
        phone = await new_phone(here.services.telegram, "Sarah", "en", "Cole")
        await phone.say("/start")
        await here.screen(phone, "Hello Sarah!")
        day = datetime.now(UTC).date() + timedelta(days=3)
        made = {"id": 77, "departmentId": 5, "dateTime": f"{day}T10:00:00", "status": "SCHEDULED", "name": "Sarah Cole"}
        event = {
            "id": "evt_1",
            "type": "appointment.created",
            "created": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}",
            "data": {"object": made | {"externalUserId": f"telegram:{phone.chat_id}"}},
        }
        body = json.dumps(event).encode()
        signature = {"X-Moncreneau-Signature": f"sha256={hmac.new(SECRET, body, hashlib.sha256).hexdigest()}"}
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.standby_port}") as port:
            for headers, status in ((signature, 204), ({}, 401), (signature, 204)):
                answer = await port.post("/hooks/moncreneau", content=body, headers=headers)
                assert answer.status_code == status
            assert "moncreneau_bot_webhooks_refused_total 1.0" in (await port.get("/metrics")).text
        await here.screen(phone, "10:00")


async def test_a_standby_answers_presses_and_stores_them_while_the_leader_is_frozen(
    tmp_path: Path, cluster: Cluster
) -> None:
    async with receiving(tmp_path, cluster) as here:
        phone = await new_phone(here.services.telegram, "Sarah", "en", "Cole")
        await phone.say("/start")
        menu = await here.screen(phone, "Hello Sarah!")
        here.leader.freeze()
        await phone.do("press", message_id=menu.number, data=menu.buttons[0].data, forged=True)
        await phone.say("/help")
        await eventually("the press is answered", here.presses_answered)
        await eventually("all is taken", here.takes_all)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.standby_port}") as port:
            ready = await port.get("/readyz")
            assert (ready.status_code, ready.json()["role"]) == (200, "standby")
        await here.leader.kill()
        await here.screen(phone, "/appointments")
        assert await here.presses_answered() == 1
        assert any(each.startswith("leader, epoch 2") for each in here.standby.log_messages)
