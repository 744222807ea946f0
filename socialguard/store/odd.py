"""What no program of ours wrote: SQLite keeps any value in any column. Looked for only once a command failed over
something that it did not expect, since each column is read for it."""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Integer,
    LargeBinary,
    String,
    exists,
    func,
    select,
)

from socialguard import errors
from socialguard.model.text import marked
from socialguard.store.database import Database
from socialguard.store.tables import Instant, metadata

STUMBLES: Final = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)
"""What a command fails with that meets such a value."""

_KINDS: Final = ((LargeBinary, "blob"), (Boolean, "integer"), ((Integer, BigInteger), "integer"), (String, "text"))
_MOMENT: Final = "[0-9]" * 4 + "-??-??T??:??:??.??????Z"


def blame(database: Database) -> errors.Tampered | None:
    """Return what a command stumbled over, if that is a value that no program of ours put into the database."""
    try:
        with database.read() as connection:
            column = odd_column(connection)
    except errors.SocialGuardError:
        return None
    if column is None:
        return None
    detail = marked("{column} holds a value that is none of its kind.")
    return errors.Tampered(what="The database", detail=detail.format(column=column))


def odd_column(connection: Connection) -> str | None:
    """Return the first column (`delivery.state`) that holds a value of another kind than its own, or a time that
    is none; None where there is none, or where the database itself refuses such values."""
    if connection.dialect.name != "sqlite":
        return None
    for table in metadata.sorted_tables:
        for column in table.columns:
            if connection.scalar(select(exists().where(_is_odd(column)))):
                return f"{table.name}.{column.name}"
    return None


def _is_odd(column: Column[Any]) -> ColumnElement[bool]:
    kind = next(name for kinds, name in _KINDS if isinstance(column.type, kinds))
    odd: ColumnElement[bool] = func.typeof(column).not_in((kind, "null"))
    if column.type is Instant:
        odd |= column.bool_op("not glob")(_MOMENT) & (column != "")
    return odd
