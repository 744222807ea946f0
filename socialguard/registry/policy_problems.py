"""What is wrong in a policy file: gathered with lines, so that one look at the file mends all of it."""

from collections.abc import Sequence
from typing import Final

from socialguard import errors
from socialguard.model.text import marked
from socialguard.model.toml_lines import line_of

MOST: Final = 100
"""So many are told; who has more has another kind of file."""


class Problems:
    """What is wrong in the text of a file called `file`."""

    def __init__(self, source: str, file: str) -> None:
        self._source, self._file = source, file
        self._found: dict[tuple[int, str], None] = {}

    def add(self, path: Sequence[str], detail: str) -> None:
        """Note what is wrong with a key or a section, once; `detail` says what is allowed there."""
        if len(self._found) < MOST:
            self.add_at(line_of(self._source, tuple(path)), detail)

    def add_at(self, line: int, detail: str) -> None:
        """Note what is wrong in a line (from 1), once."""
        self._found[line, detail] = None

    def refuse(self) -> None:
        """Raise SettingsInvalid for the first in the file, its `problems` one for each; nothing where none is."""
        if not self._found:
            return
        problems = [
            errors.SettingsInvalid(path=self._where(line), detail=detail, line=line)
            for line, detail in sorted(self._found)
        ]
        line, detail = min(self._found)
        raise errors.SettingsInvalid(path=self._where(line), detail=detail, line=line, problems=problems)

    def _where(self, line: int) -> str:
        return marked(f"{self._file}, line {line}")
