"""Files that people carry by mail or by hand: canonical JSON in base64, in lines that no mail breaks and no
terminal obeys. What a file says is believed only for the signatures in it."""

from collections.abc import Mapping
from typing import Final

from socialguard import errors
from socialguard.canon import jcs

VERSION: Final = 1
_WIDTH: Final = 76


def written(kind: str, value: Mapping[str, object]) -> str:
    """Return the file of a value, its kind and version added."""
    text = jcs.b64(jcs.encode({"kind": kind, "v": VERSION, **value}))
    return "".join(f"{text[start : start + _WIDTH]}\n" for start in range(0, len(text), _WIDTH))


def read(kind: str, source: str) -> dict[str, object]:
    """Return the value of a file of that kind; raises UsageError for anything else."""
    try:
        value = jcs.decode(jcs.unb64("".join(source.split())))
    except ValueError:
        raise _another(kind) from None
    if not isinstance(value, dict) or value.get("kind") != kind:
        raise _another(kind)
    if value.get("v") != VERSION:
        raise errors.SchemaTooNew(path="file", found=value.get("v"), known=VERSION)
    return value


def _another(kind: str) -> errors.UsageError:
    return errors.UsageError(detail=f"This is no file of the kind {kind}, or it was changed on the way.")
