"""Taking many accounts in from one file: every row is read and checked before the first account is added.

CSV (a heading row) or JSON lines. A row has `account` (`x:@acme`) and the credential: in JSON lines as the
object `credential`, in CSV as the columns of its document (`kind`, `access_token` …). Optional are `client`,
`short_name`, `labels` (a list, or words with spaces between), `base_url`, `zone`, `contact`, `attended`.
"""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.model.account import Account, AccountName
from socialguard.registry import enrolment
from socialguard.registry.enrolment import NewAccount
from socialguard.vault.admission import Admission, identified, store
from socialguard.vault.custody import Custody

MAX_BYTES: Final = 16 << 20
BATCH: Final = 50
"""Accounts that are signed under one epoch of the manifest, which holds all accounts each time."""

_STOPS_ALL: Final = (errors.AuditUnwritable, errors.Tampered, errors.Locked)
_FIELDS: Final = ("client", "short_name", "labels", "base_url", "zone", "contact", "attended")
_YES: Final = frozenset({"true", "yes", "1"})
_NO: Final = frozenset({"false", "no", "0", ""})


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one row: the account, or the error why there is none."""

    line: int
    name: AccountName
    account: Account | None
    error: errors.SocialGuardError | None = None


def import_file(
    custody: Custody,
    path: Path,
    workers: Sequence[str],
    on_row: Callable[[Imported], None] = lambda _: None,
    zone: str = "UTC",
) -> tuple[Imported, ...]:
    """Add the accounts of a file and return what became of each row, telling `on_row` after each; `zone` is that
    of rows that name none.

    Before anything is added every row is checked against its form, the accounts there are, and the rows
    before it. Raises UsageError that names the line, Unreadable, and whatever stops all further rows."""
    rows = read_rows(custody, path, workers, zone)
    _require_plannable(custody, path.name, rows)
    results: list[Imported] = []
    for start in range(0, len(rows), BATCH):
        for result in _import_batch(custody, rows[start : start + BATCH]):
            results.append(result)
            on_row(result)
    return tuple(results)


def _import_batch(custody: Custody, rows: Sequence[tuple[int, Admission]]) -> list[Imported]:
    """Ask the network about each row, then store those that are right under one epoch."""
    results: dict[int, Imported] = {}
    known: list[tuple[int, Admission, NewAccount]] = []
    for line, admission in rows:
        try:
            known.append((line, admission, identified(custody, admission)))
        except _STOPS_ALL:
            raise
        except errors.SocialGuardError as problem:
            results[line] = Imported(line, admission.name, None, problem)
    try:
        results |= _stored(custody, known)
    except errors.UsageError:
        # One of them cannot stand beside the others, such as one user under two names: find out which.
        for one in known:
            try:
                results |= _stored(custody, [one])
            except errors.UsageError as problem:
                results[one[0]] = Imported(one[0], one[1].name, None, problem)
    return [results[line] for line, _ in rows]


def _stored(custody: Custody, known: Sequence[tuple[int, Admission, NewAccount]]) -> dict[int, Imported]:
    if not known:
        return {}
    accounts = store(custody, [(admission, new) for _, admission, new in known])
    return {
        line: Imported(line, admission.name, account)
        for (line, admission, _), account in zip(known, accounts, strict=True)
    }


def read_rows(custody: Custody, path: Path, workers: Sequence[str], zone: str) -> list[tuple[int, Admission]]:
    """Return the rows of a file, each with its line; raises UsageError, Unreadable. Repeats no credential."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise errors.UsageError(detail=f"{path.name} is larger than {MAX_BYTES >> 20} MB.")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise errors.Unreadable(path=path.name, detail="it is not UTF-8.") from None
    except OSError as problem:
        raise errors.Unreadable(path=path.name, detail=problem.strerror or "it cannot be opened.") from None
    documents = _json_lines if text.lstrip().startswith("{") else _csv_rows
    rows = []
    for line, document in documents(text, path.name):
        try:
            rows.append((line, _admission(custody, document, workers, zone)))
        except errors.UsageError as problem:
            raise _at(path.name, line, problem.message()) from None
    if not rows:
        raise errors.UsageError(detail=f"{path.name} has no rows.")
    return rows


