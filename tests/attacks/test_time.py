"""Time: a clock that is set back on one machine brings nothing to life that has ended by the worker's clock."""

from datetime import UTC, datetime, timedelta

from tests.attacks.world import ACME, GLOBEX, WAITING, Firm, approve, held, schedule
from tests.office import Office

MINUTE = 60


def at(minutes: int) -> dict[str, str]:
    """The environment of a machine whose clock shows so many minutes from now."""
    return {"SOCIALGUARD_CLOCK": f"+{minutes * MINUTE}s"}


def end(firm: Firm, name: str, account: str, minutes: int) -> None:
    """Let the grant of somebody on an account end in so many minutes."""
    until = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    done = firm.office.cli("grant", name, account, "--until", until, "--json")
    assert done.code == 0, done


def set_back(office: Office) -> bool:
    """Whether the log flags an entry whose clock was behind the one before."""
    entries = office.cli("audit", "list", "--limit", "20", "--json").document["entries"]
    return any(one["obj"].get("clock_back") or one.get("clock_back") for one in entries)


def test_a_post_of_a_publisher_whose_grant_had_ended(firm: Firm) -> None:
    """Held: the worker asks for the right when it sends, and the log flags the clock."""
    end(firm, "Jonas", GLOBEX, 30)
    assert firm.office.cli("audit", "list", "--json", **at(40)).code == 0  # the log has seen a later time
    schedule(firm.jonas, "From yesterday", GLOBEX, minutes=50)
    assert set_back(firm.office)
    done = firm.send(**at(52))
    assert "From yesterday" not in firm.office.published()
    held(firm, done, "Jonas")


def test_an_approval_by_somebody_whose_grant_had_ended(firm: Firm) -> None:
    """Not counted, for the same reason."""
    end(firm, "Eva", ACME, 30)
    assert firm.office.cli("audit", "list", "--json", **at(40)).code == 0
    approve(firm.eva, firm.waiting)
    assert set_back(firm.office)
    done = firm.send(**at(60))
    assert WAITING not in firm.office.published()
    assert done.code in (11, 13), done
