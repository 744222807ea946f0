"""Asks where links lead and which handles somebody has, for the guard; nothing is imported before it is asked."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from socialguard import errors
from socialguard.guard.interface import Reached
from socialguard.model.account import Account

Ask = Callable[[Account, Sequence[str]], Mapping[str, bool]]

_NOT_ASKED = (
    errors.NetworkRefused,
    errors.RateLimited,
    errors.AuthenticationNeeded,
    errors.Locked,
    errors.OverBudget,
    errors.NotFound,
)
SECONDS = 5.0
"""How long one link may take, its redirects included."""
_SAFE = "/%:=&?~#+!$,;'@()*[]"


class Looker:
    """Fulfils `guard.interface.Looker`; `ask` asks the network of an account for handles. `origin` counts only
    where it is on this machine: tests can look."""

    def __init__(self, ask: Ask, origin: str = "") -> None:
        self._ask = ask
        self._origin = origin

    def handles(self, account: Account, names: Sequence[str]) -> Mapping[str, bool] | None:
        """Return which handles somebody has, those that the network does not tell left out; None where it could
        not be asked. What is wrong with the workspace itself is raised."""
        try:
            return self._ask(account, names)
        except _NOT_ASKED:
            return None

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
