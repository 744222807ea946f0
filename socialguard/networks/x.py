"""X, as API v2 of 2026, through tweepy. Cheap to import: tweepy and all that it needs come with the first session.

What an answer means is in `x_refusals`, how a call is made in `x_calls`, what a text becomes in `x_text`."""

from collections.abc import Mapping

from socialguard.model.credential import Credential
from socialguard.networks import x_credential, x_text
from socialguard.networks.interface import Outgoing, RemotePost, Resolve, Session
from socialguard.networks.limits import load_limits, load_prices, load_reading, owns_app
from socialguard.networks.x_length import urls, weighted_length


class XAdapter:
    """The network X. An unknown outcome is found out by reading the account's own timeline."""

    name = x_credential.NETWORK
    title = "X"
    origin = "https://api.x.com"
    resolve = Resolve.RECONCILE
    threads = True
    tells_handles = True

    def __init__(self) -> None:
        self.limits = load_limits(self.name)
        self.reading = load_reading(self.name)
        self._prices = load_prices(self.name)

    def credential(self, document: Mapping[str, object]) -> Credential:
        """Return the credential of a document `{"kind": "oauth1" or "oauth2", …}`; ValueError, which names
        fields but no values, for any other."""
        return x_credential.parse(document)

    def length(self, text: str, link: str | None) -> int:
        """Return X's weighted length of the text with its link."""
        return weighted_length(x_text.compose(text, link))

    def price(self, text: str, link: str | None) -> int:
        """Return what posting costs, in millionths of a US dollar: a post with any URL costs much more."""
        has_url = bool(link) or bool(urls(text))
        return self._prices["post_with_url" if has_url else "post"]

    @property
    def deletion_price(self) -> int:
        """What deleting a post costs, in millionths of a US dollar."""
        return self._prices["delete"]

    def profile_url(self, handle: str, user_id: str) -> str:
        """Return the page of the account."""
        return f"https://x.com/{handle}"

    def matches(self, ours: Outgoing, theirs: RemotePost) -> bool:
        """Return whether `theirs` is what `ours` would have made: the same reply, and the same text once links
        are resolved. Images are not compared: a timeline does not tell their bytes."""
        if ours.reply_to != theirs.reply_to:
            return False
        return x_text.is_same(x_text.compose(ours.text, ours.link), theirs.text, reply=ours.reply_to is not None)

    def warm(self) -> None:
        """Import what a session needs."""
        import tweepy  # noqa: F401

        from socialguard.networks import x_session  # noqa: F401

    def open(self, credential: Credential, origin: str, account: str) -> Session:
        """Return a session that talks to `origin` and nowhere else."""
        from socialguard.networks import x_session
        from socialguard.networks.charges import Meter

        meter = Meter(
            {
                x_session.POSTS_READ: self._prices["read_post"],
                x_session.OWN_POSTS_READ: self._prices["read_own_post"],
                x_session.USER_READ: self._prices["read_user"],
                x_session.MEDIA_DESCRIBE: self._prices["describe_media"],
            }
        )
        own_posts = x_session.OWN_POSTS_READ if owns_app(self.name) else x_session.POSTS_READ
        return x_session.XSession(credential, origin, account, meter, self.reading, own_posts)
