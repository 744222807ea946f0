"""`socialguard account login …`: a credential by logging in, instead of by pasting one.

The app is the organisation's own: its id may stand on the command line, its secret never does."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from socialguard import errors
from socialguard.cli import browser, terminal
from socialguard.cli.accounts import one_account, remember
from socialguard.cli.browser import Way
from socialguard.cli.completion import AccountType
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.output import sentences
from socialguard.cli.words import _, later, number
from socialguard.model.account import AccountName
from socialguard.workspace import login
from socialguard.workspace.login import Outcome, Placement
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from socialguard.model.account import Account
    from socialguard.model.credential import Credential
    from socialguard.networks.interface import Page

F = TypeVar("F", bound=Callable[..., object])
TRIES: Final = 3
_ALLOWED: Final = later("The login allows: {pages}")
_STOPS_ALL: Final = (errors.AuditUnwritable, errors.Tampered, errors.Locked)


class NothingAdded(errors.Cancelled):
    """Stopped. Nothing was added."""


def _shared(function: F) -> F:
    """Add the options that both logins have."""
    for option in reversed(
        (
            click.option("--app", metavar="-|FILE", help="The app's keys as a JSON document; - is stdin."),
            click.option("--client-id", metavar="ID", help="The app's id; its secret is asked for."),
            click.option("--no-browser", is_flag=True, help="The browser is elsewhere; paste its answer."),
            click.option("--port", type=click.IntRange(0, 65535), default=browser.PORT, show_default=True,
                         help="Where the browser comes back to on this machine."),
            click.option("--redirect-uri", metavar="URI", help="With --no-browser: the page to come back to."),
            click.option("--rotate", is_flag=True, help="Replace the credential of an account that is there."),
            click.option("--base-url", metavar="URL", help="Where the credential may be sent."),
            click.option("--client", metavar="NAME", help="The brand or customer; without it the handle."),
            click.option("--label", "labels", multiple=True, metavar="NAME", help="A label (repeatable)."),
            click.option("--zone", metavar="ZONE", help="Time zone of --at, e.g. Europe/Paris."),
            click.option("--attended", is_flag=True, help="Only a person at a terminal may use it."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


@command("x")
@click.argument("account", required=False, type=AccountType(), metavar="[ACCOUNT]")
@_shared
@click.option("--short", metavar="NAME", help="The short name to type at a switch.")
def login_x(face: Face, /, account: str | None, short: str | None, rotate: bool, **options: Any) -> None:
    """Log in to X in the browser, and add the account that allows it."""
    way = _way(options)
    keys = _x_keys(face, options)
    with open_workspace(face) as workspace:
        name, there = _target(workspace, "x", account)
        login.require_free(there, rotate=rotate)
        origin = login.origin_for(workspace, "x", there, options["base_url"])
        placement = _placement(options, origin, short)
        if there is None:
            login.require_fit(workspace, "x", name, placement)

        def act() -> tuple[AccountName, "Credential"]:
            credential = _x_credential(face, keys, way, origin)
            if name is not None:
                return name, credential  # whose it is, is asked when it is taken in
            session = workspace.network("x").open(credential, origin, "this login")
            return AccountName("x", session.identity().handle), credential

        told, credential = login.logged(workspace, "x", origin, "pin" if "consumer_key" in keys else str(way), act)
        outcome = login.admit(workspace, told, credential, placement, rotate=rotate)
        remember(workspace)
    _tell(face, [_document(outcome)])


@command("facebook")
@_shared
@click.option("--pages", is_flag=True, help="Several Pages at once: pick them from a list.")
@click.option("--page", "named", multiple=True, metavar="NAME", help="This Page: its handle or id (repeatable).")
def login_facebook(face: Face, /, pages: bool, named: tuple[str, ...], rotate: bool, **options: Any) -> int:
    """Log in to Facebook in the browser, and add Pages that the person manages."""
    way = _way(options)
    app_id, app_secret = _facebook_keys(face, options)
    with open_workspace(face) as workspace:
        origin = login.origin_for(workspace, "facebook", None, options["base_url"])
        placement = _placement(options, origin, None)
        login.require_fit(workspace, "facebook", None, placement)
        found = login.logged(
            workspace, "facebook", origin, str(way), lambda: _facebook_pages(face, app_id, app_secret, way, origin)
        )
        wanted = _named_pages(found, named) if named else _picked(face, found, many=pages)
        documents = [_admitted(workspace, page, placement, rotate=rotate) for page in wanted]
        remember(workspace)
    _tell(face, documents)
    return errors.gravest(one["error"]["code"] for one in documents if one["error"] is not None)


# ── the app and the way ──────────────────────────────────────────────────────────────────────────────────


def _way(options: Mapping[str, Any]) -> Way:
    return Way(options["no_browser"], options["port"], options["redirect_uri"])


def _placement(options: Mapping[str, Any], origin: str, short: str | None) -> Placement:
    return Placement(
        origin=origin,
        client=options["client"],
        short_name=short,
        labels=options["labels"],
        zone=options["zone"],
        attended=options["attended"],
    )


def _x_keys(face: Face, options: Mapping[str, Any]) -> dict[str, str]:
    """Return `client_id` and perhaps `client_secret`, or `consumer_key` and `consumer_secret` for a PIN."""
    given = _app(options)
    if given is None:
        keys = {"client_id": options["client_id"]}
        if face.has_terminal:
            secret = terminal.ask_secret(_("Client secret of the app (Enter: it is a public client):"))
            keys |= {"client_secret": secret} if secret else {}
        return keys
    if set(given) not in ({"client_id"}, {"client_id", "client_secret"}, {"consumer_key", "consumer_secret"}):
        raise errors.UsageError(
            detail="An app of X has client_id and perhaps client_secret; for a PIN consumer_key, consumer_secret."
        )
    return given


def _facebook_keys(face: Face, options: Mapping[str, Any]) -> tuple[str, str]:
    given = _app(options)
    if given is None:
        if not face.has_terminal:
            raise errors.UsageError(
                detail="The app's secret is needed, and there is no terminal to ask for it.",
                remedy="Give --app - and its id and secret as JSON on stdin; docs/cli.md shows the document.",
            )
        given = {
            "app_id": options["client_id"],
            "app_secret": terminal.ask_secret(_("Secret of the app:")),
        }
    if set(given) != {"app_id", "app_secret"} or not all(given.values()):
        raise errors.UsageError(detail="An app of Facebook has app_id and app_secret.")
    return given["app_id"], given["app_secret"]


def _app(options: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the app's document, None where only its id was given."""
    app, client_id = options["app"], options["client_id"]
    if (app is None) == (client_id is None):
        raise errors.UsageError(detail="Name your app, by one of: --client-id ID, --app -|FILE.")
    return None if app is None else browser.app_document(app)


