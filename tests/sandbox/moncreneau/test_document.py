"""docs/sandbox.md lists the API stand-in's control calls and kinds of fault, and its examples are accepted."""

import json
import re
from pathlib import Path

import pytest
from starlette.routing import Mount, Route

from bot.sandbox.moncreneau import MoncreneauSandbox, create_app
from bot.sandbox.moncreneau.faults import KINDS
from bot.sandbox.moncreneau.webhook_faults import ATTEMPTS, PLANS
from tests.sandbox.moncreneau.client import ApiClient

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text()
DOCUMENT = PAGE.split("## The stand-in for Telegram")[0]
CALL = re.compile(r"^\| `(GET|POST|DELETE) (/\S*)` \|", re.MULTILINE)
EXAMPLES = re.findall(r"^\| [^`]+ \| `(\[\{.+\}\])` \|$", DOCUMENT, re.MULTILINE)


def section(title: str) -> str:
    """The part of the document under a heading."""
    text: str = DOCUMENT.split(f"## {title}\n")[1].split("\n## ")[0]
    return text


def kinds_in(text: str) -> set[str]:
    """The first column of the tables of kinds."""
    first_cells = re.findall(r"^\| (`[a-z_]+`(?:, `[a-z_]+`)*) \|", text, re.MULTILINE)
    return {kind for cell in first_cells for kind in re.findall(r"[a-z_]+", cell)}


def test_every_control_call_is_documented_and_exists() -> None:
    app = create_app(MoncreneauSandbox())
    (mount,) = (route for route in app.routes if isinstance(route, Mount) and route.path == "/__sandbox")
    routes = [route for route in mount.routes if isinstance(route, Route)]
    existing = {(method, route.path) for route in routes for method in (route.methods or ()) if method != "HEAD"}
    assert set(CALL.findall(DOCUMENT)) == existing


def test_every_kind_of_fault_is_documented_and_exists() -> None:
    assert kinds_in(section("Faults of the API")) == set(KINDS)
    assert kinds_in(section("Webhooks")) == {*PLANS, *ATTEMPTS}


@pytest.mark.parametrize("example", EXAMPLES)
async def test_the_examples_of_faults_are_accepted(api: ApiClient, example: str) -> None:
    assert (await api.control("POST", "/faults", json.loads(example))).status_code == 201


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 8
