"""Inbox, sessions, outbox and attempts over a real SQLite file, crashes included, against plain dictionaries.

What was acknowledged is there after any crash; what was not is there whole or not at all.
"""

import asyncio
import contextlib
import copy
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.app.records import (
    AttemptKind,
    Change,
    Delivery,
    Kind,
    SetAside,
    Settled,
    StoredAttempt,
    StoredChat,
    StoredUpdate,
    Urgency,
)
from bot.storage.store import Store, StoreClosedError
from bot.views.message import Button, Message

CHATS = (1, 2, -3)
UPDATES = st.integers(1, 30)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
Key = tuple[int, int]


@dataclass
class Oracle:
    """The rows that must be in the store, by number."""

    known: set[int] = field(default_factory=set)
    updates: dict[int, StoredUpdate] = field(default_factory=dict)
    chats: dict[int, StoredChat] = field(default_factory=dict)
    outbox: dict[int, Delivery] = field(default_factory=dict)
    attempts: dict[Key, StoredAttempt] = field(default_factory=dict)
    made: dict[int, set[int]] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)

    def receive(self, batch: tuple[StoredUpdate, ...]) -> tuple[StoredUpdate, ...]:
        new = {each.update_id: each for each in reversed(batch) if each.update_id not in self.known}
        self.known |= new.keys()
        self.updates |= new
        return tuple(new[number] for number in sorted(new))

    def commit(self, change: Change) -> None:
        for number in (*change.done, *(each.update_id for each in change.failed)):
            self.updates.pop(number, None)
        if change.chat:
            self.chats[change.chat.chat_id] = change.chat
        for chat_id, left in ((change.returned, False), (change.left, True)):
            if chat_id in self.chats:
                self.chats[chat_id] = replace(self.chats[chat_id], left=left)
        self.outbox = {number: each for number, each in self.outbox.items() if each.chat_id != change.left}
        self.outbox |= {each.id: each for each in change.queued}
        for number in change.sent:
            self.outbox.pop(number, None)
        self.attempts |= {(each.chat_id, each.number): each for each in change.opened}
        if change.withdrawn in self.attempts:
            self.attempts[change.withdrawn] = replace(self.attempts[change.withdrawn], withdrawn=True)
        if (end := change.settled) and self.attempts.pop((end.chat_id, end.number), None) and end.appointment_id:
            self.made.setdefault(end.chat_id, set()).add(end.appointment_id)
        if change.picture:
            self.pictures[change.picture[0]] = change.picture[1]


