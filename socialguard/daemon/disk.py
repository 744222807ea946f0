"""How full the disk is, when it will be full, and the reserve that keeps the log writable when it is.

Once an hour the used space is noted in `cache/disk.json`; from two weeks of it a straight line tells the day. At
5 % free, backups stop; the reserve is given up when nothing else is left, so that what was begun is
recorded."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from socialguard import clock
from socialguard.daemon.interface import Problem
from socialguard.store import small_file
from socialguard.workspace.layout import Layout

RESERVE: Final = 64 * 1024 * 1024
SCARCE: Final = 0.05
SOON: Final = timedelta(days=14)
VERY_SOON: Final = timedelta(days=3)
_PLENTY: Final = 20 * RESERVE
_EVERY: Final = timedelta(hours=1)
_KEPT: Final = 14 * 24
_LEAST: Final = timedelta(hours=6)
"""A line through less than this says nothing."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Bytes in all and free, and when none will be free if it goes on as it did; None where it does not grow, or
    where too little is known."""

    total: int
    free: int
    full_on: datetime | None

    @property
    def is_scarce(self) -> bool:
        """Whether so little is free that only sending goes on."""
        return self.free < SCARCE * self.total

    def problem(self) -> str | None:
        """Return what an operator must know, None where all is well."""
        free = f"{self.free / 1e9:.1f} GB free"
        if self.is_scarce:
            return f"the disk is nearly full: {free}"
        if self.full_on is not None and self.full_on - clock.now() < SOON:
            return f"the disk will be full on {self.full_on:%Y-%m-%d}: {free}"
        return None

    @property
    def is_urgent(self) -> bool:
        """Whether somebody must act today."""
        return self.is_scarce or (self.full_on is not None and self.full_on - clock.now() < VERY_SOON)


class Disk:
    """The disk of a workspace."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def look(self) -> None:
        """Note how full it is, keep or give up the reserve; raises Problem where it will be full soon."""
        samples = _samples(self._layout)
        usage = shutil.disk_usage(self._layout.home)
        now = clock.now()
        if not samples or not timedelta(0) <= now - samples[-1][0] < _EVERY:
            samples = [*(one for one in samples if one[0] <= now), (now, usage.used)][-_KEPT:]
            kept = [[at.isoformat(), used] for at, used in samples]
            small_file.write(_place(self._layout), {"used": kept})
        self._reserve(usage.free)
        problem = _forecast(samples, usage.total, usage.free).problem()
        if problem is not None:
            raise Problem(problem)

    def _reserve(self, free: int) -> None:
        path = self._layout.reserve
        if path.exists():
            if free < RESERVE:
                path.unlink()
            return
        if free < _PLENTY:
            return
        part = path.with_name(f"{path.name}.part")
        with suppress(OSError):  # a disk without room for it has none to keep
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE)
            finally:
                os.close(descriptor)
            part.replace(path)


def forecast(layout: Layout) -> Forecast:
    """Return how the disk of a workspace stands."""
    usage = shutil.disk_usage(layout.home)
    return _forecast(_samples(layout), usage.total, usage.free)


def _forecast(samples: Sequence[tuple[datetime, int]], total: int, free: int) -> Forecast:
    full_on = None
    if samples and samples[-1][0] - samples[0][0] >= _LEAST:
        grown, span = samples[-1][1] - samples[0][1], samples[-1][0] - samples[0][0]
        if grown > 0:
            left = span * (free / grown)
            # A date that no calendar has is no date.
            full_on = clock.now() + left if left < timedelta(days=3650) else None
    return Forecast(total, free, full_on)


def _samples(layout: Layout) -> list[tuple[datetime, int]]:
    """What was noted, oldest first; a file that says something else is begun anew."""
    try:
        kept: Any = small_file.read(_place(layout))["used"]
        return [(datetime.fromisoformat(at), int(used)) for at, used in kept]
    except (ValueError, TypeError, KeyError):
        return []


def _place(layout: Layout) -> Path:
    return layout.home / "cache" / "disk.json"
