"""What a person who can write files, but has no key, does to a workspace: SQL on the closed database with the
triggers out of the way, copies put back, and entries of the log forged as the log would make them."""

import dataclasses
import json
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from socialguard.canon import jcs, merkle
from socialguard.ledger import reader
from socialguard.model.fingerprint import body, fingerprint
from socialguard.vault.keys import KeyPair
from tests.office import Done, Office

IN_AN_HOUR: Final = {"SOCIALGUARD_CLOCK": "+3700s"}
TEXT: Final = "Confirmed by a member"
POLICY: Final = "[defaults]\ngrace = 0\n\n[label.fr]\nsecure = true\nmax_late = 7200\n"

Attack = Callable[[Office], object]

TRIGGERS: Final = ("audit_entry_no_update", "audit_entry_no_delete", "audit_entry_in_order")


def sql(office: Office, statement: str, *values: object, triggers: bool = False) -> list[tuple[Any, ...]]:
    """Run one statement on the closed database, and return its rows; without `triggers` they are dropped first."""
    with closing(sqlite3.connect(office.database)) as connection, connection:
        if not triggers:
            for name in TRIGGERS:
                connection.execute(f"drop trigger if exists {name}")
        return connection.execute(statement, values).fetchall()


def columns(office: Office, table: str) -> list[str]:
    """Return the columns of a table."""
    return [row[1] for row in sql(office, f"pragma table_info({table})", triggers=True)]


def logged(office: Office, action: str) -> list[dict[str, Any]]:
    """Return what the log says of an action, oldest first."""
    rows = sql(office, "select leaf from audit_entry where action = ? order by seq", action, triggers=True)
    return [json.loads(row[0]) for row in rows]


def append_entry(office: Office, change: Mapping[str, Any], like: str = "delivery.send") -> None:
    """Append an entry that the log takes for its own: as the newest of action `like`, with fields changed."""
    leaf = {**logged(office, like)[-1], **change}
    with closing(sqlite3.connect(office.database)) as connection, connection:
        size, edge = connection.execute("select size, frontier from audit_head").fetchone()
        leaf["seq"] = size
        data = jcs.encode(leaf)
        after = merkle.Frontier.from_bytes(edge).append(merkle.leaf_hash(data))
        row = {
            "seq": size,
            "leaf": data,
            "leaf_hash": merkle.leaf_hash(data),
            "ts": leaf["ts"],
            "actor": leaf["actor"]["id"],
            "fingerprint": leaf["obj"].get("fingerprint"),
            **{name: leaf[name] for name in ("action", "account", "outcome", "corr")},
        }
        names = ", ".join(row)
        marks = ", ".join("?" * len(row))
        connection.execute(f"insert into audit_entry ({names}) values ({marks})", list(row.values()))
        connection.execute("update audit_head set size = ?, frontier = ?", (after.size, after.to_bytes()))


def flip(office: Office, table: str, column: str, bit: int, row: int = 0) -> bool:
    """Flip one bit of one value, whatever its type, and return whether that changed it."""
    found = sql(office, f"select rowid, {column} from {table} order by rowid limit 1 offset {row}", triggers=True)
    number, value = found[0]
    changed = flipped(value, bit)
    if changed == value:
        return False
    with closing(sqlite3.connect(office.database)) as connection, connection:
        try:
            connection.execute(f"update {table} set {column} = ? where rowid = ?", (changed, number))
        except sqlite3.IntegrityError:
            return False  # the key of another row: SQLite itself refuses it
    return True


