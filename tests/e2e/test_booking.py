"""From `/start` to the ticket: what is asked, in which order, and with how many taps."""

import re
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from bot.sandbox.moncreneau import Department, Hours, Organization, Worker
from tests.e2e.citizen import Citizen
from tests.e2e.running_bot import RunningBot, running_bot

DAY = re.compile(r"Aujourd’hui$|Demain$|\w{3}\. \d")
pytestmark = pytest.mark.asyncio(loop_scope="module")
ABOUT_A_CHAT = re.compile(r"FROM (appointments|attempts|block_entries|chats|erased_counts|pictures|ticket_messages)\b")
CITY = Organization(2, "Ville de Conakry")
ONE_HOUR: Hours = {"tuesday": (("09:00", "10:00"),)}


async def test_booking_in_french_takes_at_most_six_taps_and_one_typed_name(bot: RunningBot) -> None:
    citizen = await bot.citizen("fr", "😀😀", "")
    assert (await citizen.says("/start")).text.startswith("Bonjour")
    assert "Pour quel service" in (await citizen.taps_on("Ministry")).text
    assert "Choisissez un jour" in (await citizen.taps_on("Passport Service")).text
    assert "Choisissez une heure" in (await citizen.taps_on("Demain")).text
    assert "Pour qui est le rendez-vous ?" in (await citizen.taps_on("10:30")).text.replace("\xa0", " ")
    summary = await citizen.says("Aïssatou Bah")
    assert "Vérifiez, puis confirmez" in summary.text
    assert await citizen.appointments() == []
    ticket = await citizen.taps_on("Confirmer")
    assert "Votre rendez-vous est confirmé" in ticket.text
    assert (citizen.taps, citizen.typed) == (5, 1)
    (made,) = await citizen.appointments()
    assert (made["departmentId"], made["dateTime"], made["name"]) == (5, "2026-03-03T10:30:00", "Aïssatou Bah")
    assert made["externalUserId"] == f"telegram:{citizen.id}"


async def test_in_english_the_name_on_the_phone_spares_the_typing(bot: RunningBot, sarah: Citizen) -> None:
    assert (await sarah.says("/start")).text.startswith("Hello Sarah!")
    assert "Which department" in (await sarah.taps_on("Ministry")).text
    assert "Choose a day" in (await sarah.taps_on("ID Card")).text
    assert "Who is the appointment for?" in (await sarah.taps_on("⏱")).text
    assert "Check, then confirm" in (await sarah.taps_on("Sarah Cole")).text
    ticket = await sarah.taps_on("Confirm")
    assert "Your appointment is confirmed." in ticket.text
    assert "Monday 2 March at 08:00 (Conakry time)" in ticket.text
    assert (sarah.taps, sarah.typed) == (5, 0)
    (made,) = await bot.services.appointments(sarah.id)
    assert made["name"] == "Sarah Cole"


async def test_the_name_of_the_first_booking_stands_in_the_summary_and_can_be_changed(aissatou: Citizen) -> None:
    await aissatou.books("N'Diaye Camara")
    summary = await aissatou.reaches_name("ID Card")
    assert "Vérifiez" in summary.text
    assert "N'Diaye Camara" in summary.text
    screen = await aissatou.taps_on("Changer le nom")
    assert screen.labels[:2] == ["👤 N'Diaye Camara", "👤 Aïssatou Bah"]
    await aissatou.taps_on("👤 Aïssatou Bah")
    await aissatou.taps_on("Confirmer")
    assert [each["name"] for each in await aissatou.appointments()] == ["N'Diaye Camara", "Aïssatou Bah"]
    assert "N'Diaye Camara" in (await aissatou.reaches_name()).text, "still the first one"


ONE_OFFICE = (Department(5, "Passeports", CITY), Department(8, "Visas", CITY))


