"""Numbers of deliveries: unique, growing, whatever the clock does."""

from bot.app.records import DeliveryIds


def test_numbers_grow_even_within_one_moment() -> None:
    ids = DeliveryIds(lambda: 5_000_000)
    assert [ids.next() for _ in range(3)] == [5000, 5001, 5002]


def test_numbers_are_larger_than_those_of_an_earlier_process_though_the_clock_was_set_back() -> None:
    ids = DeliveryIds(lambda: 5_000_000)
    ids.seen(9_000)
    ids.seen(7_000)
    assert ids.next() == 9_001
