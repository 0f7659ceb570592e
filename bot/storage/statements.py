"""Turns the changes of many chats into few SQL statements: each statement runs once for the whole batch.

The order of changes is respected: rows of one statement keep their order, and statements that touch the same table run
in the order of `writes`. Knows SQL; does not know when a batch is committed, nor how often.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import (
    Connection,
    Engine,
    UpdateBase,
    bindparam,
    delete,
    insert,
    null,
    or_,
    select,
    true,
    tuple_,
    update,
)

from bot.app.records import Change, StoredUpdate
from bot.core.appointment_book import BookEntry, Fact, absorb
from bot.core.calendar_event import bequeath, inherit
from bot.core.reminders import is_new_version, timers_of
from bot.core.statistics import Count, Counted, counts_of
from bot.storage import engines, mappers
from bot.storage.tables import (
    appointments,
    attempts,
    chats,
    daily_counts,
    inbox,
    outbox,
    pictures,
    rating_questions,
    ratings,
    saved_values,
    ticket_messages,
    timers,
)

MAX_RANGE = 1000
"""Update ids no further apart than this are looked up with one BETWEEN."""
Write = tuple[UpdateBase, list[mappers.Values]]


class Statements:
    """The statements, each run with a list of rows. SQLAlchemy keeps the SQL of each."""

    def __init__(self, engine: Engine) -> None:
        this_update = inbox.c.update_id == bindparam("key")
        this_attempt = (attempts.c.chat_id == bindparam("key"), attempts.c.number == bindparam("which"))
        self.ids_between = select(inbox.c.update_id).where(
            inbox.c.update_id.between(bindparam("first"), bindparam("last"))
        )
        self.receive = engines.insert_ignore(engine, inbox)
        self.done = engines.upsert(engine, inbox, ["done_at", "body"])
        self.failed = update(inbox).where(this_update).values(done_at=bindparam("at"), error=bindparam("why"))
        of_chat = ["session", "locale", "is_left", "announcements", "reminders", "ratings", "seen_at"]
        self.chat = engines.upsert(engine, chats, of_chat)
        self.presence = update(chats).where(chats.c.chat_id == bindparam("key")).values(is_left=bindparam("gone"))
        self.drop_queue = delete(outbox).where(outbox.c.chat_id == bindparam("key"))
        self.queue = insert(outbox)
        self.sent = delete(outbox).where(outbox.c.id == bindparam("key"))
        self.open = engines.insert_ignore(engine, attempts)
        self.withdraw = update(attempts).where(*this_attempt).values(withdrawn=true())
        self.accept = update(attempts).where(*this_attempt).values(outcome=bindparam("how"))
        self.replaced = (
            update(attempts)
            .where(*this_attempt)
            .values(body=bindparam("text"), outcome=bindparam("how"), appointment_id=bindparam("made"))
        )
        self.settle = (
            update(attempts)
            .where(*this_attempt)
            .values(settled_at=bindparam("at"), outcome=bindparam("how"), appointment_id=bindparam("made"), body=null())
        )
        known = [name for name in mappers.ENTRY if name != "appointment_id"]
        self.entry = engines.upsert(engine, appointments, known)
        self.ticket_message = engines.upsert(engine, ticket_messages, ["appointment_id", "is_picture"])
        self.arm = insert(timers)
        self.disarm = delete(timers).where(timers.c.appointment_id == bindparam("key"))
        self.fire = delete(timers).where(
            timers.c.appointment_id == bindparam("key"),
            timers.c.kind == bindparam("which"),
            timers.c.version == bindparam("of_version"),
        )
        self.calendar = (
            update(appointments)
            .where(appointments.c.appointment_id == bindparam("key"))
            .values(ics_sent=appointments.c.version)
        )
        said = appointments.c.coming_version
        unanswered = (
            appointments.c.appointment_id == bindparam("key"),
            appointments.c.version == bindparam("of_version"),
            or_(said.is_(None), said != appointments.c.version),
        )
        self.unanswered = select(appointments.c.starts_at, appointments.c.department_id).where(*unanswered)
        self.coming = update(appointments).where(*unanswered).values(coming_version=appointments.c.version)
        self.count = engines.add(engine, daily_counts, "count")
        self.ask = engines.upsert(engine, rating_questions, ["chat_id", "department_id", "week"])
        self.asked = update(chats).where(chats.c.chat_id == bindparam("key")).values(asked_on=bindparam("day"))
        self.rate = engines.add(engine, ratings, "total")
        self.picture = engines.upsert(engine, pictures, ["file_id"])
        self.save_value = engines.upsert(engine, saved_values, ["value"])

    def writes(self, changes: Iterable[Change], now: float) -> list[Write]:  # noqa: C901 — a table
        """The statements to run for these changes, in order, each with its rows; statements without rows are left out.

        `now` is in Unix seconds.
        """
        chats_now: dict[int, mappers.Values] = {}  # only a chat's last change is stored
        presence: list[mappers.Values] = []
        drop: list[mappers.Values] = []
        queue: list[mappers.Values] = []
        opened: list[mappers.Values] = []
        withdraw: list[mappers.Values] = []
        accept: list[mappers.Values] = []
        replaced: list[mappers.Values] = []
        settle: list[mappers.Values] = []
        picture: list[mappers.Values] = []
        tickets: list[mappers.Values] = []
        calendars: list[mappers.Values] = []
        questions: list[mappers.Values] = []
        asked: list[mappers.Values] = []
        values: list[mappers.Values] = []
        failed: list[mappers.Values] = []
        sent: list[mappers.Values] = []
        done: list[mappers.Values] = []
        for change in changes:
            if change.chat:
                chats_now[change.chat.chat_id] = mappers.chat_row(change.chat, now)
            if change.returned is not None:
                presence.append({"key": change.returned, "gone": False})
            if change.left is not None:
                presence.append({"key": change.left, "gone": True})
                drop.append({"key": change.left})
            queue.extend(map(mappers.delivery_row, change.queued))
            sent.extend({"key": each} for each in change.sent)
            opened.extend(mappers.attempt_row(each, now) for each in change.opened)
            if change.withdrawn:
                withdraw.append({"key": change.withdrawn[0], "which": change.withdrawn[1]})
            if change.accepted:
                accept.append({"key": change.accepted[0], "which": change.accepted[1], "how": mappers.ACCEPTED})
            replaced.extend(mappers.replaced_rows(change.replaced))
            if (end := change.settled) is not None:
                settle.append(mappers.settled_row(end, now))
            if change.picture and mappers.fits_picture_row(*change.picture):
                picture.append({"link": change.picture[0], "file_id": change.picture[1]})
            if change.ticket_message:
                tickets.append(asdict(change.ticket_message))
            if change.calendar is not None:
                calendars.append({"key": change.calendar})
            if change.asked:
                questions.append(mappers.question_row(change.asked))
                asked.append({"key": change.asked.chat_id, "day": change.asked.asked.isoformat()})
            values.extend({"name": name, "value": value} for name, value in change.saved_values)
            done.extend(mappers.done_row(each, now) for each in change.done)
            failed.extend({"key": each.update_id, "at": now, "why": each.error} for each in change.failed)
        everything = (
            (self.chat, list(chats_now.values())),
            (self.presence, presence),
            (self.drop_queue, drop),
            (self.queue, queue),
            (self.open, opened),
            (self.withdraw, withdraw),
            (self.accept, accept),
            (self.replaced, replaced),
            (self.settle, settle),
            (self.picture, picture),
            (self.ticket_message, tickets),
            (self.calendar, calendars),
            (self.ask, questions),
            (self.asked, asked),
            (self.save_value, values),
            (self.failed, failed),
            (self.sent, sent),
            (self.done, done),
        )
        return [(statement, values) for statement, values in everything if values]

    def absorb(self, connection: Connection, changes: Iterable[Change]) -> list[Count]:
        """Let the appointment book learn what these changes tell of it, and set the timers that follow.

        Returns what that counts in the statistics.
        """
        counts: list[Count] = []
        facts: list[Fact] = []
        armed: dict[int, bool] = {}
        fired: list[mappers.Values] = []
        for change in changes:
            facts += change.all_facts
            armed |= _armed_by(change)
            fired += (
                {"key": each.appointment_id, "which": each.kind.value, "of_version": each.version}
                for each in change.fired
            )
        if fired:
            connection.execute(self.fire, fired)
        ids = {*(each.appointment_id for each in facts), *(number for number, wanted in armed.items() if wanted)}
        if ids := ids | {each.replaces for each in facts if each.replaces is not None}:
            rows = connection.execute(select(appointments).where(appointments.c.appointment_id.in_(ids)))
            before: dict[int, BookEntry] = {row.appointment_id: mappers.read_entry(row) for row in rows}
            after = _with_facts(before, facts, counts)
            if changed := [mappers.entry_row(each) for number, each in after.items() if each != before.get(number)]:
                connection.execute(self.entry, changed)
            renewed = {number: True for number, each in after.items() if is_new_version(before.get(number), each)}
            self._set_timers(connection, renewed | armed, after)
        elif armed:
            self._set_timers(connection, armed, {})
        return counts

    def _set_timers(self, connection: Connection, armed: Mapping[int, bool], entries: Mapping[int, BookEntry]) -> None:
        """Replace the timers of these appointments: by none, or (where True) by those of the entry."""
        if not armed:
            return
        connection.execute(self.disarm, [{"key": number} for number in armed])
        wanted = [entries[number] for number, is_wanted in armed.items() if is_wanted and number in entries]
        if timers_now := [mappers.timer_row(timer) for entry in wanted for timer in timers_of(entry)]:
            connection.execute(self.arm, timers_now)

    def counts_of_settled(self, connection: Connection, changes: Iterable[Change]) -> list[Count]:
        """What the outcomes of attempts count that are open until these changes close them."""
        ends = {(end.chat_id, end.number): end.counts for each in changes if (end := each.settled) and end.counts}
        if not ends:
            return []
        key = (attempts.c.chat_id, attempts.c.number)
        still_open = select(*key).where(tuple_(*key).in_(list(ends)), attempts.c.settled_at.is_(None))
        return [count for row in connection.execute(still_open) for count in ends[row.chat_id, row.number]]

    def note_coming(self, connection: Connection, changes: Iterable[Change]) -> list[Count]:
        """Note who says that they will come; counts each version of an appointment once."""
        counts: list[Count] = []
        for change in changes:
            if change.coming:
                said = {"key": change.coming[0], "of_version": change.coming[1]}
                rows = connection.execute(self.unanswered, said).all()
                counts += (Count(mappers.day_in(row.starts_at), row.department_id, Counted.COMING) for row in rows)
                connection.execute(self.coming, said)
        return counts

    def add_counts(self, connection: Connection, counts: Iterable[Count]) -> None:
        """Add these to the statistics."""
        totals = Counter[tuple[str, int, str]]()
        for each in counts:
            totals[each.day.isoformat(), each.department_id, each.what.value] += each.number
        names = ("day", "department_id", "what", "count")
        if rows := [dict(zip(names, (*key, number), strict=True)) for key, number in sorted(totals.items()) if number]:
            connection.execute(self.count, rows)

    def count_ratings(self, connection: Connection, changes: Iterable[Change]) -> None:
        """Count each answer whose question is open, and close the question."""
        for answer in (change.rated for change in changes if change.rated):
            this = (
                rating_questions.c.chat_id == answer.chat_id,
                rating_questions.c.appointment_id == answer.appointment_id,
            )
            question = connection.execute(select(rating_questions).where(*this)).first()
            if question is None:
                continue
            connection.execute(delete(rating_questions).where(*this))
            if answer.score is not None:
                of_visit = {"department_id": question.department_id, "week": question.week}
                connection.execute(self.rate, of_visit | {"score": int(answer.score), "total": 1})

    def insert_new(
        self, connection: Connection, updates: Sequence[StoredUpdate], done: Container[int], now: float
    ) -> dict[int, StoredUpdate]:
        """Insert updates that the inbox does not have, except those that the same batch marks as `done`.

        Returns all updates that the inbox did not have, by id.
        """
        known = self._existing_ids(connection, [each.update_id for each in updates])
        new = {each.update_id: each for each in updates if each.update_id not in known}
        if still_open := [mappers.update_row(each, now) for each in new.values() if each.update_id not in done]:
            connection.execute(self.receive, still_open)
        return new

    def _existing_ids(self, connection: Connection, ids: Sequence[int]) -> set[int]:
        """The ids that the inbox has. Ids are sequential (Bot API, `Update.update_id`), so they mostly form a range."""
        first, last = min(ids), max(ids)
        if last - first <= MAX_RANGE:
            return set(connection.scalars(self.ids_between, {"first": first, "last": last}))
        return set(connection.scalars(select(inbox.c.update_id).where(inbox.c.update_id.in_(ids))))


def take_new(updates: tuple[StoredUpdate, ...], new: dict[int, StoredUpdate]) -> tuple[StoredUpdate, ...]:
    """Remove the given updates from `new` and return them in the order of their ids.

    If two callers received the same update, only the first one gets it.
    """
    ids = sorted({each.update_id for each in updates} & new.keys())
    return tuple(new.pop(each) for each in ids)


def _armed_by(change: Change) -> dict[int, bool]:
    """The appointments whose timers the change deletes (False) or sets again (True), although no entry changed."""
    deleted = (*change.disarmed, *((change.replaced.old_id,) if change.replaced else ()))
    set_again = (*change.rearmed, *(change.settled.rearmed if change.settled else ()))
    return dict.fromkeys(deleted, False) | dict.fromkeys(set_again, True)


def _with_facts(before: Mapping[int, BookEntry], facts: Iterable[Fact], counts: list[Count]) -> dict[int, BookEntry]:
    """The entries of the appointment book after the facts, by appointment. What the facts count goes to `counts`."""
    after = dict(before)
    for fact in facts:
        known = after.get(fact.appointment_id)
        entry, effects = absorb(known, fact)
        counts += counts_of(known, entry, effects, fact)
        if entry and fact.replaces is not None:
            old = after.get(fact.replaces)
            entry = inherit(entry, old, fact.replaces)
            if old:
                after[fact.replaces] = bequeath(old, fact.appointment_id)
        if entry:
            after[fact.appointment_id] = entry
    return after
