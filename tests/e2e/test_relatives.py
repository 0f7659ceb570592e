"""A parent books for the family: other names, one more person, the same name twice, a move, and a name removed."""

import re
from pathlib import Path

import pytest

from bot.i18n import Translators
from tests.e2e.citizen import CONFIRM, Citizen
from tests.e2e.phone import Shown
from tests.e2e.running_bot import stopped_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")
HOUR = re.compile(r"\d\d:\d\d")
FRENCH = Translators.load().get("fr")


async def booked(citizen: Citizen) -> list[tuple[str, str]]:
    """The names and statuses of all appointments, in the order in which they were made."""
    found = sorted(await citizen.appointments(), key=lambda each: int(each["id"]))
    return [(each["name"], each["status"]) for each in found]


async def takes_the_first_time(citizen: Citizen) -> Shown:
    """Press the first time of the present screen; returns the screen after it."""
    return await citizen.taps_on(next(each for each in (await citizen.screen()).labels if HOUR.fullmatch(each)))


async def test_a_parent_books_for_the_whole_family_and_every_text_says_for_whom(aissatou: Citizen) -> None:
    first = await aissatou.books("Aïssatou Bah")
    ticket = await aissatou.screen()
    assert "Pour Aïssatou Bah" not in ticket.text, "there is one name so far"
    taps = aissatou.taps

    # One more person, in the same department on the same day: a time, a name, and *Confirm*.
    times = await aissatou.taps_on("Encore une personne")
    assert "Choisissez une heure" in times.text
    day = (await aissatou.appointments())[0]["dateTime"][:10]
    name = await takes_the_first_time(aissatou)
    assert "Pour qui est le rendez-vous" in name.text
    assert "👤 Aïssatou Bah" not in name.labels
    summary = await aissatou.says("Fatou Bah")
    assert "Pour Fatou Bah" in summary.text
    ticket = await aissatou.taps_on(CONFIRM)
    assert aissatou.taps - taps == 3
    assert "Pour Fatou Bah" in ticket.text
    assert {each["dateTime"][:10] for each in await aissatou.appointments()} == {day}

    # For somebody else, behind *Change the name*; a message that is edited corrects the name.
    summary = await aissatou.reaches_name("ID Card")
    assert "Pour Aïssatou Bah" in summary.text, "the default is her own name"
    names = await aissatou.taps_on("Changer le nom")
    assert names.labels[:2] == ["👤 Aïssatou Bah", "👤 Fatou Bah"]
    await aissatou.taps_on("Pour quelqu’un d’autre")
    summary = await aissatou.says("Ibrahima Baa")
    said = [each["message"]["message_id"] for each in await aissatou.phone.transcript() if not each["by_bot"]]
    summary = await aissatou.does("edit", message_id=said[-1], text="Ibrahima Bah")
    assert "Pour Ibrahima Bah" in summary.text
    await aissatou.presses(names, names.data("Aïssatou"))
    assert "Pour Ibrahima Bah" in (await aissatou.screen()).text, "an old button changes no name"
    await aissatou.taps_on(CONFIRM)

    # The same name, department and day: asked once, and the API decides.
    await aissatou.says("/start")
    assert "Pour Aïssatou Bah" in (await aissatou.reaches_name()).text, "the default is still her own"
    question = await aissatou.taps_on(CONFIRM)
    assert "Vous avez déjà un rendez-vous pour Aïssatou Bah" in question.text
    assert len(await aissatou.appointments()) == 3
    await aissatou.taps_on("Continuer")
    assert await booked(aissatou) == [
        ("Aïssatou Bah", "SCHEDULED"),
        ("Fatou Bah", "SCHEDULED"),
        ("Ibrahima Bah", "SCHEDULED"),
        ("Aïssatou Bah", "SCHEDULED"),
    ]

    # The list, the question before cancelling, and a move, which keeps the name of its appointment.
    listing = await aissatou.says("/appointments")
    assert all(f"pour {name}" in listing.text for name in ("Aïssatou Bah", "Fatou Bah", "Ibrahima Bah"))
    assert "Annuler ce rendez-vous pour Aïssatou Bah" in (await aissatou.says(f"/cancel {first}")).text
    hers = next(each["id"] for each in await aissatou.appointments() if each["name"] == "Fatou Bah")
    await aissatou.says("/start")
    await aissatou.presses(await aissatou.screen(), f"*.mv:{hers}")
    assert "pour Fatou Bah" in (await aissatou.screen()).text
    await aissatou.taps_on("⏱")
    assert "Pour Fatou Bah" in (await aissatou.taps_on(CONFIRM)).text
    assert (await booked(aissatou))[-1] == ("Fatou Bah", "SCHEDULED")


async def test_a_name_is_removed_in_my_data_and_its_appointment_stays(aissatou: Citizen) -> None:
    await aissatou.books("Aïssatou Bah")
    await aissatou.reaches_name("ID Card")
    await aissatou.says("Fatou Bah")
    await aissatou.taps_on(CONFIRM)
    await aissatou.says("/data")
    people = await aissatou.taps_on("Mes personnes")
    assert people.labels[:2] == ["🗑 Aïssatou Bah", "🗑 Fatou Bah"]
    for _ in range(2):
        await aissatou.presses(people, people.data("Fatou"))
        left = await aissatou.screen()
        assert [each for each in left.labels if "🗑" in each] == ["🗑 Aïssatou Bah"], "an old button does no harm"
    assert await booked(aissatou) == [("Aïssatou Bah", "SCHEDULED"), ("Fatou Bah", "SCHEDULED")]
    await aissatou.taps_on("Retour")
    assert "Fatou" not in (await aissatou.taps_on("Voir mes données")).text.split("\n\n")[1]


async def test_in_english_a_first_booking_for_a_relative_does_not_make_theirs_the_default(sarah: Citizen) -> None:
    await sarah.reaches_name()
    await sarah.taps_on("For somebody else")
    await sarah.says("Mary Cole")
    await sarah.taps_on(CONFIRM)
    asked = await sarah.reaches_name("ID Card")
    assert "Who is the appointment for?" in asked.text
    assert asked.labels[:2] == ["👤 Mary Cole", "👤 Sarah Cole"]
    await sarah.taps_on("Sarah Cole")
    assert "For Sarah Cole" in (await sarah.taps_on(CONFIRM)).text
    assert "For Sarah Cole" in (await sarah.reaches_name()).text


async def test_caps_count_all_names_together(tmp_path: Path) -> None:
    async with stopped_bot(tmp_path, capacity=1000) as bot:
        await bot.start(max_open=2)
        citizen = await bot.citizen()
        await citizen.books("Aïssatou Bah")
        await citizen.taps_on("Encore une personne")
        await takes_the_first_time(citizen)
        await citizen.says("Fatou Bah")
        await citizen.taps_on(CONFIRM)
        refused = await citizen.taps_on("Encore une personne")
        assert FRENCH.label("button.appointments") in refused.labels
        assert len(await citizen.appointments()) == 2
