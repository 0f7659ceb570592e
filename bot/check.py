"""`python -m bot check`: tries everything that the bot stands on, and says for each what is wrong and what to do.

Nothing is booked, sent or migrated, and no secret is shown. The exit code is 0 where the bot can work, 1 where it
cannot; a warning is something to know. Knows the order of the tries; `probes` makes them.
"""

import sys
from collections.abc import Iterable

from bot import probes
from bot.probes import Level, Line
from bot.settings import SettingsError, read_settings

WORKS, CANNOT_WORK = 0, 1
WIDTH = 12


async def run(*, quick: bool) -> int:
    """Try all of it, or (`quick`) what asks nobody outside this machine but the database. Returns the exit code."""
    try:
        settings = read_settings()
    except SettingsError as error:
        wrong = "\n".join(each.strip() for each in str(error).splitlines()[1:])
        _say([Line(Level.FAIL, "settings", wrong, "README.md, section Settings, explains each")])
        return CANNOT_WORK
    found = [*_say(probes.settings(settings)), *_say(await probes.database(settings.database_url))]
    if not quick:
        telegram = await probes.telegram(settings)
        found += _say(telegram.lines)
        moncreneau = await probes.moncreneau(settings)
        found += _say(moncreneau.lines)
        found += _say(probes.clocks({"Telegram": telegram.clock_gap, "moncreneau": moncreneau.clock_gap}))
    found += _say(probes.zone(settings))
    worst = max(line.level for line in found)
    print({Level.OK: "All is well.", Level.WARN: "It can work."}.get(worst, "It cannot work like this."))  # noqa: T201
    return CANNOT_WORK if worst is Level.FAIL else WORKS


def _say(lines: Iterable[Line]) -> list[Line]:
    """Print at once: a service that does not answer takes its time."""
    said = list(lines)
    for line in said:
        words = line.words.replace("\n", "\n" + " " * (WIDTH + 6))
        sys.stdout.write(f"{line.level.name:<5} {line.subject:<{WIDTH}}{words}\n")
        if line.advice:
            sys.stdout.write(f"{'':<5} {'':<{WIDTH}}→ {line.advice}\n")
    sys.stdout.flush()
    return said
