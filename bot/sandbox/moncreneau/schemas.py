"""Departments and appointments as JSON, field by field as in the contract.

It must not know requests.
"""

from typing import Any

from bot.sandbox.moncreneau.appointments import COST
from bot.sandbox.moncreneau.departments import Department
from bot.sandbox.moncreneau.store import Appointment


def department_json(department: Department) -> dict[str, Any]:
    """Return a department; `workers` is absent if the API does not list them."""
    data: dict[str, Any] = {"id": department.id, "name": department.name}
    if department.description is not None:
        data["description"] = department.description
    data |= {
        "organization": {"id": department.organization.id, "name": department.organization.name},
        "slotDuration": department.slot_duration,
        "isActive": department.is_active,
        "openingHours": {
            day: [{"start": start, "end": end} for start, end in spans]
            for day, spans in department.opening_hours.items()
        },
        "showAdminsInBooking": department.shows_admins,
    }
    if department.shows_admins and department.lists_workers:
        data["workers"] = [{"id": worker.id, "name": worker.name} for worker in department.workers]
    return data


def appointment_json(appointment: Appointment, public_url: str) -> dict[str, Any]:
    """Return an appointment as a client of the API sees it."""
    data: dict[str, Any] = {
        "id": appointment.id,
        "departmentId": appointment.department_id,
        "dateTime": appointment.at.isoformat(),
        "status": appointment.status,
        "name": appointment.name,
        "qrCode": f"{public_url}/qr/{appointment.id}",
        "createdAt": appointment.created_at.isoformat(),
        "creditsConsumed": COST,
    }
    if appointment.external_user_id is not None:
        data["externalUserId"] = appointment.external_user_id
    return data


def page_json(content: list[dict[str, Any]], page: int, size: int, total: int) -> dict[str, Any]:
    """Return one page of a list; `total` counts what all pages hold."""
    pages = -(-total // size)
    return {
        "content": content,
        "page": page,
        "size": size,
        "totalElements": total,
        "totalPages": pages,
        "last": page + 1 >= pages,
    }


def ledger_entry(appointment: Appointment, public_url: str) -> dict[str, Any]:
    """Return an appointment with everything that the service knows about it; the API shows less."""
    return {
        "externalUserId": None,
        **appointment_json(appointment, public_url),
        "workerId": appointment.worker_id,
        "key": appointment.key,
        "updatedAt": appointment.updated_at.isoformat(),
        "cancelledAt": None if appointment.cancelled_at is None else appointment.cancelled_at.isoformat(),
        "cancelledBy": appointment.cancelled_by,
        "cancelReason": appointment.cancel_reason,
    }
