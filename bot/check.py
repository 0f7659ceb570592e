"""`python -m bot check`: tries everything that the bot needs, and says for each what is wrong and what to do.

Nothing is booked, sent, deleted or migrated, and no secret is shown. The exit code is 0 if the bot can work and 1 if it
cannot; a warning is something to know. Checks that could not be made are reported as such. A check never raises.
"""

import asyncio
import contextlib
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from http import HTTPStatus
from typing import Any

from telegram.error import InvalidToken, TelegramError

from bot import logs
from bot.app.ports import ApiError
from bot.app.roles import Roles
from bot.bootstrap import connections
from bot.bootstrap.connections import StartError
from bot.bootstrap.department_details import unknown_departments
from bot.bootstrap.receivers import MONCRENEAU_PATH
from bot.core.department_details import DepartmentDetails
from bot.core.model import Department, FailureCode
from bot.departments_file import read_details
from bot.http_client.failures import failure_of
from bot.http_client.session import open_session
from bot.i18n import available
from bot.moncreneau.errors import QuotaExhausted
from bot.moncreneau.gateway import Gateway
from bot.settings import Settings, SettingsError, exposures, read_settings
from bot.storage import engines
from bot.storage.diagnostics import Diagnosis, examine, saved_value
from bot.storage.lease import Leadership, leadership
from bot.telegram import webhook
from bot.telegram.transport import RawBot, host_of, words_of

NOBODY = "telegram:0"
"""An owner that no citizen has. The list of its appointments shows whether the key may read."""
FAR_APART, APART = 60.0, 1.0
"""Seconds. If a service's clock differs by more than the first, tickets and limits would be wrong. Machines of our own
should not differ by more than the second."""
SHOWN = 5
UNCHECKED = "could not be checked"
FORGED = {"X-Moncreneau-Signature": f"sha256={'0' * 64}"}
PATIENCE, SNIPPET = 15.0, 64 * 1024
"""Seconds for both requests, and bytes that are read of an answer."""
UNREACHABLE = "start the bot first, then check the web server's rules for /hooks/ (docs/operating.md)"


class Level(IntEnum):
    """How bad it is."""

    OK = 0
    WARN = 1
    FAIL = 2


@dataclass(frozen=True, slots=True)
class Line:
    """A finding about one thing, with the next step."""

    level: Level
    subject: str
    words: str
    advice: str = ""


@dataclass(slots=True)
class Found:
    """A finding about a service, and the seconds by which its clock is ahead of ours."""

    lines: list[Line] = field(default_factory=list)
    clock_gap: float | None = None


def check_settings(given: Settings) -> Iterator[Line]:
    """Findings about the settings that need no request."""
    yield Line(Level.OK, "settings", "complete")
    if not given.admin_ids:
        advice = "set ADMIN_IDS to your Telegram user id for /status, announcements and alerts"
        yield Line(Level.WARN, "settings", "ADMIN_IDS is empty: nobody is told when credits or access are lost", advice)
    for words, what_to_do in exposures(given):
        yield Line(Level.WARN, "settings", words, what_to_do)


async def check_telegram(given: Settings) -> Found:
    """Whether the token has the right form, and Telegram accepts it."""
    found = Found()
    try:
        bot = connections.telegram_bot(given)
    except StartError as error:
        found.lines.append(Line(Level.FAIL, "token", str(error)))
        return found
    try:
        found.lines.append(Line(Level.OK, "token", f"Telegram knows it: @{await bot.identify()}"))
        found.lines += await _webhook(bot, given)
    except InvalidToken:
        words = "Telegram does not accept TELEGRAM_BOT_TOKEN"
        found.lines.append(Line(Level.FAIL, "token", words, "check it with BotFather, or ask it for a new one"))
    except TelegramError as error:
        words = f"no answer from Telegram: {words_of(error)}"
        advice = "check the network and TELEGRAM_API_URL; the bot itself waits until Telegram answers"
        found.lines.append(Line(Level.FAIL, "token", words, advice))
    finally:
        found.clock_gap = connections.telegram_clock_gap(bot)
        await bot.shutdown()
    return found


