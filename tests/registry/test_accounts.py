"""Selecting accounts, and that a row which is not as signed is refused."""

import time

import pytest
from sqlalchemy import delete, insert, update

from socialguard import errors
from socialguard.model.account import AccountName, AccountState
from socialguard.registry import changes, enrolment
from socialguard.registry import manifest as manifests
from socialguard.registry.accounts import Registry
from socialguard.registry.enrolment import NewAccount
from socialguard.registry.signed import Grant, Right, SignedAccount
from socialguard.store.tables import account as table
from socialguard.store.tables import label

from .conftest import Office


def names(office: Office, *selectors: str) -> list[str]:
    with office.database.read() as connection:
        return [str(one) for one in Registry(office.manifest).resolve(connection, selectors)]


@pytest.fixture
def four(office: Office) -> Office:
    office.add("x:@acme", labels=["fr", "sport"], zone="Europe/Paris")
    office.add("facebook:@acme", client="acme", labels=["fr"])
    office.add("x:@globex", labels=["eu", "fr"])
    office.add("x:@ville-lyon", client="Lyon", short_name="lyon")
    return office


def test_each_form_of_selector_finds_its_accounts(four: Office) -> None:
    assert names(four, "x:@acme") == names(four, "x:acme") == names(four, "acme") == ["x:@acme"]
    assert names(four, "acme-facebook") == ["facebook:@acme"]
    assert names(four, "lyon") == ["x:@ville-lyon"]
    assert set(names(four, "client:acme")) == {"x:@acme", "facebook:@acme"}
    assert set(names(four, "label:fr")) == {"x:@acme", "facebook:@acme", "x:@globex"}
    assert names(four, "label:fr+eu") == ["x:@globex"]
    assert names(four, "x:@Acme") == ["x:@acme"]


def test_a_client_of_several_words_is_selected_in_its_typed_form(office: Office) -> None:
    office.add("x:@ville-lyon", client="Ville de Lyon")
    for selector in ("client:ville-de-lyon", "client:Ville de Lyon"):
        assert names(office, selector) == ["x:@ville-lyon"]
    with pytest.raises(errors.UsageError, match="another one"):
        office.add("x:@acme", client="ville-de-lyon")


def test_an_account_that_two_selectors_name_comes_once_and_in_their_order(four: Office) -> None:
    assert names(four, "lyon", "x:@acme", "client:acme", "x:@ville-lyon") == [
        "x:@ville-lyon",
        "x:@acme",
        "facebook:@acme",
    ]


@pytest.mark.parametrize(
    "selector",
    ["x:@acm", "acm", "globe", "client:acm", "client:", "label:de", "label:fr+de", "label:", "x:@ville", "a-1"],
)
def test_what_names_nothing_is_unknown_and_never_all(four: Office, selector: str) -> None:
    with pytest.raises(errors.UnknownAccount):
        names(four, selector)


def test_no_selector_means_no_account(four: Office) -> None:
    with pytest.raises(errors.UsageError):
        names(four)


def test_a_bare_handle_of_two_networks_lists_the_candidates(office: Office) -> None:
    office.add("x:@acme", short_name="acme-on-x")
    with pytest.raises(errors.UnknownAccount) as single:
        names(office, "acme")
    assert "x:@acme" in single.value.what_to_do()
    office.add("facebook:@acme", short_name="acme-page")
    for bare in ("acme", "@acme"):
        with pytest.raises(errors.AmbiguousName, match="facebook:@acme, x:@acme"):
            names(office, bare)


