"""Text that only greets or thanks is recognised in every language."""

import pytest

from bot.core.events import Courtesy
from bot.views.courtesy import courtesy_reader
from tests.views.pages import TRANSLATORS

read = courtesy_reader(TRANSLATORS)


@pytest.mark.parametrize(
    ("text", "courtesy"),
    [
        ("Bonjour", Courtesy.GREETING),
        ("bonjour !!", Courtesy.GREETING),
        ("SALUT", Courtesy.GREETING),
        ("hi", Courtesy.GREETING),
        ("Good morning.", Courtesy.GREETING),
        ("Merci", Courtesy.THANKS),
        ("merci beaucoup 🙏", Courtesy.THANKS),
        ("thank you", Courtesy.THANKS),
        ("", None),
        ("🙏", None),
        ("bonjour, un passeport", None),
        ("Merci Bah", None),
    ],
)
def test_a_greeting_or_thanks_alone_is_one(text: str, courtesy: Courtesy | None) -> None:
    assert read(text) is courtesy