async def _webhook(bot: RawBot, given: Settings) -> list[Line]:
    """Where Telegram sends the updates, and whether it can. With other settings `run` changes it."""
    try:
        info = await bot.webhook_info()
    except TelegramError as error:
        return [Line(Level.WARN, "webhook", f"{UNCHECKED}: {words_of(error)}")]
    url, host = info.get("url"), host_of(info)
    wanted = f"{given.public_url}{webhook.PATH}" if given.telegram_webhook else ""
    if url == wanted:
        return _delivery(info)
    if not host:
        return [Line(Level.OK, "webhook", "none yet; `run` sets it, so that Telegram sends updates to PUBLIC_URL")]
    if wanted:
        words = f"updates go to another address at {host}; `run` sets the webhook to PUBLIC_URL"
    else:
        words = (
            f"another deployment receives this bot's updates at {host}; `run` deletes the webhook, and receives them"
        )
    return [Line(Level.WARN, "webhook", words, "use another token here if that deployment is to go on")]


def _delivery(info: Mapping[str, Any]) -> list[Line]:
    """Whether Telegram can deliver: updates that wait, and what failed last (Bot API, `WebhookInfo`)."""
    if not info.get("url"):
        return [Line(Level.OK, "webhook", "none, so updates can be polled")]
    waiting, failure = info.get("pending_update_count"), info.get("last_error_message")
    if waiting and failure:
        words = f"{waiting} updates wait; Telegram could not deliver: {' '.join(str(failure).split())[:200]}"
        return [Line(Level.WARN, "webhook", words, UNREACHABLE)]
    return [Line(Level.OK, "webhook", "Telegram sends updates to PUBLIC_URL")]


async def check_webhooks(given: Settings) -> list[Line]:
    """Whether webhooks reach the running bot: sends it one that no sender signed, which it must refuse."""
    paths = [webhook.PATH] * given.telegram_webhook + [MONCRENEAU_PATH] * bool(given.webhook_secrets)
    if not paths:
        return []
    if given.public_url is None:
        advice = "set it to the address of the web server, as in the moncreneau dashboard, without /hooks/moncreneau"
        return [Line(Level.WARN, "webhooks", f"{UNCHECKED}: PUBLIC_URL is not set", advice)]
    async with open_session(connections=1, idle=1.0) as session:
        try:
            async with asyncio.timeout(PATIENCE):
                lines = []
                for path in paths:
                    address = given.public_url + path
                    answer = await session.post(address, data=b"{}", headers=FORGED, allow_redirects=False)
                    has_words = bool(await answer.content.read(1))
                    lines.append(_refusal(given.public_url, path, answer.status, has_words=has_words))
                metrics = await session.get(f"{given.public_url}/metrics", allow_redirects=False)
                is_open = metrics.status == HTTPStatus.OK and b"moncreneau_bot_" in await metrics.content.read(SNIPPET)
        except Exception as error:  # noqa: BLE001 — a check never raises
            return [Line(Level.WARN, "webhooks", f"PUBLIC_URL: {failure_of(error).words}", UNREACHABLE)]
    if is_open:
        advice = "let the web server forward only /hooks/ (docs/operating.md, section Webhooks of moncreneau)"
        lines.append(Line(Level.WARN, "webhooks", "the world can read /metrics at PUBLIC_URL", advice))
    return lines


def _refusal(url: str, path: str, status: int, *, has_words: bool) -> Line:
    """What the answer to a forged webhook means; the bot's own 401 has no words."""
    if status != HTTPStatus.UNAUTHORIZED or has_words:
        words = f"PUBLIC_URL{path} answers {status}, and the bot would answer 401"
        return Line(Level.WARN, "webhooks", words, UNREACHABLE)
    if path == MONCRENEAU_PATH and not url.startswith("https://"):
        advice = "moncreneau sends webhooks to https:// addresses only"
        return Line(Level.WARN, "webhooks", "the bot answers them at PUBLIC_URL, which is plain http", advice)
    words = "moncreneau" if path == MONCRENEAU_PATH else "Telegram"
    return Line(Level.OK, "webhooks", f"the bot answers {words} at PUBLIC_URL, and refuses a wrong signature")


