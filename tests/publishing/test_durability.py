"""What is on the disk when the first byte of a post leaves, as the kernel saw it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from socialguard.store.dialect import driver, has_sound_wal
from tests.office import Office

CALLS: Final = "fsync,fdatasync,pwrite64,write,sendto,sendmsg,rename,renameat,renameat2"
REQUEST: Final = {"x": "POST /2/tweets", "facebook": "/me/feed HTTP/1.1"}
SYNC: Final = r"(fsync|fdatasync)\(\d+<[^>]*{name}[^>]*>\) *= 0"


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """Where strace writes; skipped where it is absent or may not trace, and for who is not root: the program keeps
    its memory from others of its user, and strace shows what is written there."""
    if os.geteuid() != 0:
        pytest.skip("only root sees what a hardened process writes")
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed")
    path = tmp_path / "trace"
    tried = subprocess.run([strace, "-o", str(path), "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"strace may not trace here: {tried.stderr.strip()[:100]}")
    return path


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_the_intent_and_its_pin_are_on_the_disk_before_the_first_byte_of_the_post(
    office: Office, trace: Path, network: str
) -> None:
    words = office.post_words("Traced", f"{network}:@acme")
    command = ["strace", "-f", "-y", "-s", "20000", "-e", f"trace={CALLS}", "-o", str(trace)]
    done = subprocess.run(
        [*command, sys.executable, "-m", "socialguard", *words],
        env=office.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-500:]
    lines = trace.read_text("utf-8", "replace").splitlines()

    # With a WAL the commit is its sync; with a rollback journal that of the journal, emptied after the file's.
    kept, committed = ("db-wal", "db-wal") if has_sound_wal(driver().sqlite_version_info) else ("db", "db-journal")
    intent = _all(lines, rf"pwrite64\(\d+<[^>]*socialguard\.{kept}>.*delivery\.send.*intent")
    request = _first(lines, rf"(sendto|sendmsg|write)\(.*{re.escape(REQUEST[network])}")
    written = [number for number in intent if number < request]
    assert written, "the intent was not written before the request"
    synced = _first(lines, SYNC.format(name=rf"socialguard\.{kept}"), after=written[-1])
    committed_at = _first(
        lines, SYNC.format(name=rf"socialguard\.{committed}"), after=synced - (kept == committed)
    )
    pinned = _first(lines, SYNC.format(name=r"pins"), after=committed_at)
    renamed = _first(lines, r"rename.*pins", after=pinned)
    assert written[-1] < synced <= committed_at < pinned < renamed < request
    assert office.published() == ["Traced"]


def _all(lines: list[str], pattern: str) -> list[int]:
    return [number for number, line in enumerate(lines) if re.search(pattern, line)]


def _first(lines: list[str], pattern: str, after: int = -1) -> int:
    for number in range(after + 1, len(lines)):
        if re.search(pattern, lines[number]):
            return number
    raise AssertionError(f"the system was not asked for {pattern} after line {after}")
