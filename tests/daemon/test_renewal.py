"""A token that lives two hours, and a daemon that renews it before it has ended."""

import json
import secrets
from datetime import UTC, datetime, timedelta

from tests.daemon.running import daemon, until
from tests.office import Office

NAME = "x:@nimbus"


def enrol(office: Office) -> None:
    """Add an account whose token is good for two hours at the sandbox, and known to be."""
    values = {name: secrets.token_hex(16) for name in ("access_token", "refresh_token", "client_secret")}
    ends = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    credential = {"kind": "oauth2", "client_id": "client-4711", **values, "expires_at": ends}
    who = {"network": "x", "handle": "nimbus", "user_id": "4711", "display_name": "Nimbus"}
    office.sandbox.add_account({**who, "credential": credential})
    words = ("account", "add", NAME, "--credential", "-", "--base-url", office.sandbox.x, "--json")
    assert office.cli(*words, stdin=json.dumps(credential)).code == 0


def entries(office: Office, action: str) -> list[str]:
    """Return the outcomes in the log for an action, oldest first."""
    found = office.cli("audit", "list", "--action", action, "--json", SOCIALGUARD_CLOCK="+130m")
    return [entry["outcome"] for entry in reversed(found.document["entries"])]


def test_the_daemon_renews_a_token_of_x_before_it_ends_and_posts_go_on_after_that(office: Office) -> None:
    enrol(office)
    office.sandbox.clock(105 * 60)
    with daemon(office, SOCIALGUARD_CLOCK="+105m") as running:
        until(lambda: any(line["event"] == "its credential is renewed" for line in running.lines()), "renewed")
        assert running.stop() == 0
    office.sandbox.clock(25 * 60)
    done = office.post("The old token has ended.", NAME, SOCIALGUARD_CLOCK="+130m")
    assert (done.code, done.deliveries[0]["state"]) == (0, "sent"), done
    assert entries(office, "credential.refresh") == ["intent", "ok"], "once, and only the daemon"
    assert office.cli("alerts", "list", "--json").document["alerts"] == []


def test_the_daemon_goes_on_revoking_until_the_network_rejects_the_token(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "revoke", "kind": "status", "code": 500, "times": 9}])
    assert office.cli("account", "revoke", "x:@acme", "--reason", "hacked", "--json").code != 0
    office.sandbox.faults([])
    with daemon(office) as running:
        until(lambda: any(line["event"] == "its credential is revoked" for line in running.lines()), "revoked")
        assert running.stop() == 0
    assert office.cli("account", "show", "x:@acme", "--json").document["account"]["state"] == "revoked"


def test_a_token_that_cannot_be_renewed_is_told_while_it_is_still_good(office: Office) -> None:
    enrol(office)
    office.sandbox.clock(105 * 60)
    office.sandbox.faults([{"network": "x", "operation": "token", "kind": "status", "code": 400, "times": None}])
    with daemon(office, SOCIALGUARD_CLOCK="+105m") as running:
        until(lambda: any("was not renewed" in line["event"] for line in running.lines()), "told")
        assert running.stop() == 0
    (alert,) = office.cli("alerts", "list", "--json").document["alerts"]
    assert alert["account"] == NAME
    assert office.post("Still good.", NAME, SOCIALGUARD_CLOCK="+106m").code == 0