def check_details(given: Settings) -> tuple[list[Line], Mapping[int, DepartmentDetails] | None]:
    """Whether `DEPARTMENTS_FILE` can be used, and what it tells in the default language; None without a usable one."""
    if given.departments_file is None:
        return [], None
    try:
        found = read_details(given.departments_file, tuple(available()), given.default_locale)[given.default_locale]
    except SettingsError as error:
        wrong = "\n".join(each.strip() for each in str(error).splitlines()[1:])
        advice = "docs/operating.md, section Departments file, explains the keys"
        return [Line(Level.FAIL, "details", wrong, advice)], None
    return [Line(Level.OK, "details", f"DEPARTMENTS_FILE tells of {len(found)} departments")], found


async def check_moncreneau(given: Settings, details: Mapping[int, DepartmentDetails] | None = None) -> Found:
    """The key, its scopes as far as they show, the departments and their staff; also those without `details`."""
    found = Found()
    gateway = connections.moncreneau_gateway(given, lambda: datetime.now(UTC))
    try:
        with contextlib.suppress(*connections.UNUSABLE):  # of the database another try tells
            kept = await saved_value(given.database_url, connections.saved_value_name("budget", given))
            connections.restore_quota(gateway, kept)
        found.lines += await _api(gateway)
        if details is not None:
            found.lines += _details(details, gateway.known_departments())
        found.lines += check_staff(given, gateway.known_departments())
        found.clock_gap = gateway.stats().clock_gap
    finally:
        await gateway.aclose()
    return found


async def _api(gateway: Gateway) -> list[Line]:
    try:
        await gateway.verify()
        departments = await gateway.departments()
    except ApiError as error:
        return [
            _refused("key", error),
            Line(Level.WARN, "scopes", UNCHECKED),
            Line(Level.WARN, "departments", UNCHECKED),
        ]
    lines = [Line(Level.OK, "key", "the moncreneau API accepts it")]
    try:
        await gateway.appointments(NOBODY)
        words = "appointments:read works; appointments:create shows with the first booking only (none is made to try)"
        lines.append(Line(Level.OK, "scopes", words))
    except ApiError as error:
        lines.append(_refused("scopes", error))
    return [*lines, *_departments(departments)]


def _refused(subject: str, error: ApiError) -> Line:
    """Why the API did not answer, by what could be done about it."""
    match error.failure.code:
        case FailureCode.NO_ACCESS:
            advice = "check MONCRENEAU_API_KEY, its scopes (appointments:read, appointments:create) and its expiry"
            return Line(Level.FAIL, subject, f"the moncreneau API refuses it: {error}", advice)
        case FailureCode.BUSY if isinstance(error, QuotaExhausted):
            words = f"not asked before {connections.hour(error)}: the running bot used up what the API allows"
            return Line(Level.WARN, subject, words, "try again then; the running bot waits, too")
        case FailureCode.BUSY:
            words = f"the moncreneau API has no requests left for us: {error}"
            return Line(Level.WARN, subject, words, "try again when the hour is over; the running bot waits, too")
        case _:
            advice = "check the network and MONCRENEAU_API_URL; the bot itself waits until the API answers"
            return Line(Level.FAIL, subject, f"the moncreneau API does not answer as it should: {error}", advice)


