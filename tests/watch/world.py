"""Things that happen on accounts without us, and what the watch says of them."""

from datetime import UTC, datetime
from typing import Any

from tests.office import Office
from tests.shapes import Alerts, WatchRun, shown


def happen(office: Office, name: str = "x:@acme", **what: Any) -> dict[str, Any]:
    """Let something happen to an account that no client of ours did."""
    network, _, handle = name.partition(":@")
    return office.sandbox.foreign({"network": network, "account": handle, **what})


def watch(office: Office, *names: str, newest: int | None = None, **environment: str) -> WatchRun:
    """Look once, and return what was seen."""
    words = () if newest is None else ("--newest", str(newest))
    return shown(office.cli("watch", "run", *names, *words, "--json", **environment), WatchRun)


def seen(office: Office, name: str = "x:@acme", *, newest: int | None = None, **environment: str) -> list[Any]:
    """Return the sightings of one account in one look, which must go well."""
    (row,) = watch(office, name, newest=newest, **environment).accounts
    assert row.error is None, row.error
    return list(row.sightings)


def ready(office: Office, *names: str) -> None:
    """Back accounts up once, so that they have a past."""
    for name in names or ("x:@acme",):
        done = office.cli("backup", "run", name, "--max-cost", "100", "--json")
        assert done.code == 0, done


def alerts(office: Office) -> Alerts:
    """Return what nobody has seen yet."""
    return shown(office.cli("alerts", "list", "--json"), Alerts)


def now() -> str:
    """Return this moment as the sandbox takes it."""
    return datetime.now(UTC).isoformat()
