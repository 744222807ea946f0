"""What one run of the program was told before its command: workspace, JSON, questions allowed, debug.

The options that fill it stand before the command's name or after it, so it is filled while click parses."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socialguard.cli.printing import Printer
    from socialguard.workspace.opened import Workspace


class Face:
    """The person or script on the other side. `as_json`: one document on stdout and nothing else;
    `no_input`: nothing may be asked; `debug`: details of a failure are shown, secrets removed; `reminds`: the run
    ends with the line on unseen alerts; `reasons`: what the person gave to stand in the log; `opened`: the
    workspaces of the run; `written`: what was written in the editor and no draft keeps yet."""

    __slots__ = (
        "_printer",
        "as_json",
        "debug",
        "home_given",
        "no_input",
        "opened",
        "reasons",
        "reminds",
        "written",
    )

    def __init__(self) -> None:
        self.as_json = False
        self.no_input = False
        self.debug = False
        self.reminds = False
        self.written = ""
        self.home_given: Path | None = None
        self.reasons: list[str] = []
        self.opened: list[Workspace] = []
        self._printer: Printer | None = None

    @property
    def home(self) -> Path:
        """The workspace's directory: `--home`, else SOCIALGUARD_HOME, else the user's data directory."""
        from socialguard import settings

        return settings.home() if self.home_given is None else self.home_given

    @property
    def printer(self) -> "Printer":
        """The one door for output."""
        from socialguard.cli.printing import Printer

        if self._printer is None:
            self._printer = Printer(as_json=self.as_json)
        return self._printer

    @property
    def has_terminal(self) -> bool:
        """Whether a person can be asked (DESIGN: stderr is a TTY, /dev/tty opens, no --json, no --no-input)."""
        from socialguard.cli import terminal

        return terminal.has_terminal(as_json=self.as_json, no_input=self.no_input)
