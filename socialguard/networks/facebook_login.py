"""The login by which a person lets their own Facebook app manage their Pages. No user interface is here.

`begin` → the person allows it in a browser → `finish` → `exchange` (60 days) → `pages`, whose tokens have no
end. State, verifier, codes and tokens show in no repr; they leave in the body of a POST, never in an address.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from socialguard import errors
from socialguard.model.credential import Credential, guard
from socialguard.networks.interface import Page

ORIGIN: Final = "https://graph.facebook.com"
DIALOG_ORIGIN: Final = "https://www.facebook.com"
VERSION: Final = "v26.0"
# The feed of a Page and the comments under its posts are told only with `pages_read_user_content`.
SCOPES: Final = (
    "pages_manage_posts",
    "pages_read_engagement",
    "pages_read_user_content",
    "pages_show_list",
    "read_insights",
)
WHO: Final = "this login"
_MAX_ADDRESS: Final = 16 * 1024
_MAX_LISTS: Final = 50


@dataclass(frozen=True, slots=True)
class Started:
    """A login on its way: `url` is for the browser; `state` and `verifier` prove that an answer is ours."""

    url: str = field(repr=False)
    app_id: str
    redirect_uri: str
    origin: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)


def begin(app_id: str, redirect_uri: str, origin: str = ORIGIN, scopes: tuple[str, ...] = SCOPES) -> Started:
    """Return a login to open in a browser. `redirect_uri` must be among the app's Valid OAuth Redirect URIs;
    `origin` is Graph's, or a sandbox that then shows the dialog too."""
    state, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    guard((state, verifier))
    query = {
        "client_id": app_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": ",".join(scopes),
        "state": state,
        "code_challenge": challenge(verifier),
        "code_challenge_method": "S256",
    }
    place = DIALOG_ORIGIN if origin.rstrip("/") == ORIGIN else origin.rstrip("/")
    url = f"{place}/{VERSION}/dialog/oauth?{urlencode(query)}"
    return Started(url, app_id, redirect_uri, origin, state, verifier)


def challenge(verifier: str) -> str:
    """Return PKCE's S256 challenge (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def finish(started: Started, app_secret: str, returned_url: str) -> Credential:
    """Return the person's token (1–2 hours), as a Credential of kind `user`.

    Raises UsageError where the address is not an answer to this login, NetworkRefused where the person or
    Facebook said no, NotReached where no token could be fetched."""
    code = _code(started, returned_url)
    return _grant(
        started.app_id,
        app_secret,
        started.origin,
        redirect_uri=started.redirect_uri,
        code=code,
        code_verifier=started.verifier,
    )


def exchange(user: Credential, origin: str = ORIGIN) -> Credential:
    """Return the person's token with about 60 days to live. Errors as of `finish`."""
    return _grant(
        user.reveal("app_id"),
        user.reveal("app_secret"),
        origin,
        grant_type="fb_exchange_token",
        fb_exchange_token=user.reveal("access_token"),
    )


def pages(user: Credential, origin: str = ORIGIN) -> tuple[Page, ...]:
    """Return every Page that the person lets the app manage, in Facebook's order, each with its own
    credential. A Page of which Facebook gives no token (no role there) is left out."""
    from socialguard.networks.facebook_replies import PageList, PageReply, parse
    from socialguard.networks.facebook_session import PAGE_FIELDS
    from socialguard.networks.facebook_text import identity_of

    graph = _graph(origin, user.reveal("access_token"), user.reveal("app_secret"))

    def listing(after: dict[str, str]) -> object:
        fields = f"{PAGE_FIELDS},access_token"
        return graph.get_connections("me", "accounts", fields=fields, limit=100, **after)

    found: dict[str, PageReply] = {}
    after: dict[str, str] = {}
    for _ in range(_MAX_LISTS):
        listed = parse(PageList, _ask(partial(listing, after)))
        if listed is None:
            raise _refused("its list of Pages could not be understood.")
        found |= {page.id: page for page in listed.data if page.id not in found}
        following = listed.paging.following()
        if following is None:
            break
        if not following or following == after:
            raise _refused("its list of Pages cannot be followed to its end.")
        after = following
    return tuple(
        Page(identity_of(page), _page_credential(page.access_token.get_secret_value(), user))
        for page in found.values()
        if page.access_token is not None
    )


def _page_credential(token: str, user: Credential) -> Credential:
    fields = {"page_token": token, "app_id": user.reveal("app_id"), "app_secret": user.reveal("app_secret")}
    return Credential("facebook", "page", fields)


def _code(started: Started, returned_url: str) -> str:
    """Return the code in the address that the browser came back with; no part of it reaches an error."""
    query: dict[str, list[str]] = {}
    fits = len(returned_url) <= _MAX_ADDRESS
    if fits:
        try:
            given = urlsplit(returned_url.strip())
            query = parse_qs(given.query, max_num_fields=32)
            fits = f"{given.scheme}://{given.netloc}{given.path}" == started.redirect_uri
        except ValueError:
            fits = False
    guard(value for values in query.values() for value in values)
    states = query.get("state", [])
    ours = len(states) == 1 and hmac.compare_digest(states[0].encode(), started.state.encode())
    if not (fits and ours):
        raise errors.UsageError(
            detail="That address is not the answer to this login.",
            remedy="Paste the whole address of the page that you came to after logging in.",
        )
    if "error" in query:
        denied = query["error"] == ["access_denied"]
        raise _refused("the login was not allowed." if denied else "it ended the login with an error.")
    if len(query.get("code", [])) != 1:
        raise _refused("it gave no code.")
    return query["code"][0]


def _grant(app_id: str, app_secret: str, origin: str, **data: str) -> Credential:
    from socialguard.networks.facebook_replies import TokenReply, parse

    guard((app_secret, *data.values()))
    graph = _graph(origin)
    reply = parse(TokenReply, _ask(lambda: graph.grant(client_id=app_id, client_secret=app_secret, **data)))
    if reply is None:
        raise _refused("its answer held no token.")
    token = reply.access_token.get_secret_value()
    return Credential("facebook", "user", {"access_token": token, "app_id": app_id, "app_secret": app_secret})


def _graph(origin: str, token: str | None = None, app_secret: str | None = None) -> Any:
    from socialguard.networks.facebook_graph import HOST, Graph, GraphTransport
    from socialguard.networks.http import origin_session

    session = origin_session(origin, WHO, "Facebook", (HOST,))
    return Graph(GraphTransport(session, token, app_secret), token)


def _ask(call: Callable[[], Any]) -> object:
    from socialguard.networks.facebook_errors import TITLE, meaning
    from socialguard.networks.facebook_graph import GraphProblem
    from socialguard.networks.http import ExchangeFailed

    try:
        return call()
    except GraphProblem as problem:
        failure = meaning(problem, WHO, write=False)
    except ExchangeFailed as failed:
        failure = failed.as_error(TITLE, WHO, write=False)
    raise failure  # outside the except block: an error drags no cause along


def _refused(detail: str) -> errors.NetworkRefused:
    return errors.NetworkRefused(network="Facebook", account=WHO, detail=detail)
