"""A credential's life on a real PostgreSQL: the same statements, the same refusals."""

from pathlib import Path

import pytest
from sqlalchemy import update

from socialguard import errors
from socialguard.registry import changes, policy
from socialguard.registry.accounts import Registry
from socialguard.store import tables
from socialguard.store.database import create_database
from socialguard.vault import upkeep, withdrawal

from . import custody_world


def test_registry_policy_and_vault_live_on_postgresql(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Asked for late: the server's own library looks at the places that another fixture sets first.
    url = request.getfixturevalue("postgresql_url")
    monkeypatch.setattr(custody_world, "create_database", lambda _: create_database(url))
    with custody_world.world(tmp_path) as w:
        acme = w.added(labels=["fr", "eu"])
        globex = w.added("x:@globex", "token-globex", labels=["fr"])
        upkeep.verify(w.custody, acme.id)
        upkeep.refresh(w.custody, acme.id)
        assert upkeep.rewrap(w.custody, [acme.id]) == {acme.id: 3}
        source = "[label.fr]\nsecure = true\n"
        w.custody.amend("policy.apply", None, lambda c, owner, m: policy.apply(c, owner, m, source))
        w.custody.amend(
            "account.label", acme.id, lambda c, owner, m: changes.relabel(c, owner, m, acme.id, drop=["fr"])
        )
        with w.database.read() as connection:
            manifest = w.custody.manifest(connection)
            registry = Registry(manifest)
            assert [one.id for one in registry.resolve(connection, ["label:fr"])] == [globex.id]
            rules = policy.load_applied(connection, manifest)
            assert [policy.effective(rules, one).secure for one in registry.all(connection)] == [False, True]
        assert withdrawal.revoke(w.custody, acme.id).revoked
        withdrawal.remove(w.custody, acme.id, require_unused=lambda *_: None)
        assert w.accounts() == ["x:@globex"]
        with w.database.write() as connection:
            connection.execute(update(tables.credential).values(nonce=bytes(12)))
        with pytest.raises(errors.Tampered):
            w.stored(globex.id)