# ── X ────────────────────────────────────────────────────────────────────────────────────────────────────


def _x_credential(face: Face, keys: Mapping[str, str], way: Way, origin: str) -> "Credential":
    from socialguard.networks import x_login
    from socialguard.registry.origin import is_loopback

    if "consumer_key" in keys:
        pin = x_login.begin_pin(keys["consumer_key"], keys["consumer_secret"], origin)
        browser.show(face, pin.url, opened=not way.no_browser)
        return x_login.finish_pin(pin, browser.answer(face, _("The PIN that X shows:")))
    # A sandbox shows the consent page itself; a proxy of the API does not.
    consent = origin if is_loopback(origin) else x_login.AUTHORIZE_ORIGIN
    begun, returned = browser.go(
        face,
        way,
        lambda uri: x_login.begin(keys["client_id"], keys.get("client_secret"), uri, origin, consent),
    )
    return x_login.finish(begun, returned)


def _target(
    workspace: Workspace, network: str, account: str | None
) -> "tuple[AccountName | None, Account | None]":
    """Return the name that was given and the account that has it; None for what there is not."""
    if account is None:
        return None, None
    if ":" not in account:
        with workspace.database.read() as connection:
            there = one_account(workspace, connection, account)
        name = there.name
    else:
        name = AccountName.parse(account)
        there = login.registered(workspace, name)  # type: ignore[assignment]
    if name.network != network:
        raise errors.UsageError(detail=f"{name} is not an account of this network.")
    return name, there


# ── Facebook ─────────────────────────────────────────────────────────────────────────────────────────────


