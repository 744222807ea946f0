"""A backup leaves no token in the archive, its segments, its files, the log, or in what is said of it."""

import zstandard
from sqlalchemy import select

from tests.backup.world import joined, seeded
from tests.office import Office
from tests.secretive import Run, run

__all__ = ["run"]


def unpacked(office: Office) -> list[bytes]:
    """Every segment as its lines, and every page of the journal."""
    from socialguard.archive.keeping import unpacked as of_page
    from socialguard.store.archive_tables import page

    segments = sorted((office.home / "archive" / "segments").glob("*.zst"))
    lines = [zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes()) for path in segments]
    with office.entered() as workspace, workspace.archive.database.read() as connection:
        lines += [of_page(body) for body in connection.execute(select(page.c.body)).scalars()]
    return lines


def test_a_backup_leaves_no_secret_anywhere(run: Run) -> None:
    office = run.office
    office.sandbox.reset(
        joined(
            seeded(office, "x:@acme", posts=120, mentions=5, media=2),
            seeded(office, "x:@globex", posts=3, mentions=2),
            seeded(office, "facebook:@acme", posts=5, mentions=3, media=2),
        )
    )
    words = ("backup", "run", "--max-cost", "50")
    for fault in (
        {"network": "x", "operation": "timeline", "kind": "status", "code": 401},
        {"network": "x", "operation": "identity", "kind": "accept_then_drop"},
        {"network": "facebook", "operation": "any", "kind": "status", "code": 400},
        {"network": "any", "operation": "timeline", "kind": "status", "code": 500, "after": 1},
        {"network": "any", "operation": "media", "kind": "status", "code": 500},
    ):
        office.sandbox.faults([fault])
        run.json(*words)
        assert run.json("backup", "status").code == 0
    office.sandbox.faults([])
    assert run(*words).code == 0
    done = run.json(*words)
    assert [row["items_total"] for row in done.document["accounts"]] == [8, 125, 5]
    for more in (["backup", "list", "x:@acme"], ["backup", "search", "post"], ["backup", "verify"], ["costs"]):
        run(*more)
        run.json(*more)
    run.learn_from_sandbox()
    run.require_clean()
    lines = unpacked(office)
    assert b"Post 1 of acme" in b"".join(lines)
    for each in lines:
        run.hunt.require_none(each, "a segment or a page of the journal")
    assert len(list((office.home / "archive" / "blobs").glob("*/*"))) == 4