async def test_three_taps_and_a_typed_name_make_a_booking_and_the_next_one_needs_no_typing(tmp_path: Path) -> None:
    async with running_bot(tmp_path, departments=ONE_OFFICE) as bot:
        citizen = await bot.citizen()
        await citizen.says("/start")
        await citizen.taps_on("Passeports")
        await citizen.taps_on("⏱")
        await citizen.says("Fatoumata Camara")
        assert "confirmé" in (await citizen.taps_on("Confirmer")).text
        assert (citizen.taps, citizen.typed) == (3, 1)
        await citizen.says("/start")
        await citizen.taps_on("Visas")
        assert "Fatoumata Camara" in (await citizen.taps_on("⏱")).text
        assert "confirmé" in (await citizen.taps_on("Confirmer")).text
        assert (citizen.taps, citizen.typed) == (6, 1)
        await citizen.says("/start")
        for label in ("Passeports", "jeu. 5 mars", "10:00", "Confirmer"):
            await citizen.taps_on(label)
        assert (citizen.taps, citizen.typed) == (10, 1)
        assert len(await citizen.appointments()) == 3


async def test_the_start_screen_waits_for_nothing(tmp_path: Path) -> None:
    async with running_bot(tmp_path, departments=ONE_OFFICE) as bot:
        citizen = await bot.citizen()
        await bot.inject_api_fault("status", "GET", "/departments", status=503)
        assert {"Passeports", "Visas"} <= set((await citizen.says("/start")).labels), "as they are remembered"


async def test_departments_stand_eight_a_page(aissatou: Citizen) -> None:
    first = await aissatou.says("/book")
    text = first.text
    assert "Permis de conduire" not in first.labels, "it takes no appointments"
    assert "Page 1 sur 2" in text
    second = await aissatou.taps_on("Suite")
    assert "Page 2 sur 2" in second.text
    assert "Permis de construire" in second.labels
    assert second.number == first.number, "the screen changes in its place"
    assert (await aissatou.taps_on("Précédents")).text == first.text


@pytest.mark.parametrize("word", ["etat civil", "ÉTAT", "civil etat", "  état   CIVIL "])
async def test_a_typed_word_narrows_the_departments(aissatou: Citizen, word: str) -> None:
    await aissatou.says("/book")
    screen = await aissatou.says(word)
    assert screen.labels == ["État civil – Kaloum", "État civil – Ratoma", "📋 Tous les services", "⬅️ Retour au menu"]
    assert "Passport Service" in (await aissatou.taps_on("Tous les services")).labels


async def test_the_name_of_an_organisation_narrows_too(aissatou: Citizen) -> None:
    await aissatou.says("/book")
    assert "Passport Service" not in (await aissatou.says("conakry")).labels


async def test_a_word_that_fits_nothing_shows_them_all_and_says_so(aissatou: Citizen) -> None:
    await aissatou.says("/book")
    screen = await aissatou.says("zzz")
    assert "Aucun service ne correspond" in screen.text
    assert "Passport Service" in screen.labels


async def test_staff_is_chosen_from_the_list(aissatou: Citizen) -> None:
    staff = await aissatou.reaches_days("Titres de séjour")
    assert staff.labels[:3] == ["Mme Aïssatou Diallo", "M. Mamadou-Saliou Barry", "Mme Hawa Camara"]
    await aissatou.taps_on("M. Mamadou-Saliou Barry")
    await aissatou.taps_on("⏱")
    summary = await aissatou.says("Aïssatou Bah")
    assert "M. Mamadou-Saliou Barry" in summary.text
    await aissatou.taps_on("Confirmer")
    assert [each["workerId"] for each in await aissatou.appointments()] == [43]


async def test_if_staff_is_not_listed_their_number_is_typed(aissatou: Citizen) -> None:
    await aissatou.says("/book")
    await aissatou.says("matam")
    asked = await aissatou.taps_on("Affaires sociales")
    assert "numéro de l’agent" in asked.text
    for nonsense in ("Touré", "0", "-71", "7.1", "9" * 40):
        assert "seulement le numéro" in (await aissatou.says(nonsense)).text
    assert "Choisissez un jour" in (await aissatou.says(" 71 ")).text
    await aissatou.taps_on("⏱")
    await aissatou.says("Aïssatou Bah")
    await aissatou.taps_on("Confirmer")
    assert [each["workerId"] for each in await aissatou.appointments()] == [71]


