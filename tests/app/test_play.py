"""An event is played to its end: effects run in order, and their results are played next."""

from bot.app.play import play

Step = tuple[int, tuple[str, ...]]


def step(state: int, event: str) -> Step:
    """`load` asks for two effects, everything else for one that has no answer."""
    return state + 1, ("read", "show") if event == "load" else ("show",)


async def test_results_of_effects_are_played_until_there_are_none() -> None:
    run: list[tuple[int, str]] = []

    async def effect(state: int, name: str) -> str | None:
        run.append((state, name))
        return "loaded" if name == "read" else None

    assert await play(step, 0, "load", effect) == 2
    assert run == [(1, "read"), (1, "show"), (2, "show")]
