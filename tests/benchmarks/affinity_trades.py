"""Made-up accounts of one trade each, in English and French: a second kind of house, made another way than the
first. Posts come in episodes (an incident begins, goes on, ends) about one place; accounts differ by their places,
some of which all have, by which phrases they like, and by how they write the hour. Nothing of it is real."""

import random
from collections.abc import Mapping, Sequence
from typing import Final

from tests.benchmarks.affinity_data import Posted

ACCOUNTS: Final = 8
POSTS: Final = 300
_OWN, _SHARED = 14, 14
_ELSEWHERE: Final = 0.4
_COURTESY: Final = 0.3
_SYLLABLES: Final = (
    "ka ber dun ash wick stow ford ley holm gate thorp by wen mar sel ric tor nau bri lan gue vic ori tre ploug "
    "ker mel var non cas tel"
)
_FORENAMES: Final = ("Saint-", "Port ", "North ", "La ", "Place ", "Pont ")
_HOURS: Final = ("{:d}h{:02d}", "{:d}:{:02d}", "{:d} h {:02d}")
_SKIES: Final = ("sunny", "cloudy", "light rain", "showers", "snow", "fog", "clear", "drizzle")
_WINDS: Final = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_TITLES: Final = "nurse,chef,welder,data analyst,driver,cleaner,receptionist,teacher,plumber,accountant,paralegal"
_CAUSES: Final = (
    "Incident d'exploitation,Bagage oublié,Malaise voyageur,Panne de signalisation,Colis suspect,Panne matériel"
)
Phrases = Mapping[str, Sequence[str]]
TRADES: Final[Mapping[str, Phrases]] = {
    "lines (fr)": {
        "begins": (
            "{cause} à {here} : trafic interrompu entre {here} et {there}.",
            "Le trafic est interrompu entre {here} et {there} ({cause}).",
            "Trafic perturbé sur la ligne, {cause} à {here}.",
            "[{hour}] {cause} à {here}. Trafic ralenti dans les deux sens.",
        ),
        "goes on": (
            "Reprise estimée à {hour} entre {here} et {there}.",
            "Le trafic reprend peu à peu. Retour à la normale vers {hour}.",
            "Nos équipes interviennent à {here}, reprise prévue {hour}.",
            "Comptez {number} minutes de plus.",
        ),
        "ends": (
            "Retour à un trafic normal sur toute la ligne.",
            "Fin de l'incident à {here}, le trafic est normal.",
            "Trafic normal, {cause} terminé.",
        ),
        "alone": (
            "Bonjour, le trafic est normal ce matin. Bonne journée !",
            "L'ascenseur de {here} est en panne jusqu'à {hour}.",
            "Dès {hour} ce soir, des bus remplacent le métro entre {here} et {there}.",
            "Bonjour, désolés pour ce contretemps, nous transmettons à nos équipes.",
            "Bonjour, oui, tout est normal à {here}.",
            "Bonjour, à quelle heure et dans quel sens, s'il vous plaît ?",
        ),
    },
    "weather (en)": {
        "begins": (
            "{here} at {hour}: {degrees}°C, wind {wind} {number} km/h, {sky}.",
            "{hour} {here} | {degrees} C | {sky} | {wind} {number} kph",
            "Now in {here}: {degrees}°, {sky}, wind from {wind} at {number} km/h.",
        ),
        "goes on": (
            "Forecast {here}: {sky}, {degrees}°C at most.",
            "Tonight {sky} around {here}.",
            "Warning: gusts up to {number} km/h until {hour}.",
        ),
        "ends": ("Warning lifted.", "The warning for {here} has ended.", "Rain since midnight: {number} mm."),
        "alone": (
            "Sunrise {hour}, {sky} to start with.",
            "Humidity {number}%, pressure steady.",
            "Humidity {number}%, pressure falling.",
            "Our station has a short break for service until {hour}.",
        ),
    },
    "jobs (en)": {
        "begins": (
            "New job: {title} in {here}. Apply now.",
            "{title} wanted, {here}. £{number},000.",
            "We're hiring a {title} in {here}! #job",
            "Fancy a change? {title} needed near {here}.",
        ),
        "goes on": (
            "Last days to apply: {title}, {here}.",
            "Still looking for a {title} in {here}, closing at {hour}.",
            "Reminder: {title} closes tonight.",
        ),
        "ends": ("The {title} role in {here} is now filled.", "Filled: {title}. Thanks to all who applied."),
        "alone": (
            "Interview today? Breathe, smile, be on time.",
            "{number} new jobs this week.",
            "Good morning! {number} vacancies are waiting for you.",
            "Register for our alerts before {hour} and never miss a job.",
        ),
    },
    "fixtures (en)": {
        "begins": (
            "KICK-OFF {here} 0-0 {there}",
            "Under way: {here} v {there}",
            "We're off! {here} - {there} is live.",
        ),
        "goes on": (
            "GOAL! {here} {goals}-1 {there} ({number}')",
            "{number}' {here} 1-{goals} {there}.",
            "HALF-TIME {here} {goals}-0 {there}",
        ),
        "ends": ("FULL-TIME {here} {goals}-1 {there}", "It's over. {here} 0-{goals} {there}."),
        "alone": (
            "Referee for {here} v {there} confirmed.",
            "Postponed: {here} v {there}, pitch frozen.",
            "Table after tonight's games at {hour}.",
            "{number} clubs, one cup. Good luck to all today!",
        ),
    },
}


