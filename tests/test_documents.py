"""Statements of the documents about the code are true. Their commands are tried in `test_documented_commands`."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.registry import Collector
from pydantic.fields import FieldInfo

from bot.core.health import (
    ApiHealth,
    HealthReport,
    OperatorIssue,
    PlaceAlertHealth,
    ReminderHealth,
    ReplicaHealth,
    Role,
    UpdatesHealth,
    WebhookHealth,
)
from bot.core.model import FailureCode
from bot.operations import metrics
from bot.operations.webhook_route import Hook, WebhookRoute
from bot.settings import Settings, read_settings
from bot.views import bot_profile
from tests.documents import DOCUMENTS, ROOT, SECTION, anchors, blocks, commands, links, prose, read, rows, section

MAKEFILE = (ROOT / "Makefile").read_text()
OPERATING = "docs/operating.md"
EXAMPLE = (ROOT / ".env.example").read_text()
SECRETS = ["TELEGRAM_BOT_TOKEN", "MONCRENEAU_API_KEY"]
NOT_COMMANDS = {"newbot", "revoke", "data", "healthz", "readyz", "metrics"}
"""BotFather's commands, the container's volume, and the pages of HTTP_PORT."""
LONGEST_README = 8000
"""Bytes. It is an introduction; the rest has pages of its own."""


def written(field: FieldInfo) -> str:
    """A setting's default as the table writes it."""
    default: Any = field.default
    if field.is_required():
        return "required"
    if default is None or default in (frozenset(), {}):
        return "none"
    if default is False:
        return "off"
    return f"{default:g}" if isinstance(default, float) else str(default)


def bot_commands() -> set[str]:
    return {*bot_profile.BUILT}


