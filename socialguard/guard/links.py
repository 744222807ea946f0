"""The links of a post: which there are, whose domain each is, and how a domain looks to a reader."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from socialguard.model.delivery import Content
from socialguard.networks.x_urls import urls
from socialguard.registry.names import skeleton

# Second levels under which others register, where the top level is a country's.
_SHARED: Final = frozenset({"ac", "asso", "co", "com", "edu", "gob", "gouv", "gov", "ne", "net", "or", "org"})


@dataclass(frozen=True, slots=True)
class Link:
    """One link: as it stands in the text (`span`, None for the one beside the text), and its host as people read
    it, in lower case (empty where it has none)."""

    url: str
    host: str
    span: tuple[int, int] | None

    @property
    def domain(self) -> str:
        """The part of the host that somebody registered: `acme.co.uk` of `www.acme.co.uk`."""
        return registered(self.host)


def links_of(content: Content) -> tuple[Link, ...]:
    """Return the links of a post, those of the text in their order, then the one beside it."""
    return _links(content.text, content.link)


@lru_cache(maxsize=4096)
def _links(text: str, link: str | None) -> tuple[Link, ...]:
    found = [Link(each.text, host_of(each.text), (each.start, each.end)) for each in urls(text)]
    if link is not None and all(each.url != link for each in found):
        found.append(Link(link, host_of(link), None))
    return tuple(found)


def host_of(url: str) -> str:
    """Return the host of an address, with or without its scheme, as people read it; empty where it has none."""
    try:
        host = urlsplit(url if "://" in url else f"https://{url}").hostname or ""
    except ValueError:
        return ""
    return ".".join(_read(label) for label in host.rstrip(".").split("."))


def registered(host: str) -> str:
    """Return the registered domain of a host, by the usual second levels of countries."""
    labels = host.split(".")
    deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SHARED
    return ".".join(labels[-3:] if deep else labels[-2:])


def look(domain: str) -> str:
    """Return what a domain looks like: two with one look are confusable (UTS 39)."""
    return ".".join(skeleton(label) for label in domain.split("."))


def _read(label: str) -> str:
    """A label in the letters that a browser may show for it (RFC 3492); one that stands for what nobody can read
    (control characters, surrogates), or for plain ASCII, is no name in letters and stays as it is."""
    if not label.startswith("xn--"):
        return label
    try:
        read = label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label
    return read if read.isprintable() and not read.isascii() else label
