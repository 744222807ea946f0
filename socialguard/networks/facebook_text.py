"""How Facebook stores what one posts, so that a post of ours can be recognised among those of the Page."""

import re
import unicodedata
from datetime import datetime
from typing import Final
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit

from socialguard.model.text import has_hidden
from socialguard.networks.facebook_replies import PageReply, PostReply
from socialguard.networks.interface import Identity, Outgoing, RemotePost

SITE: Final = "https://www.facebook.com"
_BLANKS_AT_END: Final = re.compile(r"[^\S\n]+$", re.MULTILINE)


def normal(message: str) -> str:
    """Return a message as Facebook keeps it: NFC, one kind of line end, nothing blank at any end."""
    text = unicodedata.normalize("NFC", message.replace("\r\n", "\n").replace("\r", "\n"))
    return _BLANKS_AT_END.sub("", text).strip()


def same_link(ours: str, theirs: str) -> bool:
    """Return whether two addresses are one: Facebook adds `fbclid`, a final slash, and lowers the host."""
    return _plain(ours) == _plain(theirs)


def matches(ours: Outgoing, theirs: RemotePost) -> bool:
    """Return whether a remote post is what `ours` would have made. A link that nobody asked for is no
    difference: Facebook makes a preview of a link in the text by itself."""
    if normal(ours.text) != normal(theirs.text):
        return False
    return ours.link is None or (theirs.link is not None and same_link(ours.link, theirs.link))


def identity_of(page: PageReply) -> Identity:
    """Return who a Page is; one without a user name has its id as handle."""
    handle = page.username or page.id
    return Identity(page.id, handle, page.name, page.fan_count, page.link or f"{SITE}/{quote(handle)}")


def post_url(post: PostReply) -> str:
    """Return the address of a post: the one that Graph names, if it is one, or else made from its id."""
    named = post.permalink_url or ""
    usable = named.startswith(("https://", "http://")) and not has_hidden(named) and " " not in named
    return named if usable else url_of(post.id)


def url_of(post_id: str) -> str:
    """Return an address that leads to a post of this id."""
    return f"{SITE}/{quote(post_id)}"


def remote_post(post: PostReply) -> RemotePost:
    """Return a post as every network shows it."""
    created: datetime = post.created_time
    return RemotePost(
        network_id=post.id,
        text=post.message,
        created_at=created,
        url=post_url(post),
        link=post.link,
        public=post.is_published is not False,
    )


def _plain(address: str) -> tuple[str, str, str, str]:
    try:
        parts: SplitResult = urlsplit(address.strip())
    except ValueError:
        return address, "", "", ""
    query = [(name, value) for name, value in parse_qsl(parts.query, True) if name != "fbclid"]
    return parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"), urlencode(query)