async def test_a_wrong_number_of_staff_can_be_put_right(aissatou: Citizen) -> None:
    await aissatou.says("/book")
    await aissatou.says("matam")
    await aissatou.taps_on("Affaires sociales")
    await aissatou.says("99")
    await aissatou.taps_on("⏱")
    await aissatou.says("Aïssatou Bah")
    refused = await aissatou.taps_on("Confirmer")
    assert "n’a pas été pris" in refused.text
    assert "numéro de l’agent" in refused.text
    await aissatou.taps_on("Changer le numéro")
    assert "Vérifiez" in (await aissatou.says("71")).text
    assert "confirmé" in (await aissatou.taps_on("Confirmer")).text


async def test_only_days_with_free_slots_are_shown(aissatou: Citizen) -> None:
    await aissatou.says("/book")
    await aissatou.says("ratoma")
    days = await aissatou.taps_on("Ratoma")
    shown = [each.replace("\xa0", " ") for each in days.labels]
    assert shown[:3] == ["⏱ 1re place 09:00 Demain", "Demain", "jeu. 5 mars"]


async def test_more_days_lead_to_the_horizon_of_sixty_days(aissatou: Citizen) -> None:
    screen = await aissatou.reaches_days()
    days = [each for each in screen.labels if DAY.match(each)]
    while any("Suite" in each for each in screen.labels):
        screen = await aissatou.taps_on("Suite")
        days += [each for each in screen.labels if DAY.match(each)]
    assert days[-1] == "ven. 1er mai"
    assert len(days) == len(set(days)) == 45, "every working day once"
    assert "Choisissez une heure" in (await aissatou.taps_on("ven. 1er mai")).text


async def test_many_times_stand_in_two_halves_of_the_day(aissatou: Citizen) -> None:
    await aissatou.reaches_days("Légalisation")
    morning = await aissatou.taps_on("Demain")
    assert "08:00" in morning.labels
    assert "13:00" not in morning.labels
    afternoon = await aissatou.taps_on("Après-midi")
    assert "13:00" in afternoon.labels
    assert "08:00" not in afternoon.labels
    assert "08:00" in (await aissatou.taps_on("Matin")).labels


async def test_a_department_without_any_free_slot_says_so_and_offers_others(aissatou: Citizen) -> None:
    await aissatou.says("/book")
    await aissatou.says("construire")
    screen = await aissatou.taps_on("Permis de construire")
    assert "Aucune place libre dans les 60 prochains jours" in screen.text.replace("\xa0", " ")
    assert "Pour quel service" in (await aissatou.taps_on("autre service")).text


async def test_questions_with_one_possible_answer_are_skipped(tmp_path: Path) -> None:
    only = Department(
        5,
        "Mairie",
        CITY,
        slot_duration=60,
        opening_hours=ONE_HOUR,
        shows_admins=True,
        workers=(Worker(7, "Mme Bah"),),
        capacity=1,
    )
    async with running_bot(tmp_path, departments=(only,)) as bot:
        short = await bot.citizen()
        await bot.stop()
        await bot.start(booking_horizon_days=3)
        asked = await short.says("/book")
        assert "Pour qui est le rendez-vous" in asked.text, "one department, one member of staff, one day, one time"
        assert "mardi 3 mars" in asked.text
        await short.taps_on("Aïssatou Bah")
        await short.taps_on("Confirmer")
        assert [each["workerId"] for each in await short.appointments()] == [7]
        assert (short.taps, short.typed) == (2, 0)


async def test_a_plain_booking_costs_few_reads_of_the_database(bot: RunningBot, aissatou: Citizen) -> None:
    """More reads are felt in a rush: each occupies a thread, and a turn waits for it."""
    await aissatou.books()
    reads: Counter[str] = Counter()

    def count(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if table := ABOUT_A_CHAT.search(statement):
            reads[table[1]] += 1

    event.listen(bot.app.store.engine, "before_cursor_execute", count)
    try:
        await aissatou.books(department="ID Card")
    finally:
        event.remove(bot.app.store.engine, "before_cursor_execute", count)
    # Whether the chat is blocked, and of its appointments whether they are in several names, or of one name that day.
    assert reads <= Counter(block_entries=2, appointments=4)
