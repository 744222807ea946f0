"""How good the text checks are, and how quick: precision and recall of each on generated posts, false alarms on
ordinary ones, and the time that all of them take."""

import csv
import gzip
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from socialguard.guard.checks import run_checks
from socialguard.guard.interface import Subject
from socialguard.model.delivery import Content
from socialguard.model.finding import Severity
from tests.benchmarks import post_material
from tests.benchmarks.table import Line, milliseconds
from tests.guard.people import subject
from tests.guard.text_checks import TEXT_CHECKS

POSTS: Final = Path(__file__).parents[2] / "../shared/data/posts/fb_pages_2016_dev.csv.gz"
"""Posts of public pages beside the checkout, where they are (SOURCE in their directory)."""
SEED: Final = 20261129
ORDINARY: Final = 2_000
FAULTY: Final = 200
ALARMS: Final = 0.03
TIME_LIMIT: Final = 0.020
RUNS: Final = 200


def lines(posts: Path = POSTS) -> list[Line]:
    """Return every measure of the text checks."""
    return [*_alarms(posts), *_quality(), _speed()]


def _alarms(posts: Path) -> list[Line]:
    measured = [
        _alarm_line(f"false alarms, generated, {language}", post_material.ordinary(SEED, ORDINARY, language))
        for language in ("en", "fr")
    ]
    if posts.exists():
        with gzip.open(posts, "rt", encoding="utf-8", newline="") as file:
            texts = [row["text"] for row in csv.DictReader(file) if row["text"].strip()]
        measured.append(_alarm_line("false alarms, public pages", random.Random(SEED).sample(texts, ORDINARY)))
    return measured


def _alarm_line(measure: str, texts: Sequence[str]) -> Line:
    alarms: Counter[str] = Counter()
    stopped = 0
    for text in texts:
        found = _found(subject(Content(text), network="facebook"))
        alarms.update(found)
        stopped += bool(found)
    share = stopped / len(texts)
    most = ", ".join(f"{name} {count}" for name, count in alarms.most_common(3))
    return Line(measure, f"{share:.2%} ({most or 'none'})", "", f"≤ {ALARMS:.0%} of {len(texts)}", share <= ALARMS)


def _quality() -> list[Line]:
    found: Counter[str] = Counter()
    given: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for check, text, languages in post_material.faulty(SEED, FAULTY):
        given[check] += 1
        checks = _found(replace(subject(Content(text)), languages=languages))
        found[check] += check in checks
    for language in ("en", "fr"):
        for text in post_material.ordinary(SEED + 1, len(given) * FAULTY // 2, language):
            wrong.update(_found(replace(subject(Content(text)), languages=(language,))))
    measured = []
    for check in given:
        # As many ordinary posts for each check as faulty ones: the precision where every second post is faulty.
        false = wrong[check] / len(given)
        precision = found[check] / (found[check] + false) if found[check] else 0.0
        figures = f"precision {precision:.3f}, recall {found[check] / given[check]:.3f}"
        measured.append(Line(f"check {check}", figures, "", f"{given[check]} faulty posts"))
    return measured


def _found(given: Subject) -> set[str]:
    """The text checks that say more than a note."""
    return {
        one.check for one in run_checks(given) if one.severity is not Severity.NOTE and one.check in TEXT_CHECKS
    }


def _speed() -> Line:
    rng = random.Random(SEED)
    took = []
    for _ in range(RUNS):
        text = ""
        while len(text) < 280:
            text += post_material.filled(rng, rng.choice(("en", "fr"))) + " "
        given = replace(subject(Content(text[:280])), languages=("fr",))
        start = time.perf_counter()
        list(run_checks(given))
        took.append(time.perf_counter() - start)
    median, slow = statistics.median(took), statistics.quantiles(took, n=20)[-1]
    return Line(
        "all checks on 280 characters",
        f"{milliseconds(median)}, 95 of 100 within {milliseconds(slow)}",
        "",
        f"≤ {milliseconds(TIME_LIMIT)}, {RUNS} texts",
        median <= TIME_LIMIT,
    )
