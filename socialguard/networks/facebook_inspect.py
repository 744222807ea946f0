"""What `debug_token` tells about a Page's token, as facts and as sentences for a person."""

from datetime import timedelta
from typing import Final

from socialguard import clock
from socialguard.model.text import marked
from socialguard.networks.facebook_errors import invalid_token, not_understood
from socialguard.networks.facebook_graph import API_VERSION
from socialguard.networks.facebook_replies import TokenFacts, TokenFactsDocument, parse
from socialguard.networks.interface import Inspection

NEEDED_SCOPES: Final = ("pages_manage_posts", "pages_read_engagement", "pages_show_list")
READING_SCOPES: Final = ("pages_read_user_content", "read_insights")
_SOON: Final = timedelta(days=14)

# Message-catalogue sentences, whole: each is looked up as it stands.
NOT_PROVED_LIVE: Final = marked(
    "It cannot be proved that the Facebook app is Live: posts of an app in development look published and are"
    " invisible to everybody else. Look at a post while logged out of Facebook."
)
NOT_INSPECTED: Final = marked(
    "Scopes and expiry are unknown: Facebook tells them only with app_id and app_secret in the credential."
)
OTHER_APP: Final = marked("The token was made by another app than the credential's app_id says.")
NOT_A_PAGE: Final = marked("The token is not a Page's: posts would fail, or end where they should not.")
MISSING_SCOPES: Final = marked(
    "A permission is missing; posting needs pages_manage_posts, pages_read_engagement and pages_show_list."
)
MISSING_TO_READ: Final = marked(
    "A permission is missing; backups and the watch need pages_read_user_content and read_insights."
)
EXPIRES_SOON: Final = marked("The token ends within 14 days: log in again and rotate it.")
DATA_ACCESS_SOON: Final = marked("The app's access to data ends within 14 days: log in again to renew it.")
DATA_ACCESS_OVER: Final = marked("The app's access to data has ended: log in again, or reading will fail.")
OTHER_VERSION: Final = marked(
    "Facebook answered with another version of its API than the pinned one: the pinned one may have ended."
)


def inspection(document: object, app_id: str | None, answered: str | None, account: str) -> Inspection:
    """Return the inspection for a reply of debug_token; `document` None means that it could not be asked, for
    want of the app's secret. `answered` is the version that Graph answered with.

    Raises AuthenticationNeeded where the token is not valid, NetworkRefused for a reply of another form."""
    version = answered or API_VERSION
    general = (NOT_PROVED_LIVE, *((OTHER_VERSION,) if version != API_VERSION else ()))
    if document is None:
        return Inspection((), None, None, version, None, (NOT_INSPECTED, *general))
    reply = parse(TokenFactsDocument, document)
    if reply is None:
        raise not_understood(account, write=False)
    facts = reply.data
    if not facts.is_valid:
        raise invalid_token(facts.error, account)
    return Inspection(
        scopes=tuple(facts.scopes),
        expires_at=facts.expires_at,
        issued_at=facts.issued_at,
        api_version=version,
        app_live=None,
        warnings=(*_warnings(facts, app_id), *general),
    )


def _warnings(facts: TokenFacts, app_id: str | None) -> list[str]:
    soon = clock.now() + _SOON
    data_until = facts.data_access_expires_at
    found = {
        OTHER_APP: facts.app_id is not None and facts.app_id != app_id,
        NOT_A_PAGE: facts.type not in ("", "PAGE"),
        MISSING_SCOPES: not set(NEEDED_SCOPES) <= set(facts.scopes),
        MISSING_TO_READ: not set(READING_SCOPES) <= set(facts.scopes),
        EXPIRES_SOON: facts.expires_at is not None and facts.expires_at < soon,
        DATA_ACCESS_SOON: data_until is not None and clock.now() <= data_until < soon,
        DATA_ACCESS_OVER: data_until is not None and data_until < clock.now(),
    }
    return [sentence for sentence, applies in found.items() if applies]
