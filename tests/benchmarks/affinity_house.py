"""Made-up accounts of one house, which share their templates: the lines of a town's railway, from a seed.

Lines differ by their stations, some of which several lines have, by how often they use which sentence, and by
nothing else; a part of the posts names no station. No account, text or place is real."""

import random
from collections.abc import Sequence
from typing import Final

from tests.benchmarks.affinity_data import Posted

LINES: Final = 8
POSTS: Final = 300
_OWN, _SHARED = 15, 12
_BARE: Final = 0.25
_ELSEWHERE: Final = 0.4
_HABIT: Final = 3.0
_SYLLABLES: Final = "bel cour mont saint val fon rive clos ville mar tin gar ches lou vin ney pont roi bois ran"
_CAUSES: Final = (
    "a signal failure",
    "a broken-down train",
    "a forgotten bag",
    "a person taken ill",
    "works that ran late",
    "a fault in the doors",
    "a power cut",
)
_SENTENCES: Final = (
    "Service is slow on the whole line because of {cause}.",
    "Trains do not stop at {here} because of {cause}. Normal service about {hour}.",
    "Because of {cause} at {here} no trains run between {here} and {there} until {hour}.",
    "Service is back to normal. Thank you for your patience.",
    "Good morning, trains run as planned on all of the line.",
    "The lift at {here} is out of order, please use the one at {there}.",
    "A train stands at {here} because of {cause}, expect {minutes} minutes more.",
    "From {hour} tonight no trains between {here} and {there}: buses run instead.",
    "Service starts again slowly, expect {minutes} minutes more.",
    "Hello, our teams work on it and hope for normal service at {hour}.",
    "Cause: {cause}. Service is cut in both directions, see the board for other ways.",
    "Exit 2 of {here} is closed until {hour} for cleaning.",
)
_NOTICES: Final = (
    "Please allow more time for your journey and look at the boards on your platform before you leave.",
    "Our teams are on the spot and do all they can so that trains run again as soon as possible.",
    "Tickets are valid on the buses and trams that run beside the line until the end of service.",
    "The next news will be given here and in the app as soon as we know more about how long it takes.",
    "Staff in yellow will show you the way to the stop of the buses in front of the main exit.",
    "This does not concern the last train of the evening, which leaves at its usual time from both ends.",
)


def posts(seed: int, *, notices: int = 0) -> dict[str, list[Posted]]:
    """Return the lines' posts, oldest first, each followed by so many of the house's notices."""
    chance = random.Random(f"house {seed}")
    town = _names(chance, LINES * _OWN + _SHARED)
    shared = town[LINES * _OWN :]
    found = {}
    for line in range(LINES):
        own = town[line * _OWN : (line + 1) * _OWN]
        taste = {sentence: chance.gammavariate(_HABIT, 1) for sentence in _SENTENCES}
        found[f"line {line}"] = [
            Posted(f"{number:06}", _text(chance, own, shared, taste, notices), "") for number in range(POSTS)
        ]
    return found


def _text(
    chance: random.Random, own: Sequence[str], shared: Sequence[str], taste: dict[str, float], notices: int
) -> str:
    bare = chance.random() < _BARE
    sentences = [sentence for sentence in _SENTENCES if ("{here}" in sentence) != bare]
    sentence = chance.choices(sentences, [taste[each] for each in sentences])[0]
    here, there = (chance.choice(shared if chance.random() < _ELSEWHERE else own) for _ in range(2))
    said = sentence.format(
        here=here,
        there=there,
        cause=chance.choice(_CAUSES),
        hour=f"{chance.randrange(5, 24)}:{chance.randrange(0, 60, 5):02}",
        minutes=chance.choice((5, 10, 15, 20, 30)),
    )
    return " ".join([said, *chance.sample(_NOTICES, notices)])


def _names(chance: random.Random, count: int) -> list[str]:
    """That many names of places, each once."""
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(chance.choices(_SYLLABLES.split(), k=chance.choice((2, 2, 3)))).capitalize()] = None
    return list(found)