def posts(trade: str, seed: int) -> dict[str, list[Posted]]:
    """Return the posts of a trade's accounts, oldest first."""
    chance = random.Random(f"{trade} {seed}")
    town = _names(chance, ACCOUNTS * _OWN + _SHARED)
    shared = town[ACCOUNTS * _OWN :]
    found = {}
    for number in range(ACCOUNTS):
        own = town[number * _OWN : (number + 1) * _OWN]
        texts = _Writer(chance, TRADES[trade], own, shared).texts()
        found[f"{trade} {number}"] = [Posted(f"{place:06}", text, "") for place, text in enumerate(texts)]
    return found


class _Writer:
    """One account: its places, and what it likes."""

    def __init__(self, chance: random.Random, phrases: Phrases, own: Sequence[str], shared: Sequence[str]) -> None:
        self._chance, self._phrases, self._own, self._shared = chance, phrases, own, shared
        self._taste = {kind: [chance.gammavariate(1, 1) for _ in all_of] for kind, all_of in phrases.items()}
        self._hour = chance.choice(_HOURS)
        self._episodes = chance.betavariate(4, 4)
        self._warmth = chance.gauss(12, 4)
        self._titles = chance.sample(_TITLES.split(","), 6)
        self._courtesy = (
            chance.choice((" Merci.", "", "")) if "à" in str(phrases) else chance.choice((" Thanks!", ""))
        )

    def texts(self) -> list[str]:
        """Return so many posts, episode after episode."""
        found: list[str] = []
        chance = self._chance
        while len(found) < POSTS:
            kinds = ["alone"]
            if chance.random() < self._episodes:
                kinds = ["begins", *["goes on"] * chance.choice((0, 1, 1, 2)), *["ends"][: chance.randrange(3)]]
            about = {
                "here": self._place(),
                "there": self._place(),
                "title": chance.choice(self._titles),
                "cause": chance.choice(_CAUSES.split(",")),
            }
            found += [self._text(kind, about) for kind in kinds]
        return found[:POSTS]

    def _text(self, kind: str, about: Mapping[str, str]) -> str:
        chance = self._chance
        phrase = chance.choices(self._phrases[kind], self._taste[kind])[0]
        said = phrase.format(
            **about,
            hour=self._hour.format(chance.randrange(5, 24), chance.randrange(0, 60, 5)),
            number=chance.choice((2, 3, 5, 10, 15, 20, 30, 45)),
            goals=chance.randrange(4),
            degrees=int(chance.gauss(self._warmth, 6)),
            sky=chance.choice(_SKIES),
            wind=chance.choice(_WINDS),
        )
        return said + (self._courtesy if chance.random() < _COURTESY else "")

    def _place(self) -> str:
        places = self._shared if self._chance.random() < _ELSEWHERE else self._own
        return self._chance.choices(places, [(rank + 1) ** -0.8 for rank in range(len(places))])[0]


def _names(chance: random.Random, count: int) -> list[str]:
    """That many names of places, each once."""
    found: dict[str, None] = {}
    while len(found) < count:
        name = "".join(chance.choices(_SYLLABLES.split(), k=chance.choice((2, 2, 3)))).capitalize()
        found[chance.choice(_FORENAMES) + name if chance.random() < 1 / 4 else name] = None
    return list(found)