def make_targets_in(document: str) -> set[str]:
    """Those named in backticks or in a shell block."""
    lines = [line for block in blocks(document, "sh") for line in commands(block)]
    return {
        *re.findall(r"`make ([a-z]+)", prose(document)),
        *re.findall(r"^make ([a-z]+)", "\n".join(lines), re.MULTILINE),
    }


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= LONGEST_README


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_to_a_file_and_a_heading_that_exist(document: str) -> None:
    missing = [path for path, _ in links(document) if not (ROOT / path).exists()]
    assert missing == []
    pages = [(path, anchor) for path, anchor in links(document) if anchor and path.endswith(".md")]
    assert [(path, anchor) for path, anchor in pages if anchor not in anchors(prose(path))] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_page_that_lists_its_sections_lists_all(document: str) -> None:
    """The list stands before the first section; the page may list its subsections as well."""
    top, _, _ = prose(document).partition("\n## ")
    listed = set(re.findall(r"\]\(#([^)]+)\)", top))
    assert not listed or anchors(prose(document), SECTION) <= listed


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_table_has_a_head(document: str) -> None:
    """A blank line within a table ends it: the rows after it are shown as plain text."""
    for table in re.findall(r"(?:^ *\|.*\n)+", prose(document), re.MULTILINE):
        assert re.fullmatch(r"[\s|:-]+", table.splitlines()[1]), table


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_row_of_a_table_stands_below_its_head(document: str) -> None:
    tables = re.findall(r"^(?: *\|.*\n)+", prose(document), re.MULTILINE)
    assert [table for table in tables if not re.match(r".*\n *\|[-:| ]+\|\n", table)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_in_backticks_exists(document: str) -> None:
    folders = "bot|tests|locales|docs|bench|deploy"
    paths = re.findall(rf"`((?:{folders})/[A-Za-z0-9_./-]+)`", prose(document))
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_the_bot_that_is_named_exists(document: str) -> None:
    assert set(re.findall(r"`/([a-z]+)[ `]", prose(document))) <= bot_commands() | NOT_COMMANDS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(document: str) -> None:
    assert make_targets_in(document) <= set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def test_every_make_target_is_in_a_document() -> None:
    targets = set(re.findall(r"^([a-z]+):.*##", MAKEFILE, re.MULTILINE)) - {"help"}
    assert targets <= {target for document in DOCUMENTS for target in make_targets_in(document)}


@pytest.mark.parametrize("module", sorted(set(re.findall(r"-m (bench[a-z.]*)", MAKEFILE))))
def test_every_module_that_make_runs_exists(module: str) -> None:
    path = ROOT / module.replace(".", "/")
    assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()


def test_the_guide_lists_all_commands_of_citizens_and_of_admins() -> None:
    guide = "docs/admin-guide.md"
    for title, expected in (
        ("What citizens see", set(bot_profile.USUAL)),
        ("Commands for admins", set(bot_profile.ADMIN)),
        ("Staff of a department", set(bot_profile.STAFF)),
    ):
        listed = {row[0].removeprefix("/") for row in rows(section(guide, title)) if row[0].startswith("/")}
        assert listed == expected


def test_the_table_of_settings_has_all_with_their_defaults() -> None:
    table = {row[0]: row[1] for row in rows(section(OPERATING, "Settings"))}
    assert table == {name.upper(): written(field) for name, field in Settings.model_fields.items()}
    assert list(table)[:2] == SECRETS


def test_the_example_settings_are_all_there_are_with_their_defaults_and_a_line_of_explanation() -> None:
    found = re.findall(r"^# .+\n(#?)([A-Z_]+)=(.*)$", EXAMPLE, re.MULTILINE)
    assert [name for _, name, _ in found][:2] == SECRETS
    assert {name for _, name, _ in found} == {name.upper() for name in Settings.model_fields}
    assert [name for hash_, name, _ in found if not hash_] == SECRETS
    for _, name, value in found:
        assert value in {written(Settings.model_fields[name.lower()]), ""}
    assert len(re.findall(r"^#?[A-Z_]+=", EXAMPLE, re.MULTILINE)) == len(found)


def test_the_example_settings_change_nothing_if_all_are_switched_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    secrets = re.sub(r"^([A-Z_]+)=$", r"\1=1:secret", EXAMPLE, flags=re.MULTILINE)
    for name, text in (("short", secrets), ("long", re.sub(r"^#([A-Z_]+=)", r"\1", secrets, flags=re.MULTILINE))):
        (tmp_path / name).write_text(text)
    short, everything = (read_settings(_env_file=tmp_path / name) for name in ("short", "long"))
    assert short == everything
    assert everything.telegram_bot_token.get_secret_value() == "1:secret"


def test_the_table_of_metrics_has_all_with_their_labels() -> None:
    table = {row[0]: row[1] for row in rows(section(OPERATING, "Metrics"))}
    found = {}
    hooks = (Hook(name=each, path="/", longest=0, receive=nothing_is_stored) for each in ("updates", "webhooks"))
    receivers = metrics.ReceiversCollector([WebhookRoute(each) for each in hooks])
    for metric in (*full_metrics().collect(), *receivers.collect()):
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        found[name] = {label for sample in metric.samples for label in sample.labels}
    assert set(table) == set(found)
    for name, labels in found.items():
        assert all(f"`{label}`" in table[name] for label in labels), name


async def nothing_is_stored(_body: bytes) -> None:
    """For a route that is not called."""


def full_metrics() -> Collector:
    """The metrics of a bot about which everything is known."""
    now = datetime(2026, 1, 25, 9, 30, tzinfo=UTC)
    api = ApiHealth(
        reachable=True,
        heard=now,
        limit=1000,
        remaining=900,
        reset=now,
        blocked_until=now,
        hits=1,
        misses=1,
        requests={"read": 1},
        last_error="503",
        last_error_at=now,
        slot_age=8.0,
        booked=1,
        open_issues=frozenset({OperatorIssue(FailureCode.OUT_OF_CREDITS)}),
        clock_gap=0.5,
    )
    return metrics.MetricsCollector(
        HealthReport(
            at=now,
            since=now,
            api=api,
            requests_today=2,
            booked_today=1,
            inbox=0,
            outbox=0,
            attempts=0,
            set_aside=0,
            telegram=True,
            database=True,
            outcomes={"booked": 1},
            webhooks=WebhookHealth(last=now, refused=1, set_aside=1),
            updates=UpdatesHealth(last=now, refused=1, postponed=1),
            oldest_update=0.0,
            reminders=ReminderHealth(due=1, late=1, sent=1, dropped=1, coming=1),
            place_alerts=PlaceAlertHealth(open=1, sent=1),
            replica=ReplicaHealth(
                role=Role.LEADER,
                replica="a",
                leader="a",
                since=now,
                epoch=1,
                lease_age=1.0,
                takeovers=0,
                standbys=1,
            ),
        )
    )


def test_every_name_in_the_glossarys_last_column_exists_in_the_code() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    modules = {path.relative_to(ROOT).with_suffix("").as_posix() for path in (ROOT / "bot").rglob("*.py")}
    modules |= {path.relative_to(ROOT).as_posix() for path in (ROOT / "bot").rglob("*") if path.is_dir()}
    words = set(re.findall(r"\w+", code))
    lines = re.findall(r"^\|.*\|(.*?)\|$", read("GLOSSARY.md"), re.MULTILINE)
    names = {name for line in lines for name in re.findall(r"`([\w./]+)`", line)}
    assert names
    missing = {name for name in names if not set(re.split(r"[./]", name)) <= words | {"bot"}}
    assert {name for name in missing if name.replace(".", "/") not in modules} == set()