def test_what_lies_beside_the_manifest_comes_with_the_account(four: Office) -> None:
    with four.database.read() as connection:
        registry = Registry(four.manifest)
        acme = registry.resolve(connection, ["x:@acme"])[0]
        assert registry.account(connection, acme.id) == acme
        assert [str(one) for one in registry.all(connection)] == sorted(
            names(four, "label:fr", "lyon"), key=AccountName.parse
        )
    assert (acme.labels, acme.zone, acme.client, acme.state) == (
        ("fr", "sport"),
        "Europe/Paris",
        "acme",
        AccountState.ACTIVE,
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("origin", "https://evil.example"),
        ("user_id", "666"),
        ("handle", "globex2"),
        ("short_name", "other"),
        ("network", "facebook"),
        ("attended", True),
        ("state", "removed"),
        ("state", "anything"),
    ],
)
def test_a_row_that_differs_from_what_was_signed_is_tampered(four: Office, column: str, value: object) -> None:
    with four.database.write() as connection:
        connection.execute(update(table).where(table.c.short_name == "acme").values({column: value}))
    account_id = next(one.id for one in four.manifest.accounts if one.short_name == "acme")
    with four.database.read() as connection:
        registry = Registry(four.manifest)
        with pytest.raises(errors.Tampered):
            registry.account(connection, account_id)
        with pytest.raises(errors.Tampered):
            registry.all(connection)
    assert names(four, "lyon") == ["x:@ville-lyon"]


def test_a_client_changed_in_the_database_is_tampered(four: Office) -> None:
    with four.database.write() as connection:
        connection.execute(update(table).where(table.c.short_name == "acme").values(client="globex"))
    with pytest.raises(errors.Tampered):
        names(four, "x:@acme")


def test_a_row_that_nobody_signed_and_one_that_is_gone_are_tampered(office: Office) -> None:
    office.add("x:@acme")
    signed = office.manifest
    office.add("x:@globex")
    with office.database.read() as connection, pytest.raises(errors.Tampered, match="no owner signed it"):
        Registry(signed).all(connection)
    with office.database.write() as connection:
        connection.execute(delete(table).where(table.c.handle == "acme"))
    with pytest.raises(errors.Tampered, match="gone"):
        names(office, "x:@acme")


def test_a_removed_account_is_unknown_and_its_name_is_free_again(four: Office) -> None:
    account_id = next(one.id for one in four.manifest.accounts if one.short_name == "acme")
    with four.database.write() as connection:
        four.manifest = enrolment.remove(connection, four.owner, four.manifest, account_id)
    with pytest.raises(errors.UnknownAccount):
        names(four, "x:@acme")
    with four.database.read() as connection:
        assert len(Registry(four.manifest).all(connection)) == 3
    four.add("x:@acme")
    assert names(four, "acme") == ["x:@acme"]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("x:@acme", {}),
        ("x:@ACME", {"short_name": "other"}),
        ("x:@acme2", {"user_id": "u-x:@acme", "short_name": "other"}),
        ("x:@new", {"short_name": "lion"}),
        ("x:@new", {"short_name": "yl"}),
        ("x:@new", {"short_name": "lyno"}),
        ("x:@new", {"short_name": "a:b"}),
        ("x:@new", {"client": "two  words"}),
        ("x:@new", {"client": "ACME"}),
        ("x:@new", {"labels": ["fr+eu"]}),
        ("x:@new", {"origin": "http://api.example.com"}),
        ("x:@new", {"zone": "Paris"}),
        ("x:@new", {"user_id": ""}),
    ],
)
def test_an_account_that_would_be_mistaken_for_another_is_refused(
    four: Office, name: str, fields: dict[str, object]
) -> None:
    before = four.manifest
    with pytest.raises(errors.UsageError):
        four.add(name, **fields)
    assert four.manifest == before
    with four.database.read() as connection:
        assert manifests.load(connection, (before.epoch, before.sha256)) == before
        assert len(Registry(before).all(connection)) == 4


def test_a_grant_to_nobody_is_refused(office: Office) -> None:
    with pytest.raises(errors.NotFound):
        office.add("x:@acme", grants=[Grant("w-9", Right.SEND)])


