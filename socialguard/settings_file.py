"""The text of `socialguard.toml`: what may stand there, and what is said of anything else.

Strict on purpose: a key that is not known is a slip of the hand, and a setting that is passed over in silence
would be missed when it is needed."""

import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn

from socialguard import errors
from socialguard.model.money import KEPT, MICROS, Budget, Budgets
from socialguard.model.text import marked
from socialguard.model.toml_lines import NotToml, line_of, loads
from socialguard.settings import HOURLY, Settings

if TYPE_CHECKING:
    from pydantic import BaseModel

_DOLLARS: Final = "an amount in US dollars such as 12.50, without quotes, with at most 6 decimals"
_BUDGET: Final[Mapping[str, str]] = {"day_usd": _DOLLARS, "month_usd": _DOLLARS}
_TEXTS: Final = "a list of texts in quotes"
_ALLOWED: Final[Mapping[str, Mapping[str, str]]] = {
    "": {
        "language": '"en" or "fr"',
        "zone": 'the name of a time zone in quotes, such as "Europe/Paris"',
        "database": 'an address in quotes, such as "postgresql+psycopg://…"',
    },
    "audit": {
        "anchors": f'{_TEXTS}, such as ["dir:/mnt/audit"]',
        "local_anchor": "the path of a file in quotes",
        "stale_after_hours": "a whole number of hours from 1",
        "require_anchor_within_minutes": "a whole number of minutes from 1",
        "sinks": f'{_TEXTS}, such as ["syslog+tls://siem.example:6514"]',
        "sink_format": '"ocsf" or "jsonl"',
    },
    "http": {"proxy": "a URL in quotes", "ca_bundle": "the path of a file in quotes"},
    "daemon": {
        "heartbeat_url": "an http or https URL in quotes, without a password in it",
        "metrics": 'a port in quotes, such as "9464", or "HOST:PORT"',
    },
    "backup": {
        "cron": f'five fields of a crontab in quotes, such as "{HOURLY}"',
        "crons": "a section [backup.crons]",
    },
    "budget": {
        **_BUDGET,
        "kept_for_posts": "a whole number of per cent from 0 to 100",
        "client": "a section [budget.client.NAME]",
    },
}
"""What each key of each section is, for the person who wrote something else."""

OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "audit": (
        *("anchors", "local_anchor", "stale_after_hours", "require_anchor_within_minutes"),
        *("sinks", "sink_format"),
    ),
    "http": ("proxy", "ca_bundle"),
    "daemon": ("heartbeat_url", "metrics"),
}
"""The sections that are a machine's own matter, and what they set: whoever writes them could read tokens on their
way, let files be written and programs run, and silence the log."""


def parse(source: str, name: str) -> Settings:
    """Return the settings that a text holds; raises SettingsInvalid with line and what is allowed. `name` is the
    file's, for the message."""
    try:
        data = loads(source, parse_float=Decimal)
    except NotToml as problem:
        raise errors.SettingsInvalid(path=name, detail=f"{problem}.") from None
    from pydantic import ValidationError

    try:
        found: Any = _document().model_validate(data)
    except ValidationError as problem:
        path = tuple(str(part) for part in problem.errors(include_url=False, include_input=False)[0]["loc"])
        _refuse(source, name, path, allowed(path))
    if found.zone is not None:
        _require_zone(source, name, found.zone)
    return Settings(
        language=found.language,
        zone=found.zone,
        database=found.database,
        anchors=tuple(found.audit.anchors),
        local_anchor=found.audit.local_anchor,
        stale_after_hours=found.audit.stale_after_hours,
        require_anchor_within_minutes=found.audit.require_anchor_within_minutes,
        sinks=tuple(found.audit.sinks),
        sink_format=found.audit.sink_format,
        proxy=found.http.proxy,
        ca_bundle=found.http.ca_bundle,
        heartbeat_url=found.daemon.heartbeat_url,
        metrics=found.daemon.metrics,
        backup_cron=found.backup.cron,
        backup_crons=found.backup.crons,
        limits=found.limits,
        budget=Budgets(
            total=_budget(found.budget),
            clients={name: _budget(one) for name, one in found.budget.client.items()},
            kept_for_posts=found.budget.kept_for_posts,
        ),
    )


_CLOSE: Final = marked("Take the right to write away from others: chmod go-w on {own} and on its directory.")


