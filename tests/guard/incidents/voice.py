"""How ten institutions and brands might write on an ordinary day, made up from a seed.

Stand-ins: every sentence is ours. Each voice has its subjects, its manner and its tags, and keeps meeting people
and places that it never named before, as real accounts do, so that a later post is news in a known voice."""

import random
from dataclasses import dataclass
from typing import Final

_SYLLABLES: Final = "ba be bri ca cha da del el fa ga gri ha jo ka la len lo ma mer mo na no pa ra ri ro sa"
_DAYS: Final = {
    "en": "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday, tomorrow, tonight, today",
    "fr": "lundi, mardi, mercredi, jeudi, vendredi, samedi, dimanche, demain, aujourd'hui",
}


@dataclass(frozen=True, slots=True)
class Voice:
    """An account's manner: `says` are sentences with gaps, each gap named in `gaps` or one of `{who}` and
    `{where}` (new each time), `{day}` and `{n}`; `tags` stand at the end of some posts."""

    language: str
    says: tuple[str, ...]
    gaps: dict[str, str]
    tags: tuple[str, ...]
    site: str

    def post(self, number: int) -> str:
        """Return one post; the same each time."""
        chance = random.Random(f"{self.site} {number}")
        found = " ".join(chance.sample(self.says, chance.choice((1, 1, 2))))
        for name in (*self.gaps, "who", "where", "day", "n"):
            while f"{{{name}}}" in found:
                found = found.replace(f"{{{name}}}", self._filled(name, chance), 1)
        if chance.random() < 0.4:
            found += " " + " ".join(chance.sample(self.tags, chance.choice((1, 1, 2))))
        if chance.random() < 0.35:
            found += f" https://{self.site}/{chance.randrange(10**6)}"
        return found[:1].upper() + found[1:]

    def _filled(self, name: str, chance: random.Random) -> str:
        if name == "n":
            return str(chance.choice((chance.randrange(2, 30), chance.randrange(30, 3000))))
        if name == "day":
            return chance.choice(_DAYS[self.language].split(", "))
        if name in ("who", "where"):
            return "".join(chance.choices(_SYLLABLES.split(), k=chance.choice((2, 3)))).capitalize()
        return chance.choice(self.gaps[name].split(", "))
