"""The person at the terminal: asked on /dev/tty, never on stdin, and only after type-ahead was thrown away.

A terminal means that stderr is a TTY and /dev/tty opens (DESIGN: The switch guard). Ctrl-C, a hang-up and a
termination raise `Interrupted`, so that the caller can take back what it was about to do; an end of input is an
empty answer, which stops like Enter."""

import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final

from socialguard import errors

SESSION_VARIABLE: Final = "SOCIALGUARD_SESSION"
ANSWER_LIMIT: Final = 1000
TEXT_LIMIT: Final = 1_000_000
_TTY: Final = "/dev/tty"
_LINE_BYTES: Final = 64 * 1024
_SIGNALS: Final = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM)
_LOCAL_MODES: Final = 3  # the place of the local modes in what tcgetattr returns


def has_terminal(*, as_json: bool = False, no_input: bool = False) -> bool:
    """Return whether a person can be asked."""
    if as_json or no_input:
        return False
    try:
        if not sys.stderr.isatty():
            return False
        os.close(_open_tty())
    except (OSError, ValueError, AttributeError):
        return False
    return True


def ask(prompt: str) -> str:
    """Show `prompt` on the terminal and return the line typed after it, without its end; '' at an end of input.

    Nothing is stripped: the caller compares code points. A line of more than `ANSWER_LIMIT` characters comes
    back cut and marked with `…`. Raises Interrupted; UsageError where there is no terminal."""
    return _ask(prompt, echo=True)


def ask_secret(prompt: str) -> str:
    """As `ask`, with echo off, and what is typed is remembered as a secret for `redact`."""
    from socialguard.model.credential import guard

    typed = _ask(prompt, echo=False)
    guard([typed])
    return typed


def countdown(seconds: float, on_tick: Callable[[int], None] | None = None) -> None:
    """Wait `seconds` of real time; call `on_tick` with the whole seconds left, at once and each second.

    Raises Interrupted when the person presses Ctrl-C, the terminal hangs up or the process is told to end:
    the caller then takes back what waits. A signal in the last instant counts too."""
    end = time.monotonic() + max(0.0, seconds)
    with _signals_noted() as noted:
        while (left := end - time.monotonic()) > 0:
            if on_tick is not None:
                on_tick(int(left + 0.999))
            _wait(noted, min(left, left % 1 or 1))
        _wait(noted, 0)


def context_facts() -> dict[str, str]:
    """Return what tells one terminal session from another: tty, session leader with its start time, boot, user;
    SOCIALGUARD_SESSION is one more, so it can only split a context, never join two. Empty without a terminal."""
    from socialguard.store import process

    if not has_terminal():
        return {}
    leader = os.getsid(0)
    facts = {
        "tty": _tty_name(sys.stderr.fileno()),
        "leader": str(leader),
        "leader_started": process.start_time(leader) or "",
        "boot": process.boot_id(),
        "uid": str(os.getuid()),
    }
    added = os.environ.get(SESSION_VARIABLE)
    if added:
        facts["session"] = added
    return facts


def editor(text: str, suffix: str, remember: Callable[[str], None]) -> str:
    """Open `text` in the person's editor ($VISUAL, $EDITOR, else vi) and return what was saved, without blank
    ends and a byte order mark. The file is private (0600 in a 0700 directory) and is removed, with the editor's
    own copies, after `remember` was given all of it.

    Raises UsageError when the editor cannot be started, fails, or leaves more than `TEXT_LIMIT` bytes, or what is
    not UTF-8."""
    import shlex
    import subprocess
    import tempfile
    from pathlib import Path

    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="socialguard-") as private:
        path = Path(private) / f"post{suffix}"
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(text.encode("utf-8"))
        try:
            tty = _open_tty()
            try:
                done = subprocess.run([*shlex.split(named), str(path)], stdin=tty, stdout=tty, check=False)
            finally:
                os.close(tty)
            saved = path.read_bytes()
            found, is_text = _decoded(saved)
            remember(found)
        except (OSError, ValueError) as problem:
            raise errors.UsageError(detail=f"The editor {named} could not be used: {problem}") from None
    if done.returncode:
        raise errors.UsageError(detail=f"The editor {named} ended with an error; nothing was taken from it.")
    if len(saved) > TEXT_LIMIT:
        raise errors.UsageError(detail="The text is too long for any network.")
    if not is_text:
        raise errors.UsageError(detail="The text is not UTF-8.", remedy="Save it as UTF-8.")
    return found


