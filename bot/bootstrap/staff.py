"""Composes what the staff of departments has: the agenda, on request and in the morning."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.app.outbox import Outbox
from bot.app.records import Change, DeliveryIds
from bot.app.roles import Roles
from bot.app.updates import AdminRouter
from bot.core.model import Department
from bot.moncreneau.gateway import Gateway
from bot.operations.agenda import AgendaHandler, Agendas, Draw, MorningAgenda
from bot.settings import Settings
from bot.storage.store import Store


class StaffFeature:
    """`handler` answers staff, `morning` sends the list of the day."""

    def __init__(  # noqa: PLR0913 — its collaborators
        self,
        settings: Settings,
        roles: Roles,
        *,
        office_time: Callable[[], datetime],
        steady_time: Callable[[], datetime],
        draw: Draw,
        store: Store,
        outbox: Outbox,
        gateway: Gateway,
        locale_of: Callable[[int], Awaitable[str]],
        ids: DeliveryIds,
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._departments = gateway.known_departments
        agendas = Agendas(gateway, self._department, office_time, with_names=settings.staff_names)
        self.handler = AdminRouter(roles.staff, (AgendaHandler(agendas, roles, draw, locale_of, ids),))
        self.morning = MorningAgenda(
            agendas, roles, draw, store=store, office_time=steady_time, commit=self._commit, ids=ids
        )

    def _department(self, department_id: int) -> Department:
        return next((each for each in self._departments() if each.id == department_id), Department(department_id, ""))

    async def _commit(self, change: Change) -> None:
        await self._store.commit(change)
        self._outbox.accept(change.queued)
