"""An anchor that is a branch of a git remote: every checkpoint a file, every publication a commit, never forced.

Only plumbing commands are used, in a bare repository of our own that is a cache and may be lost. Git gets a
cleaned environment, asks nothing and has a time limit. A URL with a password in it is refused: it would stand in
argv."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from socialguard import errors
from socialguard.audit.anchors.interface import AnchorFailed, Statement, folder_name, same_statement, short_name
from socialguard.canon.note import MAX_NOTE_BYTES
from socialguard.model.credential import redact

TIME_LIMIT: Final = 30.0
"""Seconds for one git command."""

_KEPT: Final = ("PATH", "HOME", "XDG_CONFIG_HOME", "SSH_AUTH_SOCK", "SYSTEMROOT")
_OPTIONS: Final = (
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "gc.auto=0"),
    *("-c", "protocol.ext.allow=never"),
)
_OBJECT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_ATTEMPTS: Final = 3


class GitAnchor:
    """The branch `socialguard/ORG` of the repository at `url`, worked on through the cache folder `cache`."""

    outside = True

    def __init__(self, url: str, cache: Path, time_limit: float = TIME_LIMIT) -> None:
        if url.startswith("-") or urlsplit(url).password is not None:
            raise errors.UsageError(detail="The git anchor must be a URL or path without a password in it.")
        self.name = short_name("git", url)
        self._url = url
        self._repository = cache / f"{self.name.replace(':', '-')}.git"
        self._time_limit = time_limit

    def publish(self, statements: Sequence[Statement]) -> None:
        """Commit the checkpoints on the remote branch and push; repeated where another process pushed first."""
        for org in dict.fromkeys(each.org for each in statements):
            mine = [each for each in statements if each.org == org]
            for attempt in range(_ATTEMPTS):
                parent = self._fetch(org)
                commit = self._commit(parent, mine)
                if commit is None or self._push(org, commit, last=attempt == _ATTEMPTS - 1):
                    break

    def notes(self, org: str) -> Iterator[bytes]:
        """Give every file of the remote branch, as it is there now."""
        parent = self._fetch(org)
        if parent is None:
            return
        blobs = list(self._files(parent).values())
        answer = self._git("cat-file", "--batch", given="\n".join(blobs).encode())
        at = 0
        for _ in blobs:
            header, _, _ = answer[at:].partition(b"\n")
            size = int(header.split()[2])
            at += len(header) + 1
            yield answer[at : at + min(size, MAX_NOTE_BYTES + 1)]
            at += size + 1

    def _fetch(self, org: str) -> str | None:
        """Return the remote branch's commit, now also in the cache; None where the branch is not there yet."""
        if not (self._repository / "HEAD").exists():
            self._repository.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._run("init", "--quiet", "--bare", str(self._repository))
        branch = _branch(org)
        listed = self._git("ls-remote", "--heads", "--", self._url, branch).decode("ascii", "replace").split()
        if not listed:
            return None
        if not _OBJECT.fullmatch(listed[0]):
            raise AnchorFailed(path=self.name, detail="it answers with something that git does not.")
        kept = f"+{branch}:refs/anchor/{folder_name(org)}"
        self._git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self._url, kept)
        return self._git("rev-parse", f"refs/anchor/{folder_name(org)}").decode().strip()

    def _commit(self, parent: str | None, statements: Sequence[Statement]) -> str | None:
        """Return a new commit with the checkpoints, None where the parent holds them all."""
        files = {} if parent is None else self._files(parent)
        added = False
        for each in statements:
            if each.file_name in files:
                found = self._git("cat-file", "blob", files[each.file_name])
                if not same_statement(found, each.note):
                    raise AnchorFailed(path=self.name, detail="it holds another checkpoint of one size.")
                continue
            blob = self._git("hash-object", "-w", "--stdin", given=each.note).decode().strip()
            files[each.file_name] = blob
            added = True
        if not added:
            return None
        listing = "".join(f"100644 blob {blob}\t{name}\0" for name, blob in sorted(files.items()))
        tree = self._git("mktree", "-z", given=listing.encode()).decode().strip()
        above = () if parent is None else ("-p", parent)
        words = f"Checkpoint of {statements[-1].size} entries"
        return self._git("commit-tree", tree, *above, "-m", words).decode().strip()

    def _push(self, org: str, commit: str, *, last: bool) -> bool:
        try:
            self._git("push", "--quiet", "--", self._url, f"{commit}:{_branch(org)}")
        except AnchorFailed:
            if last:
                raise
            return False
        return True

    def _files(self, commit: str) -> dict[str, str]:
        """Return the blobs of the checkpoints in a commit, by file name."""
        listing = self._git("ls-tree", "-z", commit).decode("utf-8", "replace")
        entries = (line.partition("\t") for line in listing.split("\0") if line)
        return {name: meta.split()[2] for meta, _, name in entries if name.endswith(".checkpoint")}

    def _git(self, *words: str, given: bytes = b"") -> bytes:
        return self._run(f"--git-dir={self._repository}", *words, given=given)

    def _run(self, *words: str, given: bytes = b"") -> bytes:
        try:
            process = subprocess.Popen(
                ["git", *_OPTIONS, *words],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(),
                start_new_session=True,  # so that what git starts (ssh) ends with it
                umask=0o077,
            )
        except OSError as problem:
            raise AnchorFailed(path=self.name, detail=f"git: {problem.strerror}.") from None
        try:
            answer, words_of_git = process.communicate(given, timeout=self._time_limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise AnchorFailed(path=self.name, detail="git did not answer in time.") from None
        if process.returncode != 0:
            lines = redact(words_of_git.decode("utf-8", "replace")).strip().splitlines()
            # After the cause it gives advice, which alone may say the opposite.
            causes = [line for line in lines if line.startswith(("fatal: ", "error: "))] or lines[-1:]
            raise AnchorFailed(path=self.name, detail=causes[0] if causes else "git failed.")
        return answer


def _branch(org: str) -> str:
    return f"refs/heads/socialguard/{folder_name(org)}"


def _environment() -> dict[str, str]:
    """Return an environment without the caller's secrets and GIT_ variables, in which git asks nothing."""
    who = {"NAME": "socialguard", "EMAIL": "socialguard@localhost"}
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **{f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()},
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "true",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=10",
        "GIT_CONFIG_NOSYSTEM": "1",
        "LC_ALL": "C",
    }