class Durability(RuleBasedStateMachine):
    """Receives, takes turns, sends, settles, crashes and starts again, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="durability-"))
        self.lives = 0
        self.numbers = 0
        self.oracle = Oracle()
        self.store = self._open()

    def _open(self) -> Store:
        return self.runner.run(Store(f"sqlite+aiosqlite:///{self._file}").open())

    @property
    def _file(self) -> Path:
        return self.folder / f"{self.lives}.db"

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    def number(self) -> int:
        self.numbers += 1
        return self.numbers

    def commit(self, *changes: Change) -> None:
        """Commit them at once, as chats side by side do."""

        async def together() -> None:
            await asyncio.gather(*map(self.store.commit, changes))

        self.runner.run(together())
        for change in changes:
            self.oracle.commit(change)

    def turn(self, update: StoredUpdate, text: str, *, messages: int, confirms: bool) -> Change:
        """All that a turn changes."""
        queued = tuple(
            Delivery(
                self.number(), update.chat_id, kind, Message(text, ((Button(text, "yes"),),)), urgency=Urgency.NOTICE
            )
            for kind in (Kind.SEND, Kind.EDIT, Kind.PICTURE)[:messages]
        )
        opened = (StoredAttempt(update.chat_id, self.number(), AttemptKind.BOOK, text),) if confirms else ()
        chat = StoredChat(update.chat_id, text, "fr")
        return Change(done=(update.update_id,), chat=chat, queued=queued, opened=opened)

    # --- what happens ---------------------------------------------------------------------------------------------

    @initialize()
    def someone_is_known(self) -> None:
        self.commit(Change(chat=StoredChat(CHATS[0], "a session", "fr")))

    @rule(batches=st.lists(st.lists(UPDATES, min_size=1, max_size=8), min_size=1, max_size=3), text=TEXTS)
    def receive(self, batches: list[list[int]], text: str) -> None:
        """Batches with repeats and in disorder; several at once are one transaction."""
        told = [tuple(StoredUpdate(n, CHATS[n % 3], text) for n in batch) for batch in batches]

        async def together() -> list[tuple[StoredUpdate, ...]]:
            return await asyncio.gather(*map(self.store.receive, told))

        assert self.runner.run(together()) == [self.oracle.receive(batch) for batch in told]

    @precondition(lambda self: self.oracle.updates)
    @rule(data=st.data(), text=TEXTS, messages=st.integers(0, 3), confirms=st.booleans())
    def take_turns(self, data: st.DataObject, text: str, messages: int, confirms: bool) -> None:  # noqa: FBT001 — drawn
        """The first open update of some chats, side by side."""
        firsts = {each.chat_id: each for _, each in sorted(self.oracle.updates.items(), reverse=True)}
        chosen = data.draw(st.lists(st.sampled_from(sorted(firsts)), min_size=1, unique=True))
        self.commit(*[self.turn(firsts[chat], text, messages=messages, confirms=confirms) for chat in chosen])

    @precondition(lambda self: self.oracle.updates)
    @rule(data=st.data())
    def set_aside(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.oracle.updates)))
        self.commit(Change(failed=(SetAside(number, "ZeroDivisionError"),)))

    @precondition(lambda self: self.oracle.outbox)
    @rule(data=st.data())
    def send(self, data: st.DataObject) -> None:
        """Some are sent, one perhaps twice; a picture is remembered."""
        sent = data.draw(st.lists(st.sampled_from(sorted(self.oracle.outbox)), min_size=1, max_size=4))
        self.commit(*[Change(sent=(number,), picture=("a link", f"file {number}")) for number in sent])

    @precondition(lambda self: self.oracle.attempts)
    @rule(data=st.data(), booked=st.booleans())
    def settle(self, data: st.DataObject, booked: bool) -> None:  # noqa: FBT001 — drawn
        chat_id, number = data.draw(st.sampled_from(sorted(self.oracle.attempts)))
        made = self.number() if booked else None
        self.commit(Change(settled=Settled(chat_id, number, "an outcome", made)))

    @precondition(lambda self: self.oracle.attempts)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        self.commit(Change(withdrawn=data.draw(st.sampled_from(sorted(self.oracle.attempts)))))

    @rule(chat=st.sampled_from(CHATS), returns=st.booleans())
    def leave(self, chat: int, returns: bool) -> None:  # noqa: FBT001 — drawn
        self.commit(Change(left=chat))
        if returns:
            self.commit(Change(returned=chat))

    # --- crashes --------------------------------------------------------------------------------------------------

    @rule()
    def crash_and_start_again(self) -> None:
        """The files as they lie there, without a word to the store, are what the next process finds."""
        before = self._file
        self.lives += 1
        for end in ("", "-wal"):
            if (part := before.with_name(before.name + end)).exists():
                shutil.copy(part, self._file.with_name(self._file.name + end))
        abandoned, self.store = self.store, self._open()
        self.runner.run(abandoned.close())

    @precondition(lambda self: self.oracle.updates)
    @rule(data=st.data(), steps=st.integers(0, 6))
    def crash_in_the_middle_of_a_commit(self, data: st.DataObject, steps: int) -> None:
        """Closed without grace: what was acknowledged is there, and what was not is there whole or not at all."""
        number = data.draw(st.sampled_from(sorted(self.oracle.updates)))
        change = self.turn(self.oracle.updates[number], "a last word", messages=3, confirms=True)
        acknowledged = self.runner.run(self._cut_off(change, steps))
        self.store = self._open()
        done = number not in {each.update_id for each in self.runner.run(self.store.open_updates())}
        assert done or not acknowledged
        if done:
            self.oracle.commit(change)
        else:
            # Taken again, as the next process does. How far a thread gets is chance, what comes after must not be.
            self.runner.run(self._compare(copy.copy(self.oracle)))
            self.commit(change)

    async def _cut_off(self, change: Change, steps: int) -> bool:
        """Let a commit run for so many steps of the loop, then close; returns whether it was acknowledged."""
        committing = asyncio.create_task(self.store.commit(change))
        for _ in range(steps):
            await asyncio.sleep(0)
        await self.store.close(grace=0)
        with contextlib.suppress(StoreClosedError):
            await committing
            return True
        return False

    # --- what always holds ----------------------------------------------------------------------------------------

    @invariant()
    def the_store_is_what_the_oracle_says(self) -> None:
        self.runner.run(self._compare(copy.copy(self.oracle)))

    async def _compare(self, oracle: Oracle) -> None:
        assert await self.store.open_updates() == tuple(each for _, each in sorted(oracle.updates.items()))
        assert [each async for each in self.store.open_deliveries()] == [
            each for _, each in sorted(oracle.outbox.items())
        ]
        attempts = {(each.chat_id, each.number): each for each in await self.store.open_attempts()}
        assert attempts == oracle.attempts
        for chat in CHATS:
            assert await self.store.chat(chat) == oracle.chats.get(chat)
            assert await self.store.made_by(chat) == oracle.made.get(chat, set())
        assert await self.store.picture("a link") == oracle.pictures.get("a link")


TestDurability = Durability.TestCase
TestDurability.settings = settings(
    max_examples=20, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
