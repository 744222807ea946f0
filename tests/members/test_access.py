"""Who can do what, since when and by whose act; and rights that end by themselves."""

from pathlib import Path

from sqlalchemy import create_engine, text

from tests.office import Office
from tests.people import Colleague, joined
from tests.shapes import failed


def rights(office: Office, *words: str) -> list[tuple[str, str, str, bool]]:
    """Return name, right, way and whether it counts, as `access` says."""
    rows = office.cli("access", *words, "--json").document["access"]
    return [(row["name"], row["right"], row["through"], row["counts"]) for row in rows]


def test_access_says_who_can_do_what_since_when_and_by_whose_act(office: Office, jonas: Colleague) -> None:
    """Owners without a grant, the worker with the account, a publisher by an act of Marie."""
    rows = office.cli("access", "x:@acme", "--json").document["access"]
    told = {(row["name"], row["right"]): row for row in rows}
    assert set(told) == {
        ("Marie", "publish"),
        ("Marie", "author"),
        ("Marie", "approve"),
        ("worker of Acme", "send"),
        ("Jonas", "publish"),
    }
    assert all(row["since"] and row["by"] == "Marie" for row in rows)
    assert told["Jonas", "publish"]["through"] == "grant"
    assert told["Marie", "publish"]["through"] == "owner"


def test_access_of_a_member_goes_over_every_account(office: Office, jonas: Colleague) -> None:
    """The other way round."""
    office.cli("grant", "Jonas", "facebook:@acme", "--right", "approve", "--json")
    rows = office.cli("access", "--member", "Jonas", "--json").document["access"]
    assert [(row["account"], row["right"]) for row in rows] == [
        ("facebook:@acme", "approve"),
        ("x:@acme", "publish"),
    ]


def test_a_grant_ends_by_itself(office: Office, tmp_path: Path) -> None:
    """After its end it counts for nothing, and access says so."""
    fred = joined(office, "Fred", "publisher", tmp_path / "fred")
    assert office.cli("grant", "Fred", "x:@acme", "--until", "in 2 hours", "--json").code == 0
    assert fred.post("In time", "x:@acme").code == 0
    done = fred.cli(*fred.post_words("Too late", "x:@acme"), SOCIALGUARD_CLOCK="+3h")
    assert done.code == 11
    rows = office.cli("access", "--member", "Fred", "--json", SOCIALGUARD_CLOCK="+3h").document["access"]
    assert [row["counts"] for row in rows] == [False]


def test_a_grant_to_a_label_means_the_accounts_that_wear_it_now(office: Office, tmp_path: Path) -> None:
    """Labels are not signed: who puts one on an account gives nobody a right."""
    fred = joined(office, "Fred", "publisher", tmp_path / "fred")
    office.cli("account", "label", "x:@acme", "+fr")
    done = office.cli("grant", "Fred", "label:fr", "--json")
    assert done.document["grant"]["accounts"] == ["x:@acme"]
    office.cli("account", "label", "x:@globex", "+fr")
    assert fred.post("Not mine", "x:@globex").code == 11


def test_a_role_is_the_limit_of_what_can_be_granted(office: Office, tmp_path: Path) -> None:
    """An auditor gets nothing, an author does not publish, an owner needs none."""
    joined(office, "Ada", "auditor", tmp_path / "ada")
    joined(office, "Ava", "author", tmp_path / "ava")
    for name, right in (("Ada", "publish"), ("Ava", "publish"), ("Ava", "approve"), ("Marie", "publish")):
        assert office.cli("grant", name, "x:@acme", "--right", right, "--json").code == 2


def test_a_smaller_role_drops_what_it_cannot_have(office: Office, jonas: Colleague) -> None:
    """Who becomes an approver publishes no more."""
    assert office.cli("member", "role", "Jonas", "approver", "--reason", "new job", "--json").code == 0
    assert office.cli("access", "--member", "Jonas", "--json").document["access"] == []


def test_a_revoked_right_is_gone(office: Office, jonas: Colleague) -> None:
    """And taking back what was never given is refused."""
    assert office.cli("revoke", "Jonas", "x:@acme", "--reason", "moved", "--json").code == 0
    assert ("Jonas", "publish", "grant", True) not in rights(office, "x:@acme")
    assert office.cli("revoke", "Jonas", "x:@acme", "--json").code == 2
    assert jonas.post("No more", "x:@acme").code == 11


def test_a_self_granted_right_is_no_right(office: Office, jonas: Colleague) -> None:
    """The table of grants is an index; what counts is the manifest, whose bytes are signed."""
    engine = create_engine(f"sqlite:///{office.database}")
    with engine.begin() as connection:
        body = connection.execute(text("select body from manifest order by epoch desc limit 1")).scalar_one()
        forged = bytes(body).replace(b'"role":"publisher"', b'"role":"approver"')
        connection.execute(
            text("update manifest set body = :body where epoch = (select max(epoch) from manifest)"),
            {"body": forged},
        )
    engine.dispose()
    assert forged != bytes(body)
    assert office.cli("access", "x:@acme", "--json").code == 13


def test_a_workers_right_is_the_credential_itself(office: Office, tmp_path: Path) -> None:
    """Granting it seals the credential to the worker; taking it back seals it anew, and the token is due."""
    other = joined(office, "second worker", "worker", tmp_path / "second")
    granted = office.cli("grant", "second worker", "x:@acme", "--json").document["grant"]
    assert (granted["sealed_anew"], granted["rotation_due"]) == (["x:@acme"], [])
    assert office.cli("grant", "second worker", "x:@acme", "--until", "in 2 hours", "--json").code == 2
    revoked = office.cli("revoke", other.id, "x:@acme", "--json").document["revoked"]
    assert (revoked["sealed_anew"], revoked["rotation_due"]) == (["x:@acme"], ["x:@acme"])


def test_what_needs_a_worker_says_so_where_none_is(jonas: Colleague) -> None:
    """To adopt a workspace that is well known here leads nowhere."""
    words = ("alerts", "channel", "add", "hook", "--json")
    error = failed(jonas.cli(*words, stdin="json://127.0.0.1:1/\n"), 13, "keys_elsewhere")
    assert "keys of a worker" in error.message
    assert "adopt" not in error.remedy
