"""Departments and appointments as JSON, field by field as the contract has them.

It must not know requests.
"""

from datetime import datetime
from typing import Any

from bot.sandbox.moncreneau.appointments import COST
from bot.sandbox.moncreneau.departments import Department
from bot.sandbox.moncreneau.store import Appointment


def department(value: Department) -> dict[str, Any]:
    """Return a department; `workers` is absent where the office does not tell them."""
    shown: dict[str, Any] = {"id": value.id, "name": value.name}
    if value.description is not None:
        shown["description"] = value.description
    shown |= {
        "organization": {"id": value.organization.id, "name": value.organization.name},
        "slotDuration": value.slot_duration,
        "isActive": value.is_active,
        "openingHours": {
            day: [{"start": start, "end": end} for start, end in spans] for day, spans in value.opening_hours.items()
        },
        "showAdminsInBooking": value.shows_admins,
    }
    if value.shows_admins and value.lists_workers:
        shown["workers"] = [{"id": worker.id, "name": worker.name} for worker in value.workers]
    return shown


def appointment(value: Appointment, public_url: str) -> dict[str, Any]:
    """Return an appointment as a client of the API sees it."""
    shown: dict[str, Any] = {
        "id": value.id,
        "departmentId": value.department_id,
        "dateTime": value.at.isoformat(),
        "status": value.status,
        "name": value.name,
        "qrCode": f"{public_url}/qr/{value.id}",
        "createdAt": value.created_at.isoformat(),
        "creditsConsumed": COST,
    }
    if value.external_user_id is not None:
        shown["externalUserId"] = value.external_user_id
    return shown


def entry(value: Appointment, public_url: str) -> dict[str, Any]:
    """Return an appointment as the ledger has it, with what the API does not tell."""
    return {
        "externalUserId": None,
        **appointment(value, public_url),
        "workerId": value.worker_id,
        "key": value.key,
        "updatedAt": value.updated_at.isoformat(),
        "cancelledAt": _time(value.cancelled_at),
    }


def _time(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat()
