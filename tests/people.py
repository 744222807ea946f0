"""More people in an office: each has an identity directory of its own and works on the same workspace.

jonas = joined(office, "Jonas", "publisher", base)
jonas.cli("post", …)
"""

from dataclasses import replace
from pathlib import Path

from tests.office import Office


class Colleague(Office):
    """An office seen by somebody else: the same workspace and sandbox, other keys."""

    @property
    def home(self) -> Path:
        return Path(self.seed["home"])

    @property
    def id(self) -> str:
        """The member's id."""
        return str(self.seed["member"])


def invited(office: Office, name: str, role: str, *options: str) -> str:
    """Return the invitation of somebody."""
    done = office.cli("member", "invite", name, "--role", role, *options, "--json")
    assert done.code == 0, done
    return str(done.document["invitation"])


def asked(office: Office, invitation: str, base: Path) -> tuple[Colleague, str, str]:
    """Make keys in `base` for an invitation; return who has them, the request and its code."""
    base.mkdir(mode=0o700, parents=True)
    seed = {**office.seed, "home": str(office.home), "member": ""}
    colleague = Colleague(base, office.sandbox, seed)
    colleague.identity.mkdir(mode=0o700)
    words = ("member", "join", "-", "--key-file", str(base / "kek"), "--json")
    done = colleague.cli(*words, stdin=invitation)
    assert done.code == 0, done
    colleague = replace(colleague, seed={**seed, "member": done.document["member"]})
    return colleague, str(done.document["request"]), str(done.document["code"])


def joined(
    office: Office, name: str, role: str, base: Path, *options: str, grants: tuple[str, ...] = ()
) -> Colleague:
    """Return somebody who was invited, joined and was accepted, with the usual right on `grants`."""
    colleague, request, code = asked(office, invited(office, name, role, *options), base)
    words = ("member", "accept", "-", "--code", code, "--checked", "read to me by telephone", "--json")
    done = office.cli(*words, stdin=request)
    assert done.code == 0, done
    if grants:
        done = office.cli("grant", name, *grants, "--json")
        assert done.code == 0, done
    return colleague


def apply_policy(office: Office, source: str) -> None:
    """Put a policy in force."""
    path = office.base / "policy.toml"
    path.write_text(source, encoding="utf-8")
    done = office.cli("policy", "apply", str(path), "--json")
    assert done.code == 0, done


def waiting(who: Office, text: str, *to: str) -> str:
    """Post and return the id of the delivery, which waits for an approval."""
    done = who.post(text, *to or ("x:@acme",))
    assert done.deliveries[0]["state"] == "awaiting", done
    return str(done.deliveries[0]["id"])
