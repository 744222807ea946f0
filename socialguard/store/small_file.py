"""Small files beside a database that may vanish at any time: what they hold is known elsewhere, or asked anew."""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path

from socialguard.model import bounded
from socialguard.store import sharing


def write(path: Path, value: Mapping[str, object]) -> None:
    """Replace a small file as a whole; that it cannot be written harms nothing."""
    try:
        sharing.make(path.parent)
        part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(part, flags, 0o600), "wb") as file:
            os.fchmod(file.fileno(), sharing.file_mode(path.parent))
            file.write(json.dumps(value).encode("utf-8"))
        part.replace(path)
    except OSError:
        return


def read(path: Path) -> dict[str, object]:
    """Return what a small file holds, nothing where it is not there or not one of ours."""
    try:
        found = json.loads(bounded.read_whole(path))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
