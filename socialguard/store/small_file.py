"""Small files beside a database that may vanish at any time: what they hold is known elsewhere, or asked anew."""

import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path


def write(path: Path, value: Mapping[str, object]) -> None:
    """Replace a small file as a whole; that it cannot be written harms nothing."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
        part.write_text(json.dumps(value), encoding="utf-8")
        part.replace(path)
    except OSError:
        return


def read(path: Path) -> dict[str, object]:
    """Return what a small file holds, nothing where it is not there or not one of ours."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
