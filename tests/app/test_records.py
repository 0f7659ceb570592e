"""Numbers of deliveries: unique, growing, whatever the clock does."""

from bot.app.records import DeliveryIds


def test_ids_increase_within_one_millisecond() -> None:
    ids = DeliveryIds(lambda: 5_000_000)
    assert [ids.next() for _ in range(3)] == [5000, 5001, 5002]


def test_ids_are_larger_than_those_of_an_earlier_process_even_if_the_clock_was_set_back() -> None:
    ids = DeliveryIds(lambda: 5_000_000)
    ids.seen(9_000)
    ids.seen(7_000)
    assert ids.next() == 9_001
