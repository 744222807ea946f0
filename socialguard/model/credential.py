"""A credential in memory, and the words that must never be printed."""

import re
import threading
from collections.abc import Iterable, Mapping
from typing import Final, NoReturn

from socialguard.model import token_forms

HIDDEN: Final = "[secret]"
_MIN_LENGTH: Final = 6

# What looks like a secret even where its value is not known: tokens in URLs, forms and headers.
_SHAPES: Final = re.compile(
    r"(?i)((?:access_token|refresh_token|client_secret|app_secret|appsecret_proof|input_token|fb_exchange_token"
    r"|oauth_token|oauth_verifier|oauth_token_secret|oauth_signature|code_verifier|code|password|passphrase)"
    r"[\"']?\s*[=:]\s*[\"']?)(?!\[secret\])([^\s&\"',;<>)}\]]+)"
    r"|((?:authorization[\"']?\s*[:=]\s*[\"']?)?(?:bearer|basic)\s+)([A-Za-z0-9._~+/=%-]{8,})"
)

# The newest come last. A process that runs for months forgets the oldest beyond some thousands: tokens that were
# replaced long ago.
_known: Final[dict[str, None]] = {}
_MOST_KNOWN: Final = 20_000
_turn: Final = threading.RLock()


class Credential:
    """What a network accepts as proof for an account. Its values show only where they are asked for by name."""

    __slots__ = ("_fields", "kind", "network")

    def __init__(self, network: str, kind: str, fields: Mapping[str, str]) -> None:
        self.network = network
        self.kind = kind
        self._fields = dict(fields)
        guard(self._fields.values())

    def __repr__(self) -> str:
        return f"Credential({self.network}, {self.kind}, {HIDDEN})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Credential) and (self.network, self.kind, self._fields) == (
            other.network,
            other.kind,
            other._fields,
        )

    def __hash__(self) -> int:
        return hash((self.network, self.kind))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a credential is never pickled")

    def reveal(self, field: str) -> str:
        """Return the plain value of `field`; KeyError without the value if there is none."""
        return self._fields[field]

    def get(self, field: str) -> str | None:
        """Return the plain value of `field`, or None where this credential has none."""
        return self._fields.get(field)

    def document(self) -> dict[str, str]:
        """Return the whole document, `kind` included: for sealing, never for printing."""
        return {"kind": self.kind, **self._fields}

    def replace(self, **fields: str) -> "Credential":
        """Return a credential with some values replaced, as after a refresh."""
        return Credential(self.network, self.kind, {**self._fields, **fields})


def guard(values: Iterable[str]) -> None:
    """Remember plain secrets of this process, so that `redact` finds them wherever they stand."""
    with _turn:
        for value in values:
            if len(value) >= _MIN_LENGTH:
                _known.pop(value, None)
                _known[value] = None
        while len(_known) > _MOST_KNOWN:
            del _known[next(iter(_known))]


def redact(text: str) -> str:
    """Return `text` with every known secret, and whatever is shaped like one, replaced by `[secret]`."""
    with _turn:
        known = tuple(_known)  # another thread may learn one meanwhile
    for value in known:
        if value in text:
            text = text.replace(value, HIDDEN)
    text = _SHAPES.sub(lambda m: (m.group(1) or m.group(3) or "") + HIDDEN, text)
    return token_forms.hidden(text, HIDDEN)
