"""The small file that tells every command of unseen alerts, so that none opens a database for it.

There is no file where nothing is unseen: then looking costs one call that fails."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from socialguard.store import small_file

if TYPE_CHECKING:
    from socialguard.alerts.reader import Alert

PLACE: Final = ("cache", "alerts.json")
"""Where it lies in a workspace's directory."""


class Notice(NamedTuple):
    """How many alerts nobody has seen, and the newest of them."""

    unseen: int
    template: str
    fields: Mapping[str, str]
    raised_at: datetime


def write(place: Path, unseen: int, newest: "Alert | None") -> None:
    """Leave the notice, or take it away where nothing is unseen."""
    if newest is None:
        with suppress(OSError):
            place.unlink(missing_ok=True)
        return
    small_file.write(
        place,
        {
            "unseen": unseen,
            "template": newest.template,
            "fields": dict(newest.fields),
            "raised_at": newest.raised_at.isoformat(),
        },
    )


def read(place: Path) -> Notice | None:
    """Return the notice, None where nothing is unseen or the file is not one of ours."""
    data = small_file.read(place)
    fields = data.get("fields")
    if not data or not isinstance(fields, dict):
        return None
    try:
        kept = {str(name): str(value) for name, value in fields.items()}
        raised_at = datetime.fromisoformat(str(data["raised_at"]))
        return Notice(int(str(data["unseen"])), str(data["template"]), kept, raised_at)
    except (ValueError, KeyError):
        return None
