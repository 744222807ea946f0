"""Asks where links lead, for the guard; nothing is imported before the first link is asked for."""

from urllib.parse import quote, urlsplit, urlunsplit

from socialguard import errors
from socialguard.guard.interface import Reached

SECONDS = 5.0
"""How long one link may take, its redirects included."""
_SAFE = "/%:=&?~#+!$,;'@()*[]"


class Looker:
    """Fulfils `guard.interface.Looker`. `origin` counts only where it is on this machine: tests can look."""

    def __init__(self, origin: str = "") -> None:
        self._origin = origin

    def reach(self, url: str) -> Reached:
        """Return where a link leads; it never raises."""
        from socialguard.networks import fetch

        try:
            end, status = fetch.landed(asked(url), origin=self._origin, seconds=SECONDS)
        except errors.FileRefused as problem:
            return Reached("", problem=str(problem.fields["detail"]).rstrip("."))
        return Reached(end, status)


def asked(url: str) -> str:
    """Return an address as a browser would ask for it: with a scheme, its host and path in ASCII (RFC 3987 §3.1);
    what has no such form is returned as it is, to be refused."""
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host = parts.netloc if parts.netloc.isascii() else parts.netloc.encode("idna").decode("ascii")
        path, query = (quote(part, safe=_SAFE) for part in (parts.path, parts.query))
    except ValueError:
        return url
    return urlunsplit((parts.scheme, host, path, query, ""))
