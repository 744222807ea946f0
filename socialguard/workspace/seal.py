"""Who signs the archive's manifest: the worker of this machine; believed is every worker that the owners
signed."""

from collections.abc import Callable, Mapping
from functools import cached_property

from socialguard.canon import envelope
from socialguard.vault.keys import KeyPair


class WorkerSeal:
    """Fulfils `archive.interface.Seal`. The private key is opened when something is signed."""

    def __init__(
        self, org: str, worker: Callable[[], KeyPair], workers: Callable[[], Mapping[str, bytes]]
    ) -> None:
        self._org = org
        self._worker = worker
        self._workers = workers

    @property
    def key_id(self) -> str:
        """The id of the worker's signing key."""
        return self._worker().signing_id

    def sign(self, kind: str, body: Mapping[str, object]) -> bytes:
        """Return the worker's envelope signature of a body."""
        return self._worker().sign(kind, self._org, body)

    def is_signed(self, key_id: str, signature: bytes, kind: str, stored: bytes) -> bool:
        """Return whether a worker that the owners signed made the signature of the stored body."""
        public = self._public.get(key_id)
        if public is None:
            return False
        try:
            envelope.verify(public, signature, kind, self._org, stored)
        except envelope.BadSignature:
            return False
        return True

    @cached_property
    def _public(self) -> Mapping[str, bytes]:
        return self._workers()
