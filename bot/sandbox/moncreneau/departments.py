"""Organisations, departments and their staff: plain values, and the ones that a demo starts with.

It must not know HTTP, storage or the present time.
"""

from dataclasses import dataclass, field, replace

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
"""The keys of `openingHours`, in the order of `date.weekday()`. Their spelling is our assumption."""

Hours = dict[str, tuple[tuple[str, str], ...]]
"""Opening hours by day: pairs of start and end, `HH:MM`."""


def weekdays(*spans: tuple[str, str]) -> Hours:
    """Return the same hours for Monday to Friday; weekends stay closed."""
    return dict.fromkeys(DAYS[:5], spans)


_OFFICE_HOURS = weekdays(("08:00", "12:00"), ("13:00", "16:00"))


@dataclass(frozen=True, slots=True)
class Organization:
    """The institution that a department belongs to."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Worker:
    """A member of staff whom a citizen can choose."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Department:
    """An office that takes appointments.

    `shows_admins` is the API's `showAdminsInBooking`: a citizen must choose a member of staff. `lists_workers` says
    whether the API lists them. `capacity` is the number of appointments in one slot; None means the stand-in's default.
    """

    id: int
    name: str
    organization: Organization
    description: str | None = None
    slot_duration: int = 30
    is_active: bool = True
    opening_hours: Hours = field(default_factory=lambda: _OFFICE_HOURS)
    shows_admins: bool = False
    workers: tuple[Worker, ...] = ()
    lists_workers: bool = True
    capacity: int | None = None


def default_departments() -> tuple[Department, ...]:
    """Return eleven departments of two organisations, which show everything that the contract allows."""
    interior = Organization(1, "Ministry of Interior")
    city = Organization(2, "Ville de Conakry")
    staff = (Worker(42, "Mme Aïssatou Diallo"), Worker(43, "M. Mamadou-Saliou Barry"), Worker(44, "Mme Hawa Camara"))
    return (
        # These two are the quick start's, word for word.
        Department(5, "Passport Service", interior, "Passport issuance"),
        Department(8, "ID Card Service", interior, "National ID card issuance", slot_duration=20),
        Department(9, "Casier judiciaire", interior, "Extrait du casier judiciaire (bulletin n° 3)"),
        Department(
            10,
            "Titres de séjour",
            interior,
            "Cartes de séjour et visas de long séjour",
            shows_admins=True,
            workers=staff,
        ),
        Department(11, "Permis de conduire", interior, "Service fermé depuis la réforme de 2025", is_active=False),
        Department(12, "Légalisation de documents", interior, "Copies conformes et signatures", slot_duration=15),
        Department(20, "Conservation Foncière", city, "Titres fonciers, attestations, mutations", slot_duration=60),
        Department(21, "État civil – Kaloum", city, "Naissances, mariages, décès"),
        Department(
            22,
            "État civil – Ratoma",
            city,
            "Mardi et jeudi matin seulement",
            opening_hours={"tuesday": (("09:00", "11:00"),), "thursday": (("09:00", "11:00"),)},
        ),
        Department(
            23,
            "Affaires sociales – Matam",
            city,
            "Avec l'agent qui suit votre dossier",
            shows_admins=True,
            workers=(Worker(71, "M. Ibrahima Sory Touré"), Worker(72, "Mme Fatoumata Binta Bah")),
            lists_workers=False,
        ),
        Department(24, "Permis de construire", city, "Complet jusqu'à nouvel ordre", capacity=0),
    )


_FRENCH = {
    "Ministry of Interior": "Ministère de la Sécurité",
    "Passport Service": "Service des passeports",
    "Passport issuance": "Demande et renouvellement du passeport",
    "ID Card Service": "Carte nationale d'identité",
    "National ID card issuance": "Demande et renouvellement de la carte",
}


def french_departments() -> tuple[Department, ...]:
    """Return the default departments with French names throughout, as a real organisation of Guinea has them."""
    return tuple(
        replace(
            each,
            name=_FRENCH.get(each.name, each.name),
            description=each.description and _FRENCH.get(each.description, each.description),
            organization=replace(each.organization, name=_FRENCH.get(each.organization.name, each.organization.name)),
        )
        for each in default_departments()
    )


def large_organization(count: int, first_id: int = 1000, organization_id: int = 3) -> tuple[Department, ...]:
    """Return an organisation with that many departments, for lists that need pages or a search."""
    kinds = ("État civil", "Affaires sociales", "Urbanisme", "Impôts locaux", "Légalisation", "Voirie")
    places = ("Kindia", "Boké", "Labé", "Mamou", "Faranah", "Kankan", "Nzérékoré", "Siguiri", "Kissidougou", "Fria")
    region = Organization(organization_id, "Administration du territoire")
    # 6 and 10 have the least common multiple 30; the number tells the repetitions apart.
    names = (f"{kinds[n % len(kinds)]} – {places[n % len(places)]}" for n in range(count))
    return tuple(
        Department(first_id + n, name if n < 30 else f"{name} {n // 30 + 1}", region)  # noqa: PLR2004 — see above
        for n, name in enumerate(names)
    )
