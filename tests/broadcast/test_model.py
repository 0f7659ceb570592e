from bot.broadcast.model import Content, Media, RecipientCounts, RecipientStatus, Version, content_for

FRENCH, ENGLISH = Content(Media.TEXT, "Bonjour"), Content(Media.TEXT, "Hello")


def test_everyone_gets_the_version_of_their_language() -> None:
    versions = (Version("fr", FRENCH), Version("en", ENGLISH))
    assert content_for(versions, "en") == ENGLISH
    assert content_for(versions, "fr") == FRENCH


def test_a_language_without_a_version_gets_the_first_one() -> None:
    assert content_for((Version("en", ENGLISH),), "fr") == ENGLISH
    assert content_for((Version("", FRENCH),), "en") == FRENCH


def test_counts_add_up() -> None:
    counts = RecipientCounts(((RecipientStatus.SENT, 3), (RecipientStatus.PENDING, 2), (RecipientStatus.SENDING, 1)))
    assert counts.of(RecipientStatus.SENT) == 3
    assert counts.of(RecipientStatus.BLOCKED) == 0
    assert counts.total == 6
    assert counts.left == 3
