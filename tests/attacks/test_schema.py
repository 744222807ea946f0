"""A database that acts by itself: triggers and views that somebody put into it would change what the program
writes, or show it something else than what is."""

import pytest

from tests.attacks.world import Firm, held, refused, write

TRIGGERS = {
    "a freeze goes": "after insert on stop begin delete from stop; end",
    "a freeze is refused": "before insert on stop begin select raise(abort, 'no'); end",
    "what was cancelled opens": "after update on delivery when new.state = 'cancelled'"
    " begin update delivery set state = 'queued'; end",
    "an entry goes": "after insert on audit_entry begin delete from audit_entry where seq = new.seq; end",
    "an alert was seen": "after insert on alert begin update alert set seen_at = new.raised_at; end",
}


@pytest.mark.parametrize("what", TRIGGERS)
def test_a_trigger_that_undoes_what_is_written(firm: Firm, what: str) -> None:
    """Refused as the database is opened, by its name; a freeze works, and counts when the trigger is gone."""
    write(firm, f"create trigger eve {TRIGGERS[what]}")
    refused(firm, firm.send(), "eve")
    done = firm.office.cli("freeze", "--all", "--reason", "leak", "--json")
    assert done.code == 0, done
    refused(firm, firm.verify(), "eve")
    write(firm, "drop trigger eve")
    held(firm, firm.send(), "leak")


def test_a_trigger_of_ours_that_does_something_else(firm: Firm) -> None:
    """Refused: it is known by what it does, not by its name."""
    name = "audit_entry_no_delete"
    write(firm, f"create trigger {name} after insert on stop begin delete from stop; end")
    refused(firm, firm.send(), name)


@pytest.mark.parametrize("table", ["approval", "delivery", "stop"])
def test_a_view_in_the_place_of_a_table(firm: Firm, table: str) -> None:
    """Refused, whatever it shows."""
    write(firm, f"alter table {table} rename to hidden")
    write(firm, f"create view {table} as select * from hidden")
    refused(firm, firm.send(), table)