def _departments(departments: tuple[Department, ...]) -> Iterator[Line]:
    if not departments:
        advice = "open one in the moncreneau dashboard"
        yield Line(Level.WARN, "departments", "none takes appointments: citizens can book nothing", advice)
        return
    yield Line(Level.OK, "departments", f"{len(departments)} take appointments")
    if bare := [each for each in departments if each.asks_worker and not each.workers]:
        names = ", ".join(f"{each.name} ({each.id})" for each in bare)
        advice = "the API lists no staff there: give citizens the number that they have to type"
        yield Line(Level.WARN, "departments", f"{len(bare)} ask for a member of staff without a list: {names}", advice)


def check_staff(given: Settings, departments: tuple[Department, ...]) -> Iterator[Line]:
    """Who is staff of which department, and whether the API lists it; without any, whether it does is unknown."""
    roles = Roles.of(given.admin_ids, given.staff)
    names = {each.id: each.name for each in departments}
    for department in roles.staffed:
        who = ", ".join(map(str, roles.staff_of(department)))
        if departments and department not in names:
            words = f"STAFF names department {department} ({who}), which the API does not list"
            yield Line(Level.WARN, "staff", words, "correct its number, or remove it")
        else:
            sees = "agenda with names" if given.staff_names else "agenda without names"
            yield Line(Level.OK, "staff", f"of {names.get(department) or 'department'} ({department}): {who}; {sees}")


def _details(details: Mapping[int, DepartmentDetails], departments: tuple[Department, ...]) -> Iterator[Line]:
    """How the departments file and the API's departments fit together."""
    if bare := ", ".join(f"{each.name} ({each.id})" for each in departments if each.id not in details):
        advice = "citizens are not told what to bring there, nor where it is: add them to DEPARTMENTS_FILE"
        yield Line(Level.WARN, "details", f"departments without details: {bare}", advice)
    if unknown := unknown_departments(details, departments):
        advice = "remove them, or correct their numbers"
        yield Line(Level.WARN, "details", f"details of departments that the API does not list: {unknown}", advice)


async def check_database(url: str) -> list[Line]:
    """Whether it can be written, which revision it has, and what was set aside in it."""
    try:
        return _database(await examine(url, SHOWN))
    except connections.UNUSABLE as error:
        advice = "check DATABASE_URL, the folder's rights and room, and whether the database is up"
        return [Line(Level.FAIL, "database", f"cannot be used: {engines.cause(error)}", advice)]


def _database(checkup: Diagnosis) -> list[Line]:
    present, wanted = checkup.revision, checkup.newest
    if present is None:
        return [Line(Level.WARN, "database", "new: nothing is in it yet", "the first start of the bot prepares it")]
    if not checkup.known:
        words = f"its revision {present} is not one of this version's (newest: {wanted})"
        return [Line(Level.FAIL, "database", words, "run the version of the bot that made it, or a newer one")]
    lines = [Line(Level.OK, "database", f"can be written; revision {present}")]
    if present > wanted:
        words = f"a newer version of the bot has migrated it to revision {present}; its tables serve this one too"
        lines.append(Line(Level.WARN, "database", words, "bring this one up to date as well"))
    elif present != wanted:
        words = f"the next start brings it from revision {present} to {wanted}"
        lines.append(Line(Level.WARN, "database", words, "copy it before you start the new version"))
    if checkup.set_aside:
        newest = "\n".join(
            f"update {each.update_id}: {each.error}, {datetime.fromtimestamp(each.at, UTC):%Y-%m-%d %H:%M} UTC"
            for each in checkup.newest_set_aside
        )
        words = f"{checkup.set_aside} set aside after an error in the bot, the newest:\n{newest}"
        advice = "the log has a traceback at that time: please report it; the citizen was told that it failed"
        lines.append(Line(Level.WARN, "updates", words, advice))
    return lines


async def check_leader(url: str) -> list[Line]:
    """Which process leads on this database, whether another stands by, and whether the clocks agree."""
    try:
        if engines.address(url).get_backend_name() == "sqlite":
            return []
        found = await leadership(url)
    except connections.UNUSABLE:
        return []  # `check_database` tells it, or the tables are not there yet
    if found is None:
        return [Line(Level.OK, "leader", "no process has worked on this database yet")]
    return [_leader(found), *_database_clocks(found)]


