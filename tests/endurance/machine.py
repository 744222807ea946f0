"""A Debian server in a container: this machine's own system, or another that `debootstrap` made, through an
overlay that is thrown away, started by the real systemd. It needs root and systemd-nspawn (Debian:
systemd-container)."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final

CHECKOUT: Final = "/srv/checkout"
"""Where the checkout lies in the container, read-only."""
PATIENCE: Final = 600.0
_SUDO: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PROVISION: Final = """
export DEBIAN_FRONTEND=noninteractive
echo 'APT::Get::Assume-Yes "true";' >/etc/apt/apt.conf.d/90unasked
apt-get -qq update
apt-get -qq install --no-install-recommends sudo adduser dbus libpam-systemd openssl ca-certificates
echo 'Defaults env_keep += "DEBIAN_FRONTEND PIP_* SSL_CERT_FILE"' >/etc/sudoers.d/unasked
git config --system --add safe.directory '*'
"""


class Machine:
    """One server: `boot` starts it, `run` does a command as root in it, `cut_power` ends all of it at once; what
    is on its disk stays until the block ends. Its loopback is ours, so a sandbox of ours is reached from it."""

    def __init__(self, checkout: Path, system: Path) -> None:
        self._checkout, self._system = checkout, system
        self._place = Path(tempfile.mkdtemp(prefix="socialguard-machine-"))
        self._root = self._place / "root"
        self._container: subprocess.Popen[bytes] | None = None
        self._leader = 0
        # The overlay lies in a space of mounts of its own: whatever becomes of us, none of it stays mounted.
        self._keeper = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-ec", self._mounts()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> "Machine":
        assert self._keeper.stdout is not None
        assert self._keeper.stdout.readline() == b"laid\n", "the overlay cannot be laid here"
        self.boot()
        self.shell(_PROVISION)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.cut_power()
        self._keeper.communicate()
        shutil.rmtree(self._place, ignore_errors=True)

    def boot(self) -> None:
        """Start the machine and wait until its services are up."""
        words = ["systemd-nspawn", "--quiet", "--directory", str(self._root), "--register=no", "--keep-unit"]
        words += ["--console=passive", f"--bind-ro={self._checkout}:{CHECKOUT}", "--boot"]
        with (self._place / "console").open("ab") as console:
            self._container = subprocess.Popen(
                ["nsenter", "--target", str(self._keeper.pid), "--mount", *words],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        children = Path(f"/proc/{self._container.pid}/task/{self._container.pid}/children")
        _wait_until(lambda: bool(children.read_text().split()))
        _wait_until(lambda: Path(f"/proc/{children.read_text().split()[0]}/comm").read_text() == "systemd\n")
        self._leader = int(children.read_text().split()[0])
        _wait_until(lambda: self.run("test", "-S", "/run/systemd/private", check=False).returncode == 0)
        self.run("systemctl", "is-system-running", "--wait", check=False)

    def cut_power(self) -> None:
        """Kill everything in it at once."""
        if self._container is not None:
            os.kill(self._leader, 9)
            self._container.wait(PATIENCE)
            self._container = None

    def run(self, *words: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command as root and return how it ended; AssertionError, with what it said, where it fails."""
        given = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_CERT_FILE"))}
        given |= {"PATH": _SUDO, "LANG": "C.UTF-8", "HOME": "/root"}
        enter = ["nsenter", "--target", str(self._leader), "--mount", "--pid", "--uts", "--ipc", "--cgroup"]
        done = subprocess.run(
            [*enter, "--", *words],
            input=stdin,
            env=given,
            text=True,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert not check or done.returncode == 0, (
            f"{words} ended with {done.returncode}: {done.stdout}{done.stderr}"
        )
        return done

    def shell(self, script: str) -> str:
        """Run the lines of a script, up to the first that fails, and return what they printed."""
        return self.run("bash", "-eo", "pipefail", "-c", script).stdout

    def _mounts(self) -> str:
        """The lines that lay the overlay, in memory; what our own system starts is not started in it."""
        return f"""
            mount -t tmpfs tmpfs {self._place} -o mode=700
            cd {self._place}
            mkdir upper work root
            mount -t overlay overlay root -o lowerdir={self._system},upperdir=upper,workdir=work
            : >root/etc/machine-id
            rm -f root/etc/systemd/system/multi-user.target.wants/*
            echo laid
            exec cat
        """


@contextmanager
def server(checkout: Path, system: Path) -> Iterator[Machine]:
    """A machine with the Debian in `system` for the time of the block; SystemExit, with what is missing, where
    none can be had."""
    missing = [name for name in ("unshare", "nsenter", "systemd-nspawn", "apt-get") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        raise SystemExit(f"This needs root and a Debian with {', '.join(missing) or 'its tools'}.")
    with Machine(checkout, system) as machine:
        yield machine


def _wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60.0
    while True:
        try:
            if true():
                return
        except (OSError, IndexError):
            pass
        if time.monotonic() > end:
            raise AssertionError("The machine did not start.")
        time.sleep(0.05)