def merged(shared: str | None, path: Path, private: str | None, own: Path) -> Settings:
    """Return what the texts of a workspace's file and of a machine's own say together, None for a file that is not
    there; raises SettingsInvalid, SettingsOpen."""
    found = Settings() if shared is None else parse(shared, path.name)
    here = set() if shared is None else OWN.keys() & loads(shared, parse_float=Decimal).keys()
    if private is not None:
        mine = parse(private, str(own))
        sections = loads(private, parse_float=Decimal).keys()
        if not sections <= OWN.keys():
            names = ", ".join(f"[{name}]" for name in OWN)
            _refuse(private, str(own), (min(sections - OWN.keys()),), f"this file holds {names} and nothing else")
        names_of = [name for section in sections for name in OWN[section]]
        found = replace(found, **{name: getattr(mine, name) for name in names_of})
        here -= sections
        if sections and is_open(own):
            raise errors.SettingsOpen(path=str(own), section=f"[{min(sections)}]", remedy=_CLOSE, own=own)
    if here and is_open(path):
        raise errors.SettingsOpen(path=path.name, section=f"[{min(here)}]", own=own)
    return found


def is_open(path: Path) -> bool:
    """Whether anybody but this user and root can write a file, or put another in its place."""
    folder = path.parent.stat()
    if _is_of_others(folder):
        return True
    is_reached = folder.st_mode & (stat.S_IXGRP | stat.S_IXOTH)
    return bool(is_reached) and _is_of_others(path.stat())


def _is_of_others(found: os.stat_result) -> bool:
    me = getattr(os, "geteuid", lambda: 0)()  # Windows has none
    return found.st_uid not in (me, 0) or bool(found.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def allowed(path: Sequence[str]) -> str:
    """Return what may stand at a path of the file."""
    section = path[0] if path and path[0] not in _ALLOWED[""] else ""
    if section == "limits":
        return "a section [limits.NETWORK] holds whole numbers"
    if section not in _ALLOWED:
        return f"there is no {path[0]}; the file holds {', '.join(_ALLOWED[''])} and the sections {_sections()}"
    keys: Mapping[str, str] = _ALLOWED[section]
    key = path[0] if section == "" else path[1] if len(path) > 1 else ""
    if (section, key) == ("budget", "client") and len(path) > 2:
        section, keys, key = f"budget.client.{path[2]}", _BUDGET, path[3] if len(path) > 3 else ""
    if (section, key) == ("backup", "crons") and len(path) > 2:
        return f"{path[2]} is {_ALLOWED['backup']['cron']}"
    if not key:
        return f"{section} is a section [{section}] with {', '.join(keys)}"
    if key not in keys:
        return f"there is no {key}; [{section}] holds {', '.join(keys)}"
    return f"{f'[{section}] ' if section else ''}{key} is {keys[key]}"


def _sections() -> str:
    return ", ".join(f"[{name}]" for name in (*filter(None, _ALLOWED), "limits.NETWORK"))


def _refuse(source: str, name: str, path: tuple[str, ...], detail: str) -> NoReturn:
    raise errors.SettingsInvalid(path=f"{name}, line {line_of(source, path)}", detail=f"{detail}.")


def _require_zone(source: str, name: str, zone: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        _refuse(source, name, ("zone",), f"{zone} is not a time zone; {allowed(['zone'])}")


def _document() -> "type[BaseModel]":
    """Return the model of the whole file; made here, since few commands have a file to read."""
    from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

    # exact: what stands in the file, never a binary fraction of it
    amount = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=1_000_000_000, decimal_places=6)]

    class Section(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)

    class Audit(Section):
        anchors: list[str] = Field(default_factory=list)
        local_anchor: str | None = None
        stale_after_hours: int = Field(default=24, ge=1)
        require_anchor_within_minutes: int | None = Field(default=None, ge=1)
        sinks: list[str] = Field(default_factory=list)
        sink_format: str = Field(default="ocsf", pattern="^(ocsf|jsonl)$")

    class Http(Section):
        proxy: str | None = None
        ca_bundle: str | None = None

    class Daemon(Section):
        heartbeat_url: str | None = Field(default=None, pattern=r"^https?://[^/@\s]+(/\S*)?$")
        metrics: str | None = Field(default=None, pattern=r"^([^:/\s]+:)?[0-9]{1,5}$")

    class Backup(Section):
        cron: str = HOURLY
        crons: dict[str, str] = Field(default_factory=dict)

    class Allowed(Section):
        day_usd: amount | None = None
        month_usd: amount | None = None

    class Money(Allowed):
        kept_for_posts: int = Field(default=KEPT, ge=0, le=100)
        client: dict[str, Allowed] = Field(default_factory=dict)

    class Document(Section):
        language: str | None = Field(default=None, pattern="^(en|fr)$")
        zone: str | None = None
        database: str | None = None
        audit: Audit = Audit()
        http: Http = Http()
        daemon: Daemon = Daemon()
        backup: Backup = Backup()
        limits: dict[str, dict[str, int]] = Field(default_factory=dict)
        budget: Money = Money()

    return Document


def _decimal(value: object) -> object:
    """Take a whole number of dollars, too; TOML knows it as another type."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _budget(found: Any) -> Budget:  # Any: a section of the model
    return Budget(*(None if one is None else int(one * MICROS) for one in (found.day_usd, found.month_usd)))
