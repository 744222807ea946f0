"""What acts by itself in a database: it changes what is written, or shows something else than what is."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from sqlalchemy import Connection, text

from socialguard import errors
from socialguard.store.dialect import POSTGRESQL_TRIGGERS, SQLITE_TRIGGERS

_SQLITE_ACTING: Final = "select name, sql from sqlite_master where type in ('trigger', 'view')"
_POSTGRESQL_ACTING: Final = """with ours as (
    select c.oid, c.relname, c.relkind, c.relrowsecurity from pg_catalog.pg_class c where c.oid in (
        select pg_catalog.to_regclass(name)::oid from pg_catalog.unnest(cast(:tables as text[])) name))
select relname from ours where relkind <> 'r' or relrowsecurity
union select r.rulename from pg_catalog.pg_rewrite r join ours on r.ev_class = ours.oid where ours.relkind = 'r'
union select i.inhrelid::pg_catalog.regclass::text from pg_catalog.pg_inherits i
    join ours on i.inhparent = ours.oid
union select t.tgname from pg_catalog.pg_trigger t join ours on t.tgrelid = ours.oid
    join pg_catalog.pg_proc p on p.oid = t.tgfoid where not t.tgisinternal and not (
        ours.relname = 'audit_entry' and t.tgname in ('audit_entry_append_only', 'audit_entry_no_truncate')
        and p.prosrc = :body)"""


def refuse(connection: Connection) -> None:
    """Raise Tampered where a database would act by itself: a trigger, a rule, a view, a policy for rows or a table
    that adds to another, none of which this program made."""
    if connection.dialect.name == "sqlite":
        found = connection.exec_driver_sql(_SQLITE_ACTING).all()
        strangers = sorted(str(name) for name, made in found if " ".join(str(made).split()).lower() not in _ours())
    else:
        strangers = sorted(str(name) for (name,) in connection.execute(text(_POSTGRESQL_ACTING), _known()))
    if strangers:
        raise errors.Tampered(
            what="The database",
            detail=f"it holds what this program did not make: {', '.join(strangers)}.",
            remedy="Find out who put it there, then take it away: DROP TRIGGER or DROP VIEW.",
        )


@cache
def _known() -> Mapping[str, object]:
    from socialguard.store.tables import metadata  # heavy, and only PostgreSQL needs them here

    return {"tables": list(metadata.tables), "body": POSTGRESQL_TRIGGERS[0].split("$$")[1]}


@cache
def _ours() -> frozenset[str]:
    return frozenset(" ".join(one.split()).lower() for one in SQLITE_TRIGGERS)
