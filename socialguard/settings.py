"""What an operator sets: `socialguard.toml` in the workspace, read when a workspace is opened.

It is not signed. What protects posts is policy, whose hash the signed manifest carries. Where requests leave
(proxy, CA bundle) and where the log goes to (anchors, sinks) is a machine's own matter: these sections stand in a
file of the same name in the identity directory, or in the workspace's where nobody else can write that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.model import bounded
from socialguard.model.money import Budgets

FILE_NAME: Final = "socialguard.toml"
HOME_VARIABLE: Final = "SOCIALGUARD_HOME"
IDENTITY_VARIABLE: Final = "SOCIALGUARD_IDENTITY"
_LARGEST: Final = 1 << 20
HOURLY: Final = "17 * * * *"
"""When accounts are backed up unless the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, with the defaults of an empty file. `anchors` are audit anchors as `kind:place`
    (`dir:/mnt/log`, `git:URL`, `syslog+tls://HOST`, `s3://BUCKET`); `require_anchor_within_minutes` is how long
    the log may go without one outside before nothing is sent; `sinks` tell where the daemon sends each entry
    (`file:PATH`, `syslog+tls://HOST:PORT`, `https://…`), as `sink_format`; `limits` overrides the dated limits per
    network; `proxy` and `ca_bundle` are for reaching the networks; `heartbeat_url` is called while the daemon is
    well; `backup_cron` is when accounts are backed up, by the wall clock of their zone, `backup_crons` when single
    ones are; `metrics` is where the daemon answers `/metrics`, as `PORT` (on loopback) or `HOST:PORT`; `budget` is
    what may be spent at the networks; `language` is `en` or `fr` (None: the environment's)."""

    language: str | None = None
    zone: str | None = None
    database: str | None = None
    anchors: tuple[str, ...] = ()
    local_anchor: str | None = None
    stale_after_hours: int = 24
    require_anchor_within_minutes: int | None = None
    sinks: tuple[str, ...] = ()
    sink_format: str = "ocsf"
    proxy: str | None = None
    ca_bundle: str | None = None
    heartbeat_url: str | None = None
    metrics: str | None = None
    backup_cron: str = HOURLY
    backup_crons: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    budget: Budgets = field(default_factory=Budgets)


def home() -> Path:
    """Return the workspace's directory: `SOCIALGUARD_HOME`, or `socialguard` in the user's data directory."""
    import os

    given = os.environ.get(HOME_VARIABLE)
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("socialguard")


def identity_base() -> Path:
    """Return where private keys and pins live, one folder for each organisation, never in the workspace:
    `SOCIALGUARD_IDENTITY`, or `socialguard` in the user's state directory."""
    import os

    given = os.environ.get(IDENTITY_VARIABLE)
    if given:
        return Path(given).expanduser().absolute()
    from platformdirs import user_state_path

    return user_state_path("socialguard")


def of_workspace(path: Path, own: Path | None = None) -> Settings:
    """Return the settings of the workspace whose file is `path`, with those of this machine, `own` (without it: in
    the identity directory): a section of its own replaces the workspace's.

    Raises SettingsInvalid, SettingsOpen for a section of a machine's own in a file that others can write."""
    shared, own = _source(path), own or identity_base() / FILE_NAME
    private = _source(own)
    if shared is None and private is None:
        return Settings()
    from socialguard.settings_file import merged

    return merged(shared, path, private, own)


def load(path: Path) -> Settings:
    """Return the settings of the one file at `path`; an absent file means every default.

    Raises SettingsInvalid with file, line and what is allowed."""
    source = _source(path)
    if source is None:
        return Settings()
    from socialguard.settings_file import parse

    return parse(source, path.name)


def _source(path: Path) -> str | None:
    try:
        return bounded.read_whole(path, _LARGEST).decode("utf-8-sig")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise errors.SettingsInvalid(path=path.name, detail="it is not UTF-8 text.") from None
    except OSError as problem:
        raise errors.Unreadable(path=path.name, detail=problem.strerror or "it cannot be opened.") from None
