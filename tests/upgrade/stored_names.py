"""Every name that is stored, in databases and in the buttons on phones: fields, kinds, values, callback data.

`stored_names.json` records them with the version of their codec. `python -m tests.upgrade.stored_names` records new
names. It refuses to drop one of the same version: a database or a phone may still hold it.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from bot.app.attempt import BOOKINGS, CANCELLINGS, MOVES
from bot.app.records import AttemptKind, Kind
from bot.bootstrap import department_details, leader, operations, parts
from bot.broadcast import callback_data as broadcast_callback_data
from bot.broadcast import compose_states
from bot.broadcast import model as broadcast_model
from bot.broadcast.callback_data import ComposeAction
from bot.broadcast.lifecycle import BroadcastCommand
from bot.broadcast.model import AdminAction, BroadcastStatus, RecipientStatus
from bot.core import callback_data, session
from bot.core.appointment_book import Origin
from bot.core.department_details import DetailPart
from bot.core.json_codec import JsonCodec
from bot.core.model import AppointmentStatus
from bot.core.rating import Score
from bot.core.reminders import TimerKind
from bot.core.statistics import Counted
from bot.operations import agenda, operator_alerts, status
from bot.storage import broadcasts, mappers, timers
from bot.views.message import Style

FILE = Path(__file__).with_name("stored_names.json")
Names: TypeAlias = dict[str, list[list[str]]]
"""By what is stored: sets of names, each of one JSON object or of one enumeration."""

CODECS: dict[str, JsonCodec[Any]] = {
    "session": session._CODEC,
    "booking": BOOKINGS,
    "cancellation": CANCELLINGS,
    "move": MOVES,
    "draft of a broadcast": compose_states._CODEC,
    "plan of a broadcast": broadcast_model._CODEC,
}
COLUMNS: tuple[type[Enum], ...] = (
    AdminAction,
    AppointmentStatus,
    AttemptKind,
    BroadcastStatus,
    Counted,
    Kind,
    Origin,
    RecipientStatus,
    Style,
    TimerKind,
)
BUTTONS: tuple[type[Enum], ...] = (ComposeAction, BroadcastCommand, Score)
SAVED_VALUES = [
    parts.FLOOD,
    leader.PROFILE,
    broadcasts.COUNTER,
    department_details.SAVED_AS,
    operations.BUDGET,
    operations.PROVEN,
    agenda.SENT,
    operator_alerts.SAVED_AS,
    status.SAVED_AS,
    timers.ARMED_TO,
]


def present() -> Names:
    """The names of today's code."""
    found = {f"{what}, version {codec.version}": list(_objects(codec)) for what, codec in CODECS.items()}
    found["values of columns"] = list(map(_values, COLUMNS))
    found["fields of deliveries"] = [[*mappers.RARE, mappers.PLACE]]
    found["saved values"] = [SAVED_VALUES, _values(DetailPart)]
    found["callback data"] = [_constants(callback_data), _constants(broadcast_callback_data), *map(_values, BUTTONS)]
    return {what: sorted(map(sorted, sets)) for what, sets in found.items()}


def recorded() -> Names:
    """The names in the file."""
    names: Names = json.loads(FILE.read_text())
    return names


def dropped(before: Names, after: Names) -> list[str]:
    """The names that are not stored any more, although their codec has the same version."""
    lost = []
    for what in before.keys() & after.keys():
        old, new = (Counter(map(tuple, names[what])) for names in (before, after))
        for names in old - new:
            nearest = max(new - old, key=lambda each: len({*names} & {*each}), default=())
            lost += [f"{what}: {name}" for name in names if name not in nearest]
    return sorted(lost)


def _objects(codec: JsonCodec[Any]) -> Iterator[list[str]]:
    """The fields of each type, with its `kind`; the values of each enumeration. Names of classes are not stored."""
    schema = codec._adapter.json_schema(mode="serialization")
    for each in (schema, *schema.get("$defs", {}).values()):
        if "enum" in each:
            yield list(each["enum"])
        elif "properties" in each:
            yield [
                f"{name}={field['const']}" if "const" in field else name for name, field in each["properties"].items()
            ]


def _values(kind: type[Enum]) -> list[str]:
    return [str(each.value) for each in kind]


def _constants(module: ModuleType) -> list[str]:
    return [value for name, value in vars(module).items() if name.isupper() and isinstance(value, str)]


if __name__ == "__main__":
    if FILE.exists() and (lost := dropped(recorded(), present())):
        sys.exit("raise the version and add an upgrade (CONTRIBUTING.md), or keep reading:\n" + "\n".join(lost))
    lines = [
        f" {json.dumps(what)}: [\n" + ",\n".join(f"  {json.dumps(names)}" for names in sets) + "\n ]"
        for what, sets in present().items()
    ]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
