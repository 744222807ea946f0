"""Statements on the way of a post, compiled once for each kind of database and handed to its driver as they are.

SQLAlchemy writes the SQL; what is left out is what it does around each execution, which costs several times what
the database does (decision 16). Errors of the driver are explained by `Database` like all others."""

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Select, Update


class Prepared:
    """One statement. Values are given by the names of its `bindparam`s (of its columns, for an insert), and every
    execution gives the same names. Rows are named tuples of the selected columns."""

    def __init__(self, statement: "Select[Any] | Insert | Update | Delete") -> None:
        self._statement = statement
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, **values: object) -> list[Any]:
        """Return every row."""
        compiled = self._for(connection, values)
        return [compiled.row(row) for row in compiled.execute(connection, values)]

    def tuples(self, connection: Connection, **values: object) -> list[Any]:
        """Return every row as the driver gives it: a tuple, nothing converted."""
        found: list[Any] = self._for(connection, values).execute(connection, values).fetchall()
        return found

    def batches(self, connection: Connection, size: int) -> Iterator[list[Any]]:
        """Yield every row as the driver gives it, `size` at a time."""
        cursor = self._for(connection, {}).execute(connection, {})
        while found := cursor.fetchmany(size):
            yield found

    def first(self, connection: Connection, **values: object) -> Any | None:
        """Return the first row, None where there is none."""
        compiled = self._for(connection, values)
        found = compiled.execute(connection, values).fetchone()
        return None if found is None else compiled.row(found)

    def scalar(self, connection: Connection, **values: object) -> Any | None:
        """Return the first column of the first row, None where there is none."""
        found = self.first(connection, **values)
        return None if found is None else found[0]

    def run(self, connection: Connection, **values: object) -> int:
        """Execute an insert or update and return how many rows it changed."""
        return int(self._for(connection, values).execute(connection, values).rowcount)

    def many(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Execute an insert or update once for each row of values; all name the same."""
        if rows:
            self._for(connection, rows[0]).execute_many(connection, rows)

    def _for(self, connection: Connection, values: Mapping[str, object]) -> "_Compiled":
        name = connection.dialect.name
        if name not in self._compiled:
            self._compiled[name] = _Compiled(self._statement, connection, values)
        return self._compiled[name]


class _Compiled:
    """The SQL for one kind of database, and how values and rows are brought into and out of it."""

    def __init__(self, statement: Any, connection: Connection, values: Mapping[str, object]) -> None:
        # Column names make an insert's or update's list of columns; what is bound in its WHERE is not one of them.
        keys = [key for key in values if key in statement.table.c] if statement.is_dml else None
        dialect = connection.dialect
        compiled = statement.compile(dialect=dialect, column_keys=keys)
        self._sql = str(compiled)
        self._names: list[str] | None = compiled.positiontup
        every: dict[str, Any] = compiled.construct_params(dict(values))
        self._given = frozenset(values)
        self._fixed = {name: value for name, value in every.items() if name not in self._given}
        selected = [] if statement.is_dml else list(statement.selected_columns)
        self.row = _rows(selected, dialect)

    def execute(self, connection: Connection, values: Mapping[str, object]) -> Any:
        """Run it at the driver and return the driver's cursor."""
        if values.keys() != self._given:
            raise ValueError(f"a prepared statement is always given {sorted(self._given)}")
        given = {**self._fixed, **values} if self._fixed else values
        parameters = given if self._names is None else [given[name] for name in self._names]
        driver: Any = connection.connection.dbapi_connection
        return driver.execute(self._sql, parameters)

    def execute_many(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
        """Run it at the driver for each row."""
        names = self._names
        parameters = rows if names is None else [[row[name] for name in names] for row in rows]
        driver: Any = connection.connection.driver_connection
        driver.cursor().executemany(self._sql, parameters)


def _rows(columns: list[Any], dialect: Any) -> Callable[[Any], Any]:
    """Return what makes a driver's row a named tuple, its values converted as the columns' types ask."""
    if not columns:
        return tuple  # of an INSERT … RETURNING
    row: Any = namedtuple("Row", [column.name for column in columns], rename=True)  # type: ignore[misc]
    make: Callable[[Any], Any] = row._make
    converters = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
    if not any(converters):
        return make
    return lambda row: make(
        value if convert is None else convert(value) for convert, value in zip(converters, row, strict=True)
    )