def _facebook_pages(face: Face, app_id: str, app_secret: str, way: Way, origin: str) -> "tuple[Page, ...]":
    from socialguard.networks import facebook_login

    begun, returned = browser.go(face, way, lambda uri: facebook_login.begin(app_id, uri, origin))
    person = facebook_login.exchange(facebook_login.finish(begun, app_secret, returned), origin)
    found = facebook_login.pages(person, origin)
    if not found:
        raise errors.UsageError(
            detail="This login allows no Page.", remedy="Log in again and tick the Pages in Facebook's dialog."
        )
    return found


def _named_pages(found: "Sequence[Page]", named: Sequence[str]) -> "list[Page]":
    """Return the Pages of these handles or ids, each once; raises NotFound."""
    chosen: dict[str, Page] = {}
    for name in named:
        plain = name.removeprefix("facebook:").removeprefix("@")
        fits = [one for one in found if plain in (one.identity.handle, one.identity.user_id)]
        if not fits:
            raise errors.NotFound(kind="Page in this login:", name=name, remedy=_ALLOWED, pages=_allowed(found))
        chosen.setdefault(fits[0].identity.user_id, fits[0])
    return list(chosen.values())


def _picked(face: Face, found: "Sequence[Page]", *, many: bool) -> "list[Page]":
    """Let the person pick from a numbered list; three tries, Enter stops."""
    if not face.has_terminal:
        raise errors.UsageError(detail="Name the Pages with --page.", remedy=_ALLOWED, pages=_allowed(found))
    for place, page in enumerate(found, 1):
        who = page.identity
        followers = "" if who.followers is None else number(who.followers)
        face.printer.card([f"{place:>3}  @{who.handle}  {who.display_name}  {followers}".rstrip()])
    question = _("Type the numbers of the Pages to add, as 1 3-5. Enter stops:") if many else _(
        "Type the number of the Page to add. Enter stops:"
    )  # fmt: skip
    for _attempt in range(TRIES):
        typed = terminal.ask(question)
        if not typed.strip():
            break
        places = numbers(typed, len(found))
        if places and (many or len(places) == 1):
            return [found[place - 1] for place in places]
        face.printer.note("These are not numbers of the list.")
    raise NothingAdded


def numbers(typed: str, most: int) -> list[int]:
    """Return the numbers from 1 to `most` that `1 3-5` or `1,3` names, each once; empty where one is none."""
    found: dict[int, None] = {}
    for word in typed.replace(",", " ").split():
        low, dash, high = word.partition("-")
        ends = (low, high if dash else low)
        if not all(end.isascii() and end.isdigit() and len(end) < 6 for end in ends):
            return []
        if not 1 <= int(ends[0]) <= int(ends[1]) <= most:
            return []
        found.update(dict.fromkeys(range(int(ends[0]), int(ends[1]) + 1)))
    return list(found)


def _allowed(found: "Sequence[Page]") -> str:
    return ", ".join(f"--page {one.identity.handle}" for one in found[:50])


def _admitted(workspace: Workspace, page: "Page", placement: Placement, *, rotate: bool) -> dict[str, Any]:
    """Take one Page in; what goes wrong with it is its own, unless it stops everything."""
    try:
        name = AccountName("facebook", page.identity.handle)
        return _document(login.admit(workspace, name, page.credential, placement, rotate=rotate))
    except _STOPS_ALL:
        raise
    except errors.SocialGuardError as problem:
        message, remedy = sentences(problem)
        return {
            "account": f"facebook:@{page.identity.handle}",
            "outcome": "failed",
            "generation": None,
            "error": {"code": problem.exit_code, "name": problem.name, "message": message, "remedy": remedy},
        }


# ── what is told ─────────────────────────────────────────────────────────────────────────────────────────


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "account": str(outcome.account),
        "outcome": "added" if outcome.added else "rotated",
        "generation": outcome.gen,
        "error": None,
    }


def _tell(face: Face, documents: Sequence[Mapping[str, Any]]) -> None:
    def people() -> None:
        for one in documents:
            if one["error"] is not None:
                told = f"{one['error']['message']} {one['error']['remedy']}".strip()
                face.printer.say("{account}: {outcome}", account=one["account"], outcome=told)
            elif one["outcome"] == "added":
                face.printer.say("Added {account}.", account=one["account"])
            else:
                face.printer.say("{account} has credential generation {gen}.", account=one["account"],
                                 gen=one["generation"])  # fmt: skip

    face.printer.answer({"accounts": documents}, people)