def _decoded(saved: bytes) -> tuple[str, bool]:
    """What an editor saved, and whether that is UTF-8; what is not is read as Latin-1, where no byte is lost."""
    try:
        found, is_text = saved.decode("utf-8"), True
    except UnicodeDecodeError:
        found, is_text = saved.decode("latin-1"), False
    return found.removeprefix("\ufeff").replace("\r\n", "\n").strip(), is_text


def operator() -> str:
    """Return the name of the user that runs this process, from the system and not from the environment."""
    import pwd

    uid = os.getuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _tty_name(descriptor: int) -> str:
    try:
        return os.ttyname(descriptor)
    except OSError:  # the terminal of another container has no name here
        return f"device {os.fstat(descriptor).st_rdev}"


def _open_tty() -> int:
    return os.open(_TTY, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)


def _ask(prompt: str, *, echo: bool) -> str:
    from socialguard.cli.printing import LINE_LIMIT
    from socialguard.model.text import visible

    sys.stderr.flush()
    try:
        tty = _open_tty()
    except OSError:
        raise errors.UsageError(detail="This needs a terminal, and there is none.") from None
    try:
        with _signals_noted() as noted, _line_mode(tty, echo=echo):
            termios.tcflush(tty, termios.TCIFLUSH)  # what was typed before the question is no answer to it
            _write_whole(tty, f"{visible(prompt, LINE_LIMIT)} ".encode())
            typed = _read_line(tty, noted)
            if not echo or not typed.endswith(b"\n"):
                _write_whole(tty, b"\n")
    except (OSError, termios.error):
        return ""  # the terminal is gone: nobody answered
    finally:
        os.close(tty)
    answer = typed.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    return answer if len(answer) <= ANSWER_LIMIT else answer[:ANSWER_LIMIT] + "…"


@contextmanager
def _line_mode(tty: int, *, echo: bool) -> Iterator[None]:
    """Whole lines and signals, whatever state a program before us left the terminal in."""
    before = termios.tcgetattr(tty)
    ours = termios.tcgetattr(tty)
    ours[_LOCAL_MODES] |= termios.ICANON | termios.ISIG
    ours[_LOCAL_MODES] &= ~(0 if echo else termios.ECHO)
    termios.tcsetattr(tty, termios.TCSAFLUSH, ours)
    try:
        yield
    finally:
        with suppress(termios.error):  # a terminal that is gone needs no mending
            termios.tcsetattr(tty, termios.TCSADRAIN, before)


def _read_line(tty: int, noted: int) -> bytes:
    """Return the bytes of one line, or what came before an end of input (then without a line end)."""
    line = b""
    while not line.endswith(b"\n") and len(line) < _LINE_BYTES:
        _wait(noted, None, tty)
        piece = os.read(tty, 4096)
        if not piece:
            # Ctrl-D after some letters only hands them over; alone it ends the input, and nothing was confirmed
            return b""
        line += piece
    return line


def _wait(noted: int, seconds: float | None, tty: int | None = None) -> None:
    """Wait until `tty` can be read or `seconds` are over. Raises Interrupted as soon as a signal was noted."""
    ready, _, _ = select.select([noted] if tty is None else [noted, tty], [], [], seconds)
    if noted in ready:
        raise errors.Interrupted(detail="Nothing was sent.")


@contextmanager
def _signals_noted() -> Iterator[int]:
    """Turn the signals that mean `stop` into bytes of a pipe: no code is ever left halfway by an exception."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def note(number: int, frame: FrameType | None) -> None:
        with suppress(BlockingIOError):  # one note is enough
            os.write(writing, bytes([number]))

    before = {number: signal.signal(number, note) for number in _SIGNALS}
    try:
        yield reading
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)


def _write_whole(tty: int, data: bytes) -> None:
    while data:
        data = data[os.write(tty, data) :]
