"""Strategies for answers and for actions of citizens, reasonable or not: long names, markup, any script, any number."""

from datetime import datetime, timedelta

from hypothesis import strategies as st

from bot.core import callback_data
from bot.core.model import Appointment, AppointmentStatus, Department, Failure, FailureCode, Slot, Worker

START = datetime.fromisoformat("2026-01-20T08:00")

ids = st.integers(1, 6) | st.integers(1, 2**31)
words = st.text(max_size=12) | st.sampled_from(["Passeports", "<b>&", "𞤀𞤣𞤤𞤢𞤥" * 60, "x" * 300, "  ", "\n"])
moments = st.integers(-600, 60 * 24 * 70).map(lambda n: START + timedelta(minutes=n * 5))
workers = st.lists(st.builds(Worker, ids, words), max_size=10, unique_by=lambda each: each.id).map(tuple)
departments = st.builds(Department, ids, words, words, st.booleans(), workers)
offices = st.lists(departments, max_size=12, unique_by=lambda each: each.id).map(tuple)
slots = st.lists(moments, max_size=40, unique=True).map(lambda found: tuple(Slot(at) for at in sorted(found)))
dense = st.integers(0, 1440).map(lambda n: tuple(Slot(START + timedelta(minutes=i)) for i in range(n)))
links = st.none() | st.just("https://x.example/q?a=1&b=<2>") | st.just("https://x.example/" + "q" * 5000) | st.just("")
booked = st.builds(Appointment, ids, ids, moments, words, st.sampled_from(AppointmentStatus), links)
failures = st.builds(Failure, st.sampled_from(FailureCode), st.none() | moments)
kinds = st.sampled_from(
    sorted(v for k, v in vars(callback_data).items() if k.isupper() and isinstance(v, str)),
)
values = st.integers(0, 12).map(str) | st.sampled_from(["20260125", "20260125T1430", "fr", "en", "xx", "-1", "9" * 20])
forged = st.text(max_size=40) | kinds | st.builds("{}:{}".format, kinds, values | st.text(max_size=10))
commands = st.sampled_from(["start", "book", "appointments", "cancel", "language", "help", "stop", "other", ""])
arguments = st.sampled_from(["", "d_1", "d_", "d_x", "3", "#4", "-1", "12 3", "<b>"]) | st.text(max_size=10)
texts = st.text(max_size=30) | st.sampled_from(["Aïssatou Bah", "N'Diaye", "passeport", "3", "x" * 5000, " "])
languages = st.sampled_from(["", "fr", "en", "pt-BR", "zz"])