def test_changes_are_signed_and_seen(four: Office) -> None:
    account_id = next(one.id for one in four.manifest.accounts if one.short_name == "acme")
    owner = four.owner
    with four.database.write() as connection:
        manifest = changes.rename(connection, owner, four.manifest, account_id, "acme-world")
        manifest = changes.set_client(connection, owner, manifest, account_id, "Lyon")
        manifest = changes.set_handle(connection, owner, manifest, account_id, "acme_world")
        same = changes.relabel(connection, owner, manifest, account_id, add=["eu"], drop=["sport"])
        changes.set_zone(connection, account_id, "America/Lima")
        changes.set_contact(connection, account_id, "press@acme.example")
        changes.set_state(connection, account_id, AccountState.ROTATION_DUE)
        enrolment.create_client(connection, "quiet")
    assert same is manifest
    assert manifest.epoch == four.manifest.epoch + 3
    with four.database.read() as connection:
        registry = Registry(manifests.load(connection, (four.manifest.epoch, four.manifest.sha256)))
        account = registry.account(connection, account_id)
        assert registry.facts(connection, account_id).contact == "press@acme.example"
        assert "quiet" in enrolment.clients(connection)
    assert (str(account), account.short_name, account.client) == ("x:@acme_world", "acme-world", "Lyon")
    assert (account.labels, account.zone) == (("eu", "fr"), "America/Lima")
    assert account.state is AccountState.ROTATION_DUE


def test_a_change_of_nothing_known_is_refused(four: Office) -> None:
    with four.database.write() as connection:
        for act in (
            lambda: changes.rename(connection, four.owner, four.manifest, "a-none", "fine-name"),
            lambda: changes.set_zone(connection, "a-none", "UTC"),
            lambda: enrolment.remove(connection, four.owner, four.manifest, "a-none"),
            lambda: Registry(four.manifest).account(connection, "a-none"),
            lambda: Registry(four.manifest).facts(connection, "a-none"),
        ):
            with pytest.raises(errors.UnknownAccount):
                act()


def many(office: Office, count: int) -> Registry:
    signed = [
        SignedAccount(f"a-{n:05}", "x", str(n), f"brand{n}", "https://api.x.com", "acme", f"brand{n}")
        for n in range(count)
    ]
    rows = [
        {name: getattr(one, name) for name in SignedAccount.__slots__ if name != "grants"}
        | {
            "display_name": "A Brand",
            "zone": "UTC",
            "state": "active",
            "created_at": "2026-11-23T00:00:00.000000Z",
        }
        for one in signed
    ]
    with office.database.write() as connection:
        enrolment.create_client(connection, "acme")
        connection.execute(insert(table), rows)
        connection.execute(insert(label), [{"account_id": row["id"], "name": "fr"} for row in rows])
        following = office.manifest.successor(accounts=tuple(signed))
        return Registry(manifests.append(connection, following, [office.owner]))


def best_of(times: int, act: object) -> float:
    assert callable(act)
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(time.perf_counter() - start)
    return min(found)


def test_a_thousand_accounts_are_listed_without_a_look_at_each(office: Office) -> None:
    registry = many(office, 1000)
    with office.database.read() as connection:
        assert len(registry.all(connection)) == 1000
        assert len(registry.resolve(connection, ["label:fr"])) == 1000
        # Some 20 ms; a query for each account takes ten times as long.
        assert best_of(5, lambda: registry.all(connection)) < 0.150


def test_a_manifest_of_fifty_accounts_loads_quickly(office: Office) -> None:
    manifest = many(office, 50).manifest
    pin = (manifest.epoch, manifest.sha256)
    with office.database.read() as connection:
        assert manifests.load(connection, pin) == manifest
        assert best_of(7, lambda: manifests.load(connection, pin)) < 0.020


def test_adding_the_thousandth_account_checks_every_short_name(office: Office) -> None:
    registry = many(office, 999)
    new = NewAccount(AccountName("x", "brand1000"), "1000", "https://api.x.com")
    assert enrolment.planned(registry.manifest, new).short_name == "brand1000-x"