def _leader(found: Leadership) -> Line:
    if found.is_over:
        words = f"no process leads now; the last one was {found.leader}, {found.age:.0f} s ago (epoch {found.epoch})"
        return Line(Level.WARN, "leader", words, "start the bot; if it runs, its log says why it does not lead")
    words = f"{found.leader} leads since {found.since:%Y-%m-%d %H:%M:%S} UTC (epoch {found.epoch})"
    if found.standbys:
        return Line(Level.OK, "leader", f"{words}; standing by: {found.standbys}")
    return Line(Level.OK, "leader", f"{words}; no other process stands by")


def _database_clocks(found: Leadership) -> Iterator[Line]:
    """The lease does not depend on these clocks, but reminders and the log do."""
    for whose, gap in (("this machine's", found.clock_gap), (f"{found.leader}'s", found.leaders_clock_gap)):
        if abs(gap) > APART:
            words = f"{whose} clock is {abs(gap):.0f} s {'ahead of' if gap > 0 else 'behind'} the database's"
            yield Line(Level.WARN, "clock", words, "set the clocks of both machines by NTP")


def check_clocks(gaps: Mapping[str, float | None]) -> Iterator[Line]:
    """Whether our clock and those of the services agree; their responses have a `Date`."""
    for service, gap in gaps.items():
        if gap is None:
            yield Line(Level.WARN, "clock", f"{UNCHECKED}: {service} sent no time")
        elif abs(gap) > FAR_APART:
            words = f"{abs(gap):.0f} s {'behind' if gap > 0 else 'ahead of'} {service}’s"
            yield Line(Level.WARN, "clock", words, "set this machine's clock by NTP")
        else:
            yield Line(Level.OK, "clock", f"as {service}’s")


def check_zone(given: Settings) -> Iterator[Line]:
    """The time at the office, so that the operator notices a wrong zone."""
    at = datetime.now(given.timezone)
    yield Line(Level.OK, "zone", f"{given.timezone.key}: it is {at:%H:%M} at the office")


WORKS, CANNOT_WORK = 0, 1
WIDTH = 12


async def run(*, quick: bool) -> int:
    """Try everything, or (`quick`) only settings and database. Returns the exit code."""
    try:
        settings = read_settings()
    except SettingsError as error:
        wrong = "\n".join(each.strip() for each in str(error).splitlines()[1:])
        _say([Line(Level.FAIL, "settings", wrong, "docs/operating.md, section Settings, explains each")])
        return CANNOT_WORK
    details_lines, details = check_details(settings)
    found = [*_say(check_settings(settings)), *_say(details_lines), *_say(await check_database(settings.database_url))]
    found += _say(await check_leader(settings.database_url))
    if not quick:
        telegram = await check_telegram(settings)
        found += _say(telegram.lines)
        moncreneau = await check_moncreneau(settings, details)
        found += _say(moncreneau.lines)
        found += _say(await check_webhooks(settings))
        found += _say(check_clocks({"Telegram": telegram.clock_gap, "moncreneau": moncreneau.clock_gap}))
    found += _say(check_zone(settings))
    worst = max(line.level for line in found)
    print({Level.OK: "All is well.", Level.WARN: "It can work."}.get(worst, "It cannot work like this."))  # noqa: T201
    return CANNOT_WORK if worst is Level.FAIL else WORKS


def _say(lines: Iterable[Line]) -> list[Line]:
    """Print at once: the next check may wait for a service that does not answer."""
    said = list(lines)
    for line in said:
        words = ("\n" + " " * (WIDTH + 6)).join(map(logs.one_line, line.words.split("\n")))
        sys.stdout.write(f"{line.level.name:<5} {line.subject:<{WIDTH}}{words}\n")
        if line.advice:
            sys.stdout.write(f"{'':<5} {'':<{WIDTH}}→ {line.advice}\n")
    sys.stdout.flush()
    return said
