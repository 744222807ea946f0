"""A real terminal with a person before it: a pseudo-terminal whose session runs one command after the other."""

import json
import re
import socket
import sys
from pathlib import Path
from typing import Final

import pexpect

from tests.office import ROOT, Office
from tests.wrong_account.session_leader import MARK

PATIENCE: Final = 30.0
QUESTION: Final = r"Type ([^\r\n]+?) to (?:post|confirm|delete the post)\. Enter stops: "


class Terminal:
    """One terminal session. Commands in it share a context, as in one window of a desktop; `office` is where they
    run, and may change between them."""

    def __init__(self, office: Office, place: Path) -> None:
        self.office = office
        self.before = self.asked = ""
        self.is_idle = True
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(place))
            listener.listen(1)
            listener.settimeout(PATIENCE)
            self.child = pexpect.spawn(
                sys.executable,
                ["-m", "tests.wrong_account.session_leader", str(place)],
                env=office.environment(TERM="xterm"),
                cwd=ROOT,
                encoding="utf-8",
                timeout=PATIENCE,
                dimensions=(50, 250),
            )
            self.child.delaybeforesend = None
            self._connection = listener.accept()[0]
        self._connection.settimeout(PATIENCE)
        self._answers = self._connection.makefile("r", encoding="utf-8")

    def begin(self, *arguments: str, stdin: str | None = None, **environment: str) -> None:
        """Start a command line in the foreground."""
        self.is_idle = False
        surroundings = self.office.environment(TERM="xterm", **environment)
        request = {"arguments": arguments, "stdin": stdin, "environment": surroundings}
        self._connection.sendall(json.dumps(request).encode() + b"\n")

    def question(self) -> str:
        """Wait for a question and return what it says must be typed, '' where the command ends without one."""
        found = self.child.expect([QUESTION, re.escape(MARK)])
        match = self.child.match
        self.before = str(self.child.before)
        assert isinstance(match, re.Match)
        self.asked = str(self.child.after)
        return str(match[1]) if found == 0 else ""

    def type(self, line: str) -> None:
        """Type a line and Enter."""
        self.child.sendline(line)

    def code(self) -> int:
        """Wait for the end of the command and return its exit code."""
        code = int(json.loads(self._answers.readline()))
        self.is_idle = True
        return code

    def end(self) -> tuple[int, str]:
        """Wait for the end of the command; return its exit code and what was on the screen since the question."""
        self.child.expect_exact(MARK)
        return self.code(), str(self.child.before)

    def run(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Run a command line that asks nothing; return its exit code and what was on the screen."""
        self.begin(*arguments, **environment)
        assert self.question() == "", self.before
        return self.code(), self.before

    def confirmed(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """Run a command line and type what it asks for."""
        self.begin(*arguments, **environment)
        wanted = self.question()
        assert wanted, self.before
        self.type(wanted)
        return self.end()

    def hang_up(self) -> None:
        """Close the window."""
        self.child.ptyproc.fileobj.close()
        self.child.closed = True

    def close(self) -> None:
        """End the session."""
        self._answers.close()
        self._connection.close()  # which ends the leader
        if not self.child.closed:
            self.child.close(force=True)


def public(office: Office) -> list[tuple[str, str]]:
    """Return account and text of everything that is public, oldest first."""
    posts = office.sandbox.posts()
    return [(f"{post['network']}:@{post['account']}", post["text"]) for post in posts if post["published"]]
