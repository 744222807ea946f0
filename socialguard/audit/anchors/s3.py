"""An anchor that is a bucket of an S3 service with Object Lock: one object a checkpoint, never replaced.

What makes it one is the lock: the key that lies on this machine may delete what it wrote, a bucket with a default
retention does not let it. So each object is asked for its lock, and a bucket that locks nothing is refused."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from socialguard import errors
from socialguard.audit.anchors.interface import AnchorFailed, Statement, folder_name, same_statement, short_name
from socialguard.canon.note import MAX_NOTE_BYTES
from socialguard.model.credential import redact
from socialguard.networks.addresses import is_loopback

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Credential, S3Store

TIME_LIMIT: Final = timedelta(seconds=20)
REGION: Final = "us-east-1"
_LOCK_MODE: Final = "x-amz-object-lock-mode"
_LOCKS: Final = frozenset({"COMPLIANCE", "GOVERNANCE"})
_READERS: Final = 8
_STATUS: Final = re.compile(r"status code: ([0-9]{3})")
_CODE: Final = re.compile(r"<Code>(\w{1,64})</Code>")

Secret = Callable[[], str]
"""Returns the access key's id and its secret, with a space between."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bucket is: `s3://BUCKET/PREFIX?region=…&endpoint=…`."""

    bucket: str
    prefix: str
    region: str
    endpoint: str

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Return what a setting means; raises UsageError."""
        parts = urlsplit(text)
        given = dict(parse_qsl(parts.query, keep_blank_values=True))
        region = given.pop("region", REGION)
        endpoint = given.pop("endpoint", f"https://s3.{region}.amazonaws.com")
        at = urlsplit(endpoint)
        is_safe = at.scheme == "https" or (at.scheme == "http" and _is_here(at.hostname or ""))
        plain = not (parts.username or parts.password or at.username or at.password or given or at.query)
        if parts.scheme != "s3" or not parts.hostname or not at.hostname or not (is_safe and plain):
            raise errors.UsageError(
                detail=f"{redact(text)} is not a bucket; write s3://BUCKET/PREFIX?region=REGION, without a key."
            )
        return cls(parts.netloc, parts.path.strip("/"), region, endpoint.rstrip("/"))


class S3Anchor:
    """Objects in the bucket at `text`, written with the key that `secret` gives; `ca_bundle` is a file with
    certificates to trust beside the system's."""

    outside = True

    def __init__(self, text: str, secret: Secret, ca_bundle: str | None = None) -> None:
        self.name = short_name("s3", text)
        self._place = Place.parse(text)
        self._secret = secret
        self._ca_bundle = ca_bundle

    def publish(self, statements: Sequence[Statement]) -> None:
        """Create an object for each checkpoint; one that is there must state the same. The newest must be
        locked."""
        store = self._store
        import obstore
        from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

        try:
            for each in statements:
                path = f"{folder_name(each.org)}/{each.file_name}"
                try:
                    obstore.put(store, path, each.note, mode="create", use_multipart=False)
                except (AlreadyExistsError, PreconditionError):
                    if not same_statement(self._read(path), each.note):
                        raise self._failed("it holds another checkpoint of one size.") from None
            if statements:
                newest = statements[-1]
                self._require_lock(f"{folder_name(newest.org)}/{newest.file_name}")
        except (BaseError, OSError) as problem:
            raise self._explained(problem) from None

    def notes(self, org: str) -> Iterator[bytes]:
        """Give the content of each object of `org`, in the order of their names; the newest must be locked."""
        store = self._store
        from concurrent.futures import ThreadPoolExecutor

        import obstore
        from obstore.exceptions import BaseError

        try:
            listed = (one["path"] for some in obstore.list(store, folder_name(org)) for one in some)
            found = sorted(path for path in listed if path.endswith(".checkpoint"))
            if found:
                self._require_lock(found[-1])
            with ThreadPoolExecutor(_READERS) as readers:
                yield from readers.map(self._read, found)
        except (BaseError, OSError) as problem:
            raise self._explained(problem) from None

    @cached_property
    def _store(self) -> "S3Store":
        try:
            from obstore.store import S3Store
        except ImportError:
            raise self._failed("the package obstore is missing: pip install 'socialguard[s3]'") from None
        try:
            key, secret = self._secret().split()
        except ValueError:
            raise self._failed("its key is not an id and a secret; run: socialguard audit anchor key") from None
        except errors.SocialGuardError as problem:  # no key here, or a locked vault: the others go on
            raise self._failed(problem.message()) from None
        place = self._place
        client: ClientConfig = {
            "allow_http": place.endpoint.startswith("http://"),
            "allow_invalid_certificates": False,
            "timeout": TIME_LIMIT,
            # Only one that is named keeps a proxy of the environment away; it is for any host but this.
            "proxy_url": "http://127.0.0.1:9",
            "proxy_excludes": urlsplit(place.endpoint).hostname or "",
        }
        if self._ca_bundle is not None:
            client["root_certificate"] = Path(self._ca_bundle).read_bytes()
        credential: S3Credential = {"access_key_id": key, "secret_access_key": secret, "expires_at": None}
        # All that the environment could set otherwise is said here.
        return S3Store(
            place.bucket,
            prefix=place.prefix or None,
            config={
                "endpoint": place.endpoint,
                "region": place.region,
                "virtual_hosted_style_request": False,
                "skip_signature": False,
                "checksum_algorithm": "SHA256",  # an object with a lock is refused without one
                "conditional_put": "etag",
            },
            client_options=client,
            retry_config={"max_retries": 2, "retry_timeout": TIME_LIMIT},
            credential_provider=lambda: credential,
        )

    def _read(self, path: str) -> bytes:
        import obstore

        found = obstore.get(self._store, path)
        if found.meta["size"] > MAX_NOTE_BYTES:
            return b""  # no note is so long
        return bytes(found.bytes())

    def _require_lock(self, path: str) -> None:
        import obstore
        import requests

        session = requests.Session()
        session.trust_env = False
        try:
            with session:
                answer = session.head(
                    obstore.sign(self._store, "HEAD", path, TIME_LIMIT),
                    timeout=TIME_LIMIT.total_seconds(),
                    allow_redirects=False,
                    verify=self._ca_bundle or True,
                )
        except requests.RequestException as problem:
            raise self._failed(f"{type(problem).__name__}.") from None
        if answer.status_code != requests.codes.ok:
            raise self._failed(f"it does not show the lock of what it took: {answer.status_code}.")
        if answer.headers.get(_LOCK_MODE) not in _LOCKS:
            raise self._failed("it locks nothing: give the bucket Object Lock with a default retention.")

    def _explained(self, problem: Exception) -> AnchorFailed:
        """Return what the library's many words come to."""
        status, code = (pattern.search(str(problem)) for pattern in (_STATUS, _CODE))
        if status is None:
            return self._failed("it cannot be reached.")
        return self._failed(f"it answered {status[1]}{f' ({code[1]})' if code else ''}.")

    def _failed(self, detail: str) -> AnchorFailed:
        return AnchorFailed(path=self.name, detail=detail)


def _is_here(host: str) -> bool:
    return host == "localhost" or is_loopback(host)
