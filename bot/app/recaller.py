"""Takes a broadcast back: deletes its messages, for as long as Telegram still allows it. Deleting twice does no harm.

A message that cannot be deleted stays `sent`, with the reason: who has it still has it. One that is too old by our own
clock is not even asked for. Knows nothing of Telegram's formats.
"""

import asyncio
import time

from bot.app.broadcast_ports import Entry, Herald, Recipient, Roll
from bot.app.ledger import Ledger
from bot.app.pacing import Overall, Steady
from bot.app.patience import either
from bot.app.ports import FloodedError, MaybeSentError, NotSentError, SendError
from bot.app.records import Urgency
from bot.app.rounds import Round
from bot.core.broadcast import Fate

PAGE, AT_ONCE = 500, 50
DELETABLE = 48 * 3600.0
"""Seconds for which a bot may delete what it sent (Bot API, `deleteMessage`)."""
PAUSE = 2.0
TOO_OLD, NO_NUMBER, WAS_GONE = "older than 48 hours", "its number is unknown", "it was gone already"


class Recaller:
    """All recalls, at the pace of broadcasts."""

    def __init__(self, roll: Roll, herald: Herald, pace: Steady, overall: Overall) -> None:
        self._roll = roll
        self._herald = herald
        self._pace = pace
        self._overall = overall

    async def carry(self, rounds: Round) -> bool:
        """Take back from everybody. Returns whether all was tried; False: it was halted before that."""
        number = rounds.plan.number
        ledger = Ledger(self._roll, number)
        rounds.began = asyncio.get_running_loop().time()
        after = 0
        while page := await self._roll.page(number, rounds.turns, after, PAGE):
            for start in range(0, len(page), AT_ONCE):
                some = page[start : start + AT_ONCE]
                await asyncio.gather(*(self._recall(rounds, each, ledger) for each in some))
                if rounds.halted.is_set():
                    await ledger.close()
                    return False
            after = page[-1].chat_id
        await ledger.close()
        return True

    async def _recall(self, rounds: Round, recipient: Recipient, ledger: Ledger) -> None:
        if recipient.at < time.time() - DELETABLE:
            self._kept(rounds, recipient, ledger, TOO_OLD)
            return
        if not recipient.message_id:
            self._kept(rounds, recipient, ledger, NO_NUMBER)
            return
        asked = False
        while not rounds.halted.is_set():
            await self._pace.turn()
            await self._overall.turn(Urgency.BULK)
            try:
                was_there = await self._herald.recall(recipient.chat_id, recipient.message_id)
            except FloodedError as flood:
                await either(rounds.halted, flood.retry_after)
            except NotSentError:
                await either(rounds.halted, PAUSE)
            except MaybeSentError:
                asked = True
                await either(rounds.halted, PAUSE)
            except SendError as error:
                self._kept(rounds, recipient, ledger, str(error))
                return
            else:
                why = None if was_there or asked else WAS_GONE
                ledger.soon(Entry(recipient.chat_id, Fate.RECALLED, recipient.message_id, why))
                rounds.befalls(Fate.SENT, Fate.RECALLED)
                rounds.done += 1
                return

    @staticmethod
    def _kept(rounds: Round, recipient: Recipient, ledger: Ledger, why: str) -> None:
        """It stays on the phone."""
        ledger.soon(Entry(recipient.chat_id, Fate.SENT, recipient.message_id, f"cannot be recalled: {why}"[:200]))
        rounds.kept += 1
        rounds.done += 1
