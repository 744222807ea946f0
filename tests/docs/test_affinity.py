"""The detector's Python interface works as its document prints it."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from socialguard.guard.affinity import Portfolio, Verdict
from tests.docs.pages import read, section

TEXT = section(read("docs/affinity.md"), "In Python")


def test_the_example_prints_what_the_document_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copied as it stands, in a directory without a workspace."""
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    (shown,) = re.findall(r"^```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "docs/affinity.md", "exec"), {"__name__": "example"})
    assert printed.getvalue() == shown


def test_what_the_document_names_exists() -> None:
    """Each method and each field of a verdict that it tells of, and no field untold."""
    for name in ("learn", "calibrate", "judge", "judge_each", "save", "load"):
        assert f"`{name}(" in TEXT
        assert hasattr(Portfolio, name)
    for field in [*Verdict.__dataclass_fields__, "asks"]:
        assert f"`{field}`" in TEXT or field == "target"
