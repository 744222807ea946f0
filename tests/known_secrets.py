"""Known secrets, and the search for them: byte by byte, in every form in which one is carried about.

`Hunt` knows the secrets and where they may be; `Watch` reads the arguments and the environment of every process
while the program runs. A place that cannot be read is an error, not a place without secrets.
"""

import base64
import json
import os
import stat
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote, quote_plus

_LONG: Final = 6


def forms(secret: bytes) -> set[bytes]:
    """Return the bytes that betray a secret: itself, in hex, in base64 at each offset, in URLs, in JSON."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode()}
    for before in range(3):
        # Only the letters that no neighbour decides.
        letters = base64.b64encode(b"\0" * before + secret).rstrip(b"=")
        inner = letters[(0, 2, 3)[before] : -1 if len(letters) % 4 else None]
        found |= {inner, inner.replace(b"+", b"-").replace(b"/", b"_")}
    try:
        text = secret.decode("utf-8")
    except UnicodeDecodeError:
        text = ""
    if text and text.isprintable():
        found |= {quote(text, safe="").encode(), quote_plus(text).encode(), json.dumps(text)[1:-1].encode()}
        found |= {text.encode("utf-16-le"), repr(text)[1:-1].encode()}
    return {form for form in found if len(form) >= _LONG}


class Hunt:
    """The secrets by name, and what was searched."""

    def __init__(self, secrets: Mapping[str, str | bytes] = {}) -> None:
        self._forms: dict[str, set[bytes]] = {}
        self.searched = 0
        self.learn(secrets)

    def learn(self, secrets: Mapping[str, str | bytes]) -> None:
        """Look for these, too."""
        for name, value in secrets.items():
            data = value.encode() if isinstance(value, str) else value
            assert len(data) >= _LONG, f"{name} is too short to be looked for"
            self._forms.setdefault(name, set()).update(forms(data))

    @property
    def names(self) -> list[str]:
        """What is looked for."""
        return sorted(self._forms)

    def found_in(self, data: bytes) -> list[str]:
        """Return the names of the secrets in `data`."""
        return sorted(name for name, each in self._forms.items() if any(form in data for form in each))

    def require_none(self, data: bytes | str, where: str) -> None:
        """Fail where a secret is in `data`; the message does not repeat it."""
        self.searched += 1
        found = self.found_in(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)
        assert not found, f"{where} holds {', '.join(found)}"

    def require_clean(self, place: Path, *, but: Iterable[Path] = ()) -> int:
        """Fail where a file below `place`, or a name, holds a secret; `but` are files that may. Returns how many
        files were read; OSError where one cannot be."""
        allowed = {path.resolve() for path in but}
        count = 0
        for path in _files(place):
            self.require_none(str(path), f"the name of {path}")
            if path.resolve() in allowed:
                continue
            self.require_none(path.read_bytes(), str(path))
            count += 1
        return count


def _files(place: Path) -> Iterator[Path]:
    def refuse(problem: OSError) -> None:
        raise problem

    for folder, _, names in os.walk(place, onerror=refuse):
        for name in names:
            path = Path(folder, name)
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


class Watch:
    """Reads `/proc/PID/cmdline` and `environ` of every process below this one, again and again, while it is on."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, bytes], bytes] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(10)

    @property
    def programs(self) -> list[bytes]:
        """The arguments of every process that was seen."""
        return [arguments for _, arguments in self._seen]

    def everything(self) -> bytes:
        """Return all arguments and environments that were seen."""
        return b"\n".join(arguments + b"\n" + environment for (_, arguments), environment in self._seen.items())

    def _watch(self) -> None:
        while not self._stop.is_set():
            for pid in _below(os.getpid()):
                try:
                    arguments = Path(f"/proc/{pid}/cmdline").read_bytes()
                    environment = Path(f"/proc/{pid}/environ").read_bytes()
                except OSError:
                    continue  # it has ended
                self._seen[pid, arguments] = environment
            time.sleep(0.002)


def _below(pid: int) -> list[int]:
    found, waiting = [], [pid]
    while waiting:
        try:
            children = Path(f"/proc/{waiting.pop()}/task")
            for task in children.iterdir():
                below = [int(word) for word in (task / "children").read_text().split()]
                found += below
                waiting += below
        except OSError:
            continue
    return found
