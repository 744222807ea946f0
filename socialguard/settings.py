"""What an operator sets: `socialguard.toml` in the workspace, read when a workspace is opened.

It is not signed: keep it writable by the operator alone, since it names where requests leave (proxy, CA bundle)
and which anchors hold the log. What protects posts is policy, whose hash the signed manifest carries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final

from socialguard import errors
from socialguard.model.money import KEPT, MICROS, Budget, Budgets

FILE_NAME: Final = "socialguard.toml"
HOME_VARIABLE: Final = "SOCIALGUARD_HOME"
IDENTITY_VARIABLE: Final = "SOCIALGUARD_IDENTITY"
HOURLY: Final = "17 * * * *"
"""When accounts are backed up unless the operator says otherwise."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, with the defaults of an empty file. `anchors` are audit anchors as `kind:place`
    (`dir:/mnt/log`, `git:URL`); `limits` overrides the dated limits per network; `proxy` and `ca_bundle`
    are for reaching the networks; `heartbeat_url` is called while the daemon is well; `backup_cron` is when
    accounts are backed up, by the wall clock of their zone, `backup_crons` when single ones are; `budget` is what
    may be spent at the networks; `language` is `en` or `fr` (None: the environment's)."""

    language: str | None = None
    zone: str | None = None
    database: str | None = None
    anchors: tuple[str, ...] = ()
    local_anchor: str | None = None
    stale_after_hours: int = 24
    proxy: str | None = None
    ca_bundle: str | None = None
    heartbeat_url: str | None = None
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


def load(path: Path) -> Settings:
    """Return the settings of the file at `path`; an absent file means every default.

    Raises SettingsInvalid with the key and what is allowed."""
    import tomllib

    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except FileNotFoundError:
        return Settings()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise errors.SettingsInvalid(path=path.name, detail=str(problem)) from None
    except OSError as problem:
        raise errors.Unreadable(path=path.name, detail=problem.strerror or "it cannot be opened.") from None
    return _parse(data, path.name)


def _parse(data: dict[str, object], name: str) -> Settings:
    from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

    # exact: what stands in the file, never a binary fraction of it
    amount = Annotated[Decimal, BeforeValidator(_decimal), Field(ge=0, le=1_000_000_000, decimal_places=6)]

    class Audit(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        anchors: list[str] = []
        local_anchor: str | None = None
        stale_after_hours: int = Field(default=24, ge=1)

    class Http(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        proxy: str | None = None
        ca_bundle: str | None = None

    class Daemon(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        heartbeat_url: str | None = Field(default=None, pattern=r"^https?://[^/@\s]+(/\S*)?$")

    class Backup(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        cron: str = HOURLY
        crons: dict[str, str] = {}

    class Allowed(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        day_usd: amount | None = None
        month_usd: amount | None = None

    class Money(Allowed):
        kept_for_posts: int = Field(default=KEPT, ge=0, le=100)
        client: dict[str, Allowed] = Field(default_factory=dict)

    class Document(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        language: str | None = Field(default=None, pattern="^(en|fr)$")
        zone: str | None = None
        database: str | None = None
        audit: Audit = Audit()
        http: Http = Http()
        daemon: Daemon = Daemon()
        backup: Backup = Backup()
        limits: dict[str, dict[str, int]] = {}
        budget: Money = Money()

    try:
        document = Document.model_validate(data)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise errors.SettingsInvalid(path=name, detail=f"{key}: {first['msg']}.") from None
    return Settings(
        language=document.language,
        zone=document.zone,
        database=document.database,
        anchors=tuple(document.audit.anchors),
        local_anchor=document.audit.local_anchor,
        stale_after_hours=document.audit.stale_after_hours,
        proxy=document.http.proxy,
        ca_bundle=document.http.ca_bundle,
        heartbeat_url=document.daemon.heartbeat_url,
        backup_cron=document.backup.cron,
        backup_crons=document.backup.crons,
        limits=document.limits,
        budget=Budgets(
            total=_budget(document.budget.day_usd, document.budget.month_usd),
            clients={name: _budget(one.day_usd, one.month_usd) for name, one in document.budget.client.items()},
            kept_for_posts=document.budget.kept_for_posts,
        ),
    )


def _decimal(value: object) -> object:
    """Take a whole number of dollars, too; TOML knows it as another type."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _budget(day: Decimal | None, month: Decimal | None) -> Budget:
    return Budget(*(None if one is None else int(one * MICROS) for one in (day, month)))
