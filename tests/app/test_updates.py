"""Updates of admins go to the admin handlers; those of other users do not."""

from datetime import datetime

from bot.app.records import Change
from bot.app.updates import AdminRouter, FromCitizen
from bot.core.events import Typed

NOW = datetime(2026, 3, 2, 9, 0)  # noqa: DTZ001 — office time


class OneWordHandler:
    """Answers to one word."""

    def __init__(self, word: str, number: int) -> None:
        self._word = word
        self._answer = Change(done=(number,))
        self.asked = 0

    async def handle(self, chat_id: int, inbound: FromCitizen) -> Change | None:
        assert chat_id == 7
        self.asked += 1
        return self._answer if isinstance(inbound.event, Typed) and inbound.event.text == self._word else None


def says(text: str, user: int = 900) -> FromCitizen:
    return FromCitizen(Typed(at=NOW, text=text), user)


async def test_the_first_handler_that_takes_an_update_answers() -> None:
    router = AdminRouter({900}, (OneWordHandler("a", 1), OneWordHandler("b", 2), OneWordHandler("b", 3)))
    assert await router.handle(7, says("b")) == Change(done=(2,))
    assert await router.handle(7, says("a")) == Change(done=(1,))
    assert await router.handle(7, says("z")) is None


async def test_updates_of_other_users_reach_no_handler() -> None:
    handler = OneWordHandler("a", 1)
    assert await AdminRouter({900}, (handler,)).handle(7, says("a", user=901)) is None
    assert handler.asked == 0
