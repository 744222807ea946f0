"""Facebook Pages, Graph API v26.0, over facebook-sdk 3.1.0.

The facts of the network and how a credential looks; the calls are in `facebook_session`, which is imported with
the first session: this module is loaded wherever a list names a network and costs next to nothing.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from socialguard.model.credential import Credential
from socialguard.networks.interface import Limits, Outgoing, Reading, RemotePost, Resolve, Session
from socialguard.networks.limits import load_limits, load_reading

SITE: Final = "https://www.facebook.com"


class FacebookAdapter:
    """Facebook Pages (`networks.interface.Network`)."""

    name = "facebook"
    title = "Facebook"
    origin = "https://graph.facebook.com"
    resolve = Resolve.TWO_STEP
    threads = False
    tells_handles = False

    def __init__(self) -> None:
        self.limits: Limits = load_limits(self.name)
        self.reading: Reading = load_reading(self.name)

    def credential(self, document: Mapping[str, object]) -> Credential:
        """Return the credential of `{"kind": "page", "page_token", "app_id"?, "app_secret"?}`.

        Raises ValueError, which names fields and no values, for any other document."""
        from socialguard.networks.facebook_credential import parse_document

        return parse_document(document)

    def length(self, text: str, link: str | None) -> int:
        """Return the length in characters (code points); a link is shown as a preview and counts nothing."""
        return len(text)

    def price(self, text: str, link: str | None) -> int:
        """Return 0: Graph charges nothing."""
        return 0

    @property
    def deletion_price(self) -> int:
        """Nothing: Facebook's API is free."""
        return 0

    def profile_url(self, handle: str, user_id: str) -> str:
        """Return the Page's address; its id leads there too where it has no user name."""
        return f"{SITE}/{quote(handle or user_id, safe='')}"

    def matches(self, ours: Outgoing, theirs: RemotePost) -> bool:
        """Return whether a remote post is what `ours` would have made."""
        from socialguard.networks.facebook_text import matches

        return matches(ours, theirs)

    def warm(self) -> None:
        """Import what a session needs."""
        from socialguard.networks import facebook_session  # noqa: F401

    def open(self, credential: Credential, origin: str, account: str) -> Session:
        """Return a session for one Page; NetworkRefused where `origin` is neither https nor loopback."""
        from socialguard.networks.facebook_session import FacebookSession

        session: FacebookSession = FacebookSession(credential, origin, account)
        return session
