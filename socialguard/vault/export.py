"""The recovery export: credentials in an age file, for the day when no key of the workspace is left.

Who holds the identity holds the accounts: each credential in it leaves an entry of its own, before it is opened.
"""

import secrets
from collections.abc import Sequence
from typing import Final

from socialguard import errors
from socialguard.canon import jcs
from socialguard.registry.accounts import Registry
from socialguard.vault import age
from socialguard.vault.custody import Custody

VERSION: Final = 1
ACTION: Final = "credential.export"


def export_age(
    custody: Custody,
    account_ids: Sequence[str],
    recipients: Sequence[str],
    reason: str | None = None,
    *,
    armored: bool = False,
) -> bytes:
    """Return an age file, for each of `recipients` (`age1…`), of the credentials of the accounts.

    It holds canonical JSON: `{v, org, accounts: [{id, network, handle, user_id, origin, credential}]}`, where
    `credential` is the document that `account add` reads. Raises UsageError where no account is named or a
    recipient is none (before anything is opened), and as `Vault.use`."""
    if not account_ids:
        raise errors.UsageError(detail="No account is named.")
    age.export(recipients, b"")  # refuses a recipient that is none
    corr = secrets.token_hex(8)
    accounts = []
    for account_id in dict.fromkeys(account_ids):
        with custody.database.write() as connection:
            custody.log.require_extends(connection, custody.pins.pinned_tree())
            manifest = custody.manifest(connection)
            account = Registry(manifest).account(connection, account_id)
            said = {"recipients": sorted(recipients)}
            entry = custody.entry(ACTION, "intent", account_id, corr=corr, reason=reason, obj=said)
            intent = custody.log.append(connection, entry)
            keys = custody.keys(manifest, account_id)
            credential = custody.vault(manifest).use(connection, account, keys, intent=intent)
            custody.log.append(connection, custody.entry(ACTION, "ok", account_id, corr=corr))
        accounts.append(
            {
                "id": account.id,
                "network": account.network,
                "handle": account.handle,
                "user_id": account.user_id,
                "origin": account.origin,
                "credential": credential.document(),
            }
        )
    document = {"v": VERSION, "org": custody.log.org, "accounts": accounts}
    return age.export(recipients, jcs.encode(document), armored=armored)