def _admission(custody: Custody, document: Mapping[str, object], workers: Sequence[str], zone: str) -> Admission:
    credential = document.get("credential")
    unknown = document.keys() - {"account", "credential", *_FIELDS}
    if unknown:
        raise errors.UsageError(detail=f"There is no field {min(unknown)}; optional are {', '.join(_FIELDS)}.")
    if not isinstance(credential, dict):
        raise errors.UsageError(detail="The credential is missing.")
    name = AccountName.parse(_text(document, "account") or "")
    labels = document.get("labels") or ()
    if isinstance(labels, str):
        labels = labels.split()
    if not isinstance(labels, (list, tuple)) or not all(isinstance(one, str) for one in labels):
        raise errors.UsageError(detail="labels is a list of words.")
    return Admission(
        name=name,
        credential=custody.read_document(name, credential),
        workers=workers,
        origin=_text(document, "base_url"),
        client=_text(document, "client"),
        short_name=_text(document, "short_name"),
        labels=tuple(labels),
        attended=_flag(document.get("attended")),
        zone=_text(document, "zone") or zone,
        contact=_text(document, "contact"),
    )


def _require_plannable(custody: Custody, file: str, rows: Sequence[tuple[int, Admission]]) -> None:
    """Refuse a row that could not be added beside the accounts there are and the rows before it."""
    with custody.database.read() as connection:
        manifest = custody.manifest(connection)
    accounts = manifest.accounts
    for line, admission in rows:
        network = custody.network(admission.name.network)
        new = NewAccount(
            name=admission.name,
            user_id=f"line {line}",  # the network is asked later
            origin=admission.origin or network.origin,
            client=admission.client,
            short_name=admission.short_name,
            labels=admission.labels,
        )
        try:
            enrolment.require_zone(admission.zone)
            signed = enrolment.planned(replace(manifest, accounts=accounts), new)
        except errors.UsageError as problem:
            raise _at(file, line, problem.message()) from None
        accounts = (*accounts, signed)


def _json_lines(text: str, file: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    for line, words in enumerate(text.splitlines(), 1):
        if not words.strip():
            continue
        try:
            document = json.loads(words)
        except (ValueError, RecursionError):
            raise _at(file, line, "it is not a JSON object.") from None
        if not isinstance(document, dict):
            raise _at(file, line, "it is not a JSON object.")
        yield line, document


def _csv_rows(text: str, file: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yield the rows of a CSV, with what its heading has most of between cells (a French Excel writes semicolons);
    columns that are no field of ours belong to the credential's document."""
    delimiter = max(",;\t", key=text.lstrip().split("\n", 1)[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    heading: list[str] | None = None
    try:
        for cells in reader:
            if not any(cells):
                continue
            if heading is None:
                heading = [cell.strip() for cell in cells]
                _require_heading(heading, file)
                continue
            if len(cells) != len(heading):
                raise _at(file, reader.line_num, f"it has {len(cells)} cells, the heading has {len(heading)}.")
            yield reader.line_num, _row(dict(zip(heading, map(_unarmed, cells), strict=True)))
    except csv.Error as problem:
        raise _at(file, reader.line_num, f"{problem}.") from None


def _row(cells: Mapping[str, str]) -> Mapping[str, object]:
    ours = {key: value for key, value in cells.items() if key in ("account", *_FIELDS) and value}
    return {**ours, "credential": {key: value for key, value in cells.items() if key not in ours and value}}


def _require_heading(heading: Sequence[str], file: str) -> None:
    if "account" not in heading or "kind" not in heading:
        raise _at(file, 1, "the heading needs the columns account and kind.")
    if len(set(heading)) < len(heading):
        raise _at(file, 1, "the heading names a column twice.")


def _unarmed(cell: str) -> str:
    """Return a cell without the apostrophe that our exports put before what a spreadsheet would run."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "\t", "\r") else cell


def _text(document: Mapping[str, object], name: str) -> str | None:
    found = document.get(name)
    if found is not None and not isinstance(found, str):
        raise errors.UsageError(detail=f"{name} is not a text.")
    return found or None


def _flag(value: object) -> bool:
    if isinstance(value, bool) or value is None:
        return bool(value)
    if isinstance(value, str) and value.lower() in _YES | _NO:
        return value.lower() in _YES
    raise errors.UsageError(detail="attended is true or false.")


def _at(file: str, line: int, detail: str) -> errors.UsageError:
    return errors.UsageError(
        detail=f"{file}, line {line}: {detail}", remedy="Nothing was added. Correct the file."
    )
