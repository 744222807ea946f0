"""What a neighbour put in the place of a file is read as none."""

import os
from pathlib import Path

import pytest

from socialguard.model import bounded


def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(OSError, match="regular"):
        bounded.read(path)


def test_no_more_is_read_than_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    assert bounded.read_whole(path, 100) == b"x" * 100
    assert bounded.read(path, 10) == b"x" * 11
    with pytest.raises(OSError, match="larger"):
        bounded.read_whole(path, 99)