def flipped(value: Any, bit: int) -> Any:
    """Return a value of a column with one bit changed; where there is none, something instead of nothing."""
    if value is None:
        return "x"
    if isinstance(value, int):
        return value ^ (1 << bit % 16)
    data = bytearray(value if isinstance(value, bytes) else value.encode())
    if not data:
        return "x" if isinstance(value, str) else b"x"
    data[bit // 8 % len(data)] ^= 1 << bit % 8
    # SQLite keeps whatever bytes it is given; as text they must be text, or the driver could not read them.
    return bytes(data) if isinstance(value, bytes) else data.decode("utf-8", "replace")


def truncate_after(action: str) -> Attack:
    """Cut the log behind its newest entry of that action, and make the head fit."""

    def truncate(office: Office) -> None:
        last = sql(office, "select max(seq) from audit_entry where action = ?", action)[0][0]
        for table, key in (("audit_entry", "seq"), ("audit_reason", "seq"), ("checkpoint", "size - 1")):
            sql(office, f"delete from {table} where {key} > ?", last)
        sql(office, "delete from anchor_queue")
        edge = merkle.Frontier().extend(
            row[0] for row in sql(office, "select leaf_hash from audit_entry order by seq")
        )
        ts = sql(office, "select ts from audit_entry order by seq desc limit 1")[0][0]
        sql(office, "update audit_head set size = ?, frontier = ?, last_ts = ?", edge.size, edge.to_bytes(), ts)

    truncate.__name__ = f"truncate_after_{action}"
    return truncate


@dataclass(frozen=True)
class Copy:
    """A copy of what lies in `place`, to be put back whole."""

    place: Path
    kept: Path

    @classmethod
    def of(cls, place: Path, kept: Path) -> "Copy":
        """Copy `place` to `kept`."""
        shutil.copytree(place, kept)
        return cls(place, kept)

    def put_back(self) -> None:
        """Replace what is there by the copy."""
        shutil.rmtree(self.place)
        shutil.copytree(self.kept, self.place)


def require_refused(office: Office, done: Done, *, public: int = 0, said: str = "was changed outside") -> None:
    """The command ended with 13, said what and what to do, nothing more is public, and the log has the refusal."""
    assert done.code == 13, done
    told = done.error or next((one["error"] for one in done.deliveries if "error" in one), {}) or {}
    text = told.get("message", "") + done.stderr
    assert said in text, done
    assert told.get("remedy") or "Run:" in done.stderr, done
    assert len(office.published()) == public
    assert office.secrets[0] not in done.stdout + done.stderr


@pytest.fixture
def scene(office: Office) -> Office:
    """An office with a policy that rules on a label, on a sandbox that does not refuse duplicates for us."""
    (office.home / "policy.toml").write_text(POLICY, encoding="utf-8")
    for words in (
        ["account", "label", "x:@globex", "+fr", "--json"],
        ["policy", "apply", "--reason", "rules", "--json"],
    ):
        done = office.cli(*words)
        assert done.code == 0, done
    office.sandbox.settings(refuse_duplicates=False)
    return office


def schedule(office: Office, account: str = "x:@acme", text: str = TEXT) -> str:
    done = office.cli("post", text, "--to", account, "--confirm", account, "--at", "in 1 hour", "--json")
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def send(office: Office) -> Done:
    return office.cli("queue", "run", "--json", **IN_AN_HOUR)


def refused_and_logged(office: Office, done: Done, *, public: int = 0) -> None:
    require_refused(office, done, public=public)
    entries = [*logged(office, "delivery.refuse"), *logged(office, "delivery.send")]
    entries += logged(office, "tampering.refuse")
    assert any(entry["outcome"] in ("tampered", "failed") for entry in entries), "the log does not tell"


@pytest.fixture
def outside() -> Iterator[Path]:
    """A directory on another mount than the tests' own."""
    place = Path("/dev/shm")
    if not place.is_dir() or place.stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev:
        pytest.skip("there is no second mount that can be written")
    made = Path(tempfile.mkdtemp(prefix="socialguard-anchor-", dir=place))
    yield made
    shutil.rmtree(made)


def insert_delivery(office: Office, pair: KeyPair | None, **change: Any) -> None:
    """A delivery that an outsider wrote, with its fingerprint as the program would make it."""
    names = columns(office, "delivery")
    row = dict(zip(names, sql(office, "select * from delivery")[0], strict=True))
    content = json.loads(row["content"]) | {"text": "Not ours"}
    statement = _statement(office, row, content)
    row |= {"id": "deadbeef", "content": json.dumps(content), "fingerprint": fingerprint(statement)}
    if pair is not None:
        row["signature"] = pair.sign("delivery", statement["org"], statement)
    row |= change
    marks = ", ".join("?" * len(names))
    sql(office, f"insert into delivery values ({marks})", *row.values())
    entry = logged(office, "delivery.queue")[-1]
    obj = entry["obj"] | {"delivery": "deadbeef", "fingerprint": row["fingerprint"]}
    append_entry(office, {"obj": obj}, like="delivery.queue")


def _statement(office: Office, row: dict[str, Any], content: dict[str, Any]) -> dict[str, Any]:
    account = sql(office, "select user_id from account where id = ?", row["account_id"])[0]
    with office.entered() as workspace:
        with workspace.database.read() as connection:
            value = reader.get(connection, row["id"])
        return dict(
            body(
                org=workspace.org,
                delivery="deadbeef",
                nonce=row["nonce"],
                act=value.act,
                account=row["account_id"],
                user_id=account[0],
                content=dataclasses.replace(value.content, text=content["text"]),
                not_before=value.not_before,
                max_late=value.max_late,
                target=value.target,
            )
        )


def id_of(office: Office, account: str) -> str:
    """Return the id of an account, as its row says."""
    network, _, handle = account.partition(":@")
    row = sql(office, "select id from account where network = ? and handle = ?", network, handle)
    return str(row[0][0])
