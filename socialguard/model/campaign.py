"""What a campaign may be called."""

import unicodedata
from typing import Final

from socialguard import errors
from socialguard.model.text import has_hidden

LONGEST: Final = 64


def campaign_name(given: str) -> str:
    """Return the name as it is kept: composed (NFC), single spaces between its words; raises UsageError."""
    name = unicodedata.normalize("NFC", " ".join(given.split()))
    if not name or len(name) > LONGEST or has_hidden(name):
        raise errors.UsageError(detail=f"A campaign is a name of 1 to {LONGEST} visible characters.")
    return name
