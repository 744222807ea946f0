"""A public holiday where the account is: few read, and some topics are out of place."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.times import local_due
from socialguard.model.codes import is_country
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "time"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "countries": Texts(
        form="a list of countries by their ISO 3166 codes (FR, GB, CA-QC, US-NY)",
        pattern=r"[A-Z]{2}(?:-[A-Z0-9]{1,3})?",
        known=is_country,
    ),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for a day that is a holiday in the countries of the policy; without one, for a scheduled
    post in that of the account's zone, since who posts now knows what day it is."""
    at = local_due(subject)
    places = subject.settings.texts("countries")
    if not places and subject.due is not None:
        places = (country_of(subject.account.zone),)
    for place in filter(None, places):
        name = holiday_of(place, at.date())
        if name:
            yield Finding(
                "holiday",
                Severity.WARN,
                str(subject.account),
                marked("{date} is a public holiday in {place}: {name}"),
                {"date": f"{at:%Y-%m-%d}", "place": place, "name": name},
                remedy=marked("Choose another day with --at, or leave it if the text is meant for that day."),
            )


@cache
def country_of(zone: str) -> str:
    """Return the country (ISO 3166) of a zone, as the time zone database has it; empty where it has none."""
    table = resources.files("tzdata").joinpath("zoneinfo", "zone.tab")
    if not table.is_file():
        return ""
    for line in table.read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        if not line.startswith("#") and len(fields) > 2 and fields[2] == zone:
            return fields[0]
    return ""


@cache
def holiday_of(place: str, day: date) -> str:
    """Return the name of the public holiday on a day, empty where it is none or the place is not known."""
    import holidays

    country, _, part = place.partition("-")
    try:
        found = holidays.country_holidays(country, subdiv=part or None, years=day.year)
    except NotImplementedError:  # a country or a part of it that the library does not know
        return ""
    return str(found.get(day) or "")
