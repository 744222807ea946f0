"""How accounts look and how one is named: one shape for scripts, labelled lines for people, and the credential
documents that come in."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.cli import completion
from socialguard.cli.face import Face
from socialguard.cli.words import _, later, number, say
from socialguard.model.account import Account
from socialguard.model.credential import guard
from socialguard.workspace.opened import Workspace

MAX_DOCUMENT: Final = 64 * 1024

# In the order in which people read them; what is not told of an account is left out.
_LABELS: Final[Mapping[str, str]] = {
    "account": later("account"),
    "short_name": later("short name"),
    "client": later("client"),
    "display_name": later("name"),
    "followers": later("followers"),
    "labels": later("labels"),
    "contact": later("contact"),
    "mfa.method": later("second factor"),
    "mfa.checked_at": later("second factor: checked"),
    "mfa.by": later("second factor: checked by"),
    "state": later("state"),
    "zone": later("time zone"),
    "attended": later("only at a terminal"),
    "user_id": later("id at the network"),
    "origin": later("where its credential may go"),
    "id": later("id here"),
    "renamed_to": later("renamed at the network to"),
    "identity.handle": later("the network says it is"),
    "identity.url": later("page"),
    "credential.generation": later("credential: generation"),
    "credential.state": later("credential: state"),
    "credential.age_days": later("credential: age"),
    "credential.last_used_at": later("credential: last used"),
    "credential.expires_at": later("credential: ends"),
    "credential.recipients": later("credential: sealed to"),
    "inspection.scopes": later("scopes"),
    "inspection.issued_at": later("issued"),
    "inspection.expires_at": later("ends"),
    "inspection.api_version": later("API version"),
    "inspection.app_live": later("the app is Live"),
}


def read_document(place: str) -> Mapping[str, object]:
    """Return the JSON document on stdin (`-`) or in a file; no value of it is ever repeated.

    Raises UsageError where it is not a JSON object of at most 64 KiB, Unreadable."""
    try:
        data = sys.stdin.buffer.read(MAX_DOCUMENT + 1) if place == "-" else _head(Path(place))
    except OSError as problem:
        raise errors.Unreadable(
            path=place, detail=problem.strerror or "it cannot be opened.", remedy="Check --credential."
        ) from None
    document: object = None
    if len(data) <= MAX_DOCUMENT:
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            document = None
    if not isinstance(document, dict):
        raise errors.UsageError(
            detail="The credential is not a JSON object.", remedy="docs/cli.md shows the documents."
        )
    guard(value for name, value in document.items() if name != "kind" and isinstance(value, str))
    return document


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_DOCUMENT + 1)


def account_document(account: Account) -> dict[str, Any]:
    """Return an account as scripts read it."""
    return {
        "account": str(account),
        "id": account.id,
        "network": account.network,
        "handle": account.handle,
        "user_id": account.user_id,
        "client": account.client,
        "short_name": account.short_name,
        "display_name": account.display_name,
        "followers": account.followers,
        "labels": list(account.labels),
        "origin": account.origin,
        "zone": account.zone,
        "attended": account.attended,
        "state": account.state.value,
    }


def holding_document(holding: Any) -> dict[str, Any]:  # Any: vault.credentials.Holding, imported late
    """Return what is known of a credential without opening it."""
    return {
        "generation": holding.gen,
        "state": holding.state,
        "created_at": jcs.timestamp(holding.created_at),
        "age_days": max(0, (clock.now() - holding.created_at).days),
        "last_used_at": None if holding.last_used_at is None else jcs.timestamp(holding.last_used_at),
        "expires_at": None if holding.expires_at is None else jcs.timestamp(holding.expires_at),
        "recipients": list(holding.recipients),
    }


def one_account(workspace: Workspace, connection: Any, selector: str) -> Account:
    """Return the one account that a selector names; UsageError where it names several."""
    found: Sequence[Account] = workspace.signed.books(connection).registry.resolve(connection, [selector])
    if len(found) != 1:
        raise errors.UsageError(detail=f"{selector} names {len(found)} accounts; name one.")
    return found[0]


def one_account_id(workspace: Workspace, selector: str) -> str:
    """Return the id of the one account that a selector names."""
    with workspace.database.read() as connection:
        return one_account(workspace, connection, selector).id


def remember(workspace: Workspace) -> None:
    """Write the names that shell completion offers; that it cannot be written harms nothing."""
    accounts = workspace.accounts()
    completion.remember_accounts(
        workspace.layout.home,
        accounts=[str(one) for one in accounts],
        short_names=[one.short_name for one in accounts],
        clients={one.client for one in accounts},
        labels={name for one in accounts for name in one.labels},
    )


def read_again(workspace: Workspace, account_id: str) -> Account:
    """Return an account as it is after an act, and let completion know."""
    remember(workspace)
    with workspace.database.read() as connection:
        return workspace.trust.account(connection, account_id)


def tell(face: Face, account: Account, sentence: str) -> None:
    """Print one account after something was done to it."""
    face.printer.answer(
        {"account": account_document(account)},
        lambda: face.printer.say(
            sentence,
            account=account,
            client=account.client,
            short=account.short_name,
            labels=" ".join(account.labels),
            zone=account.zone,
        ),
    )


def tell_facts(face: Face, document: Mapping[str, Any]) -> None:
    """Print one account whole: what is known of it, of its credential, and what its network told."""

    def people() -> None:
        flat = dict(document)
        for part in ("mfa", "credential", "identity", "inspection"):
            inner = flat.pop(part, None) or {}
            flat |= {f"{part}.{key}": value for key, value in inner.items()}
        face.printer.facts([(_(label), _shown(key, flat[key])) for key, label in _LABELS.items() if key in flat])

    face.printer.answer({"account": document}, people)


def _shown(key: str, value: object) -> str:
    """Return a value for a person: instants to the minute, `–` for what is not known."""
    if value is None or value == "" or value == []:
        return "–"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if key == "followers" and isinstance(value, int):
        return number(value)
    if key == "credential.age_days":
        return say("{days} d", days=value)
    if key.endswith("_at"):
        return f"{str(value)[:16].replace('T', ' ')} UTC"
    if key in ("state", "credential.state"):
        return _(str(value))
    return f"@{value}" if key == "identity.handle" else str(value)
