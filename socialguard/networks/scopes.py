"""What a network's scopes let a credential do: whether all of them only read.

A list of what is known to read, and nothing else counts: a scope that is new, or that this program does not know,
may write."""

import re
from collections.abc import Sequence
from typing import Final

# X: `tweet.read`, and the access level `read` of OAuth 1.0a keys. Facebook: `pages_read_engagement`,
# `read_insights`.
_READS: Final = re.compile(r"read|[a-z]+\.read|read_[a-z_]+|pages_read_[a-z_]+")
_HARMLESS: Final = frozenset({"offline.access", "pages_show_list", "public_profile"})


def beyond_reading(scopes: Sequence[str]) -> tuple[str, ...]:
    """Return the scopes that are not known to do nothing but read."""
    return tuple(one for one in scopes if one not in _HARMLESS and _READS.fullmatch(one) is None)
