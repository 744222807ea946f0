"""The post that an address means, as people copy it from a browser: what is guessed wrong answers or deletes
another post, so whatever is not known whole is refused."""

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from socialguard import errors

_ID: Final = re.compile(r"\d{1,20}(_\d{1,20})?|pfbid\w{1,100}", re.ASCII)
# x.com/acme/status/123/photo/1 · facebook.com/acme/posts/a-title/123
_PATH: Final = re.compile(
    r"/(?:status|statuses|posts|videos|photos)/(?:[^/]+/)??(\d+(?:_\d+)?|pfbid\w+)(?:/|$)", re.ASCII
)
_ALSO: Final = {"x.com": ("twitter.com",), "facebook.com": ("fb.com",)}
"""Other names of a network's site, by the one that its addresses have now."""
_QUERY: Final = ("story_fbid", "fbid", "v")


def post_id(address: str) -> str:
    """Return the network's id of the post at `address`; an id alone stays as it is.

    Raises UsageError where that names no post."""
    found = address if "/" not in address else _in_url(address)
    if found is None or not _ID.fullmatch(found):
        raise errors.UsageError(detail=f"{address} is not the address of a post.")
    return found


def require_site(url: str, profile: str) -> None:
    """Refuse the address of a post on another network's site than that of `profile`, which lies there; an id alone
    has none. Raises UsageError."""
    site = _site(profile)
    if "/" in url and _site(url) not in (site, *_ALSO.get(site, ())):
        raise errors.UsageError(detail=f"{url} is not the address of a post on {site}.")


def _site(url: str) -> str:
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])


def _in_url(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        asked = parse_qs(parts.query)
    except ValueError:
        return None
    if parts.scheme not in ("https", "http") or not parts.hostname:
        return None
    named = _PATH.search(parts.path)
    if named is not None:
        return named[1]
    for key in _QUERY:
        if key in asked:
            return asked[key][0]
    return parts.path.rstrip("/").rpartition("/")[2]
