"""Where things lie in a workspace's directory. Private keys and pins lie elsewhere (`settings.identity_base`).

socialguard.toml    settings (an operator's)         media/<sha256>       bytes of queued posts
policy.toml         the policy's source              cache/accounts.json  names for completion and whoami
org                 the organisation's id            emergency.jsonl      stops while the database is out
socialguard.db      registry, ledger, audit log      archive/             activity: segments, manifest, media
cache/alerts.json   that an alert is unseen          archive.db           its index
reserve             space for a full disk
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from socialguard import errors, settings
from socialguard.alerts import notice
from socialguard.model import bounded

_ORG_BYTES: Final = 100
_ORG: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Layout:
    """The paths of one workspace."""

    home: Path

    @property
    def settings(self) -> Path:
        """The operator's settings."""
        return self.home / settings.FILE_NAME

    @property
    def policy(self) -> Path:
        """The source of the policy."""
        return self.home / "policy.toml"

    @property
    def org(self) -> Path:
        """The organisation's id; which keys it means is in the identity directory."""
        return self.home / "org"

    @property
    def database(self) -> Path:
        """Registry, ledger and audit log."""
        return self.home / "socialguard.db"

    @property
    def media(self) -> Path:
        """The bytes of queued posts."""
        return self.home / "media"

    @property
    def emergency(self) -> Path:
        """Stops that were made while the database could not be written."""
        return self.home / "emergency.jsonl"

    @property
    def reserve(self) -> Path:
        """Space that the daemon gives up on a full disk, so that the log stays writable."""
        return self.home / "reserve"

    @property
    def archive(self) -> Path:
        """The activity that is kept: segments, their manifest, media."""
        return self.home / "archive"

    @property
    def archive_index(self) -> Path:
        """The index over the activity."""
        return self.home / "archive.db"

    @property
    def archive_url(self) -> str:
        """The URL of the index over the activity."""
        return f"sqlite:///{self.archive_index}"

    @property
    def alerts(self) -> Path:
        """From where every command knows that an alert is unseen."""
        return self.home.joinpath(*notice.PLACE)

    def sink(self, name: str) -> Path:
        """The small file that says how far a sink of the log has come."""
        return self.home / "sinks" / f"{name.replace(':', '-')}.json"

    @property
    def clocks(self) -> Path:
        """How this machine's clock stood to the networks' when they last answered."""
        return self.home / "cache" / "clocks.json"

    def context_cache(self, context_id: str) -> Path:
        """What a terminal session confirmed last, for `whoami` in a shell's prompt."""
        return self.home / "cache" / f"context-{context_id[:32]}.json"

    def read_org(self) -> str:
        """Return the organisation's id; NoWorkspace where there is none."""
        try:
            found = bounded.read(self.org, _ORG_BYTES).decode("ascii").strip()
        except FileNotFoundError:
            raise errors.NoWorkspace(path=self.home) from None
        except (OSError, UnicodeDecodeError):
            raise errors.Unreadable(path=self.org, detail="the organisation's id cannot be read.") from None
        if not _ORG.fullmatch(found):
            raise errors.Unreadable(path=self.org, detail="the organisation's id cannot be read.")
        return found

    def database_url(self, configured: str | None) -> str:
        """Return the URL of the database: the configured one, else the file in the workspace."""
        return configured or f"sqlite:///{self.database}"
