"""`python -m tests.endurance.service`: the installation of docs/operations.md, command by command on a Debian with
a real systemd, and then what a service goes through: kills, a hang, a loss of power, a stop while it sends, a log
that was tampered with.

It prints a line for each step and ends with 1 at the first that is not as the documents say."""

import argparse
import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from socialguard.sandbox.process import Running, start
from tests.docs.pages import read, section, shell_blocks
from tests.endurance.machine import CHECKOUT, Machine, server
from tests.office import ROOT, make_seed

ACCOUNT: Final = "x:@acme"
UNIT: Final = "socialguard"
WATCHDOG: Final = 5.0
"""Seconds that the daemon may say nothing here; the unit allows a minute."""
ENDS_WITHIN: Final = 10.0
"""Seconds in which a stopped daemon ends."""


class Service:
    """The service as its operator sees it."""

    def __init__(self, machine: Machine, sandbox: Running, credential: dict[str, str]) -> None:
        self.machine, self.sandbox, self._credential = machine, sandbox, credential
        self.due: list[str] = []
        self._last = ""

    def install(self) -> str:
        """The two blocks of the document, as they stand there, for an account of the sandbox."""
        blocks = shell_blocks(section(read("docs/operations.md"), "Install"))[:2]
        self.machine.run("sh", "-c", "cat >/root/x-acme.json", stdin=json.dumps(self._credential))
        script = "\n".join(line for block in blocks for line in block)
        assert " URL " in script
        assert " < x-acme.json" in script
        script = script.replace(" URL ", f" {CHECKOUT} ")
        script = script.replace(" < x-acme.json", f" --base-url {self.sandbox.x} < /root/x-acme.json")
        told = self.machine.shell(f"cd /root\n{script}")
        assert "A daemon works" in told, told
        self.machine.run("rm", "/root/x-acme.json")
        return f"{len(script.splitlines())} commands"

    def admin(self, *words: str) -> str:
        """Run a command through the wrapper."""
        return self.machine.run("socialguard-admin", *words).stdout

    def status(self) -> dict[str, Any]:
        """What `daemon status --json` says."""
        found: dict[str, Any] = json.loads(self.admin("daemon", "status", "--json"))
        return found

    def shown(self, name: str) -> str:
        """A property of the unit."""
        return self.machine.run("systemctl", "show", "--value", "--property", name, UNIT).stdout.strip()

    def queue(self, text: str, seconds: float) -> None:
        """Plan a post so many seconds from now."""
        at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds")
        told = json.loads(self.admin("post", text, "--to", ACCOUNT, "--confirm", ACCOUNT, "--at", at, "--json"))
        self._last = told["deliveries"][0]["id"]
        self.due.append(text)

    def state(self) -> str:
        """The state of what was planned last."""
        rows = json.loads(self.admin("queue", "list", "--json"))["deliveries"]
        (found,) = (str(row["state"]) for row in rows if row["id"] == self._last)
        return found

    def public(self) -> list[str]:
        """The texts that the network shows."""
        return [
            post["text"] for post in self.sandbox.posts("x", "acme") if post["published"] and not post["deleted"]
        ]

    @contextmanager
    def changed(self, line: str) -> Iterator[None]:
        """Let the service work with another line in its unit for the time of the block."""
        place = f"/run/systemd/system/{UNIT}.service.d"
        anew = f"systemctl daemon-reload; systemctl restart {UNIT}"
        self.machine.shell(f"mkdir -p {place}; printf '[Service]\\n{line}\\n' >{place}/changed.conf; {anew}")
        yield
        self.machine.shell(f"rm -r {place}; {anew}")

    def wait_until_public(self) -> None:
        """Wait until all that was planned is public, each once and in order."""
        _until(lambda: len(self.public()) >= len(self.due), f"public: {self.public()}, planned: {self.due}")
        assert self.public() == self.due

    def wait_until_up(self, but: str) -> float:
        """Wait until the daemon works as another process than `but`; return the seconds."""
        began = time.monotonic()
        _until(
            lambda: self.shown("ActiveState") == "active" and self.shown("MainPID") not in ("0", but),
            "the service is not up again",
        )
        assert self.status()["alive"], self.status()
        return time.monotonic() - began


def works(service: Service) -> str:
    """What is planned goes out; monitoring says OK; systemd, wrapper and status name one process."""
    service.queue("The first, by the service.", 3)
    service.wait_until_public()
    line = service.admin("daemon", "status", "--check")
    assert line.startswith("OK"), line
    assert str(service.status()["pid"]) == service.shown("MainPID")
    assert service.shown("StatusText") == "Accounts: 1."
    return line.strip()


def refuses_a_second(service: Service) -> str:
    """A second daemon, outside the unit, refuses to start."""
    done = service.machine.run("socialguard-admin", "daemon", "run", check=False)
    assert done.returncode == 1, done
    return done.stderr.strip()


def leaves_commands_alone(service: Service) -> str:
    """The daemon takes no command that is sending for a dead one, whatever its unit lets it see of /proc."""
    image = "/var/lib/socialguard/red.png"
    draw = f"from PIL import Image; Image.new('RGB', (600, 400), 'red').save({image!r})"
    service.machine.run("/opt/socialguard/.venv/bin/python", "-c", draw)
    for proc in ("default", "invisible"):
        with service.changed(f"ProtectProc={proc}"):
            for operation, when in (("upload", "before"), ("publish", "before"), ("publish", "after")):
                slow = {"network": "x", "operation": operation, "kind": "slow", "seconds": 7, "when": when}
                service.sandbox.faults([slow])
                text = f"By hand, slow {when} {operation}, /proc is {proc}."
                words = ("post", text, "--to", ACCOUNT, "--confirm", ACCOUNT, "--grace", "0", "--json")
                told = json.loads(service.admin(*words, "--media", image, "--alt", "red"))["deliveries"]
                assert [one["state"] for one in told] == ["sent"], told
                service.due.append(text)
    service.wait_until_public()
    said = service.machine.run("journalctl", "--no-pager", "--unit", UNIT).stdout
    assert "a sender died" not in said, said
    return "six posts of 7 s each beside the daemon"


def shows_no_secret(service: Service) -> str:
    """No value of the credential stands in the journal, in the unit's properties or in what processes show."""
    places = {
        "journal": service.machine.run("journalctl", "--no-pager", "--output=export").stdout,
        "properties": service.machine.run("systemctl", "show", UNIT).stdout,
        "processes": service.machine.shell("cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'"),
    }
    values = [value for name, value in service._credential.items() if name != "kind"]
    assert not [name for name, text in places.items() for value in values if value in text]
    return f"{sum(map(len, places.values()))} characters in {', '.join(places)}"


def is_confined(service: Service) -> str:
    """In the service's own view the system cannot be written and homes are empty."""
    pid = service.shown("MainPID")
    look = "; ".join(
        (
            "touch /etc/x && echo etc",
            "touch /opt/socialguard/x && echo program",
            "ls -A /home /root | grep -v :",
            "touch /var/lib/socialguard/x || echo state",
            "rm -f /var/lib/socialguard/x",
        )
    )
    seen = service.machine.run("nsenter", "--target", pid, "--mount", "sh", "-c", look, check=False).stdout.split()
    assert seen == [], seen
    flags = service.machine.run(
        "grep", "-E", "^(CapEff|NoNewPrivs|Seccomp):", f"/proc/{pid}/status"
    ).stdout.split()
    assert flags[1::2] == ["0000000000000000", "1", "2"], flags
    told = service.machine.run("systemd-analyze", "security", "--no-pager", UNIT).stdout.strip().splitlines()[-1]
    return told.strip("→ ")


def survives_kills(service: Service) -> str:
    """Killed again and again while posts become due: systemd starts it, each post is public once."""
    waits = []
    for number in range(5):
        service.queue(f"Due around kill {number}.", 3)
        pid = service.shown("MainPID")
        service.machine.shell(f"kill -9 {pid}")
        waits.append(service.wait_until_up(pid))
    service.wait_until_public()
    return f"{service.shown('NRestarts')} restarts by systemd, the longest {max(waits):.1f} s"


def survives_a_hang(service: Service) -> str:
    """Stopped (SIGSTOP) it misses its watchdog, is killed and started again."""
    with service.changed(f"WatchdogSec={WATCHDOG}"):
        time.sleep(WATCHDOG * 2)  # a living one is left alone
        pid = service.shown("MainPID")
        assert service.shown("NRestarts") == "0", "a living daemon was taken for a hanging one"
        service.queue("Due while it hangs.", 3)
        service.machine.shell(f"kill -STOP {pid}")
        seconds = service.wait_until_up(pid)
        service.wait_until_public()
    return f"up again after {seconds:.1f} s with a watchdog of {WATCHDOG:.0f} s"


def stops_in_time(service: Service) -> str:
    """Stopped while a network hangs it ends in time, and nothing stays as being sent."""
    hangs = {"network": "x", "operation": "publish", "kind": "slow", "seconds": 60, "when": "after"}
    service.sandbox.faults([hangs])
    service.queue("Due while the network hangs.", 4)
    _until(lambda: not service.sandbox.waiting_faults(), "the network was not asked")
    began = time.monotonic()
    service.machine.run("systemctl", "stop", UNIT)
    seconds = time.monotonic() - began
    assert seconds <= ENDS_WITHIN, seconds
    assert service.shown("Result") == "success"
    assert service.state() == "unknown"
    service.machine.run("systemctl", "start", UNIT)
    _until(lambda: service.state() == "sent", "it was not found")
    return f"{seconds:.1f} s; told as unknown, and found at the next start"


def proves_its_log(service: Service) -> str:
    """The hourly unit verifies the log once an anchor lies on another mount, and fails where none holds it."""
    audit = f"{UNIT}-audit.service"
    assert service.machine.run("systemctl", "start", audit, check=False).returncode != 0
    page = section(read("docs/operations.md"), "Anchors")
    named = next(block for block in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if '"dir:' in block)
    allowed = next(iter(re.findall(r"```ini\n(.*?)```", page, re.DOTALL)))
    (place,) = re.findall(r'"dir:([^"]+)"', named)
    service.machine.run("sh", "-c", "cat >/var/lib/socialguard/workspace/socialguard.toml", stdin=named)
    service.machine.shell(f"mkdir {place}; mount -t tmpfs tmpfs {place}; chown socialguard: {place}")
    for unit in (f"{UNIT}.service", audit):
        service.machine.run("mkdir", f"/etc/systemd/system/{unit}.d")
        service.machine.run("sh", "-c", f"cat >/etc/systemd/system/{unit}.d/override.conf", stdin=allowed)
    service.machine.run("systemctl", "daemon-reload")
    service.machine.run("systemctl", "restart", UNIT)
    service.queue("The log grows, and its anchor takes it.", 5)
    service.wait_until_public()
    service.machine.run("systemctl", "start", audit)
    timers = [line for line in shell_blocks(page) if any("socialguard-audit.timer" in each for each in line)]
    service.machine.shell("\n".join(timers[0]))
    assert "socialguard-audit.timer" in service.machine.run("systemctl", "list-timers", "--no-pager").stdout
    # Where it was only in memory, it is not there after a loss of power.
    service.machine.shell(
        "rm /var/lib/socialguard/workspace/socialguard.toml; rm -r /etc/systemd/system/*.service.d"
    )
    service.machine.shell(f"systemctl daemon-reload; systemctl disable --now {UNIT}-audit.timer; umount {place}")
    service.machine.run("systemctl", "restart", UNIT)
    return "fails without an anchor, verifies with one"


def works_for_a_person(service: Service) -> str:
    """The unit of a person runs a workspace of their own, with nobody logged in."""
    script = f"""
        adduser --quiet --disabled-password --gecos "" marie
        loginctl enable-linger marie
        user="sudo -u marie env XDG_RUNTIME_DIR=/run/user/$(id -u marie) HOME=/home/marie"
        cd /home/marie
        $user mkdir -p .local/bin .config/systemd/user
        $user ln -s /opt/socialguard/.venv/bin/socialguard .local/bin/
        $user .local/bin/socialguard init --org Marie --owner Marie --key-file /home/marie/kek
        $user cp {CHECKOUT}/config/systemd/user/socialguard.service .config/systemd/user/
        while ! test -S /run/user/$(id -u marie)/systemd/private; do sleep 0.1; done
        $user systemctl --user enable --now socialguard
        $user .local/bin/socialguard daemon status
        $user systemctl --user stop socialguard
    """
    told = service.machine.shell(script)
    line = next((line for line in told.splitlines() if "A daemon works" in line), told)
    assert "since 2" in line, line
    return line


def survives_an_upgrade(service: Service) -> str:
    """The block of the document under Upgrade, as it stands there; what became due meanwhile goes out."""
    ((*lines,),) = shell_blocks(section(read("docs/operations.md"), "Upgrade"))
    service.queue("Due while it is upgraded.", 5)
    told = service.machine.shell("\n".join(lines))
    service.wait_until_public()
    return told.strip().splitlines()[-1]


def survives_a_loss_of_power(service: Service) -> str:
    """The machine loses its power and boots: the service is there by itself, and sends what it missed."""
    service.queue("Due while the power is gone.", 4)
    service.machine.cut_power()
    time.sleep(5)
    service.machine.boot()
    began = time.monotonic()
    service.wait_until_up("0")
    _until(lambda: service.due[-1] in service.public(), "what was missed did not go out")
    return f"up and sent {time.monotonic() - began:.1f} s after the boot"


def stops_for_good_when_tampered_with(service: Service) -> str:
    """A log that somebody changed ends it with 13, and systemd leaves it so."""
    database = "/var/lib/socialguard/workspace/socialguard.db"
    change = "drop trigger audit_entry_no_delete; delete from audit_entry where seq > 3"
    service.machine.run("systemctl", "stop", UNIT)
    service.machine.run("sqlite3", database, change)
    service.machine.run("systemctl", "start", UNIT, check=False)
    _until(lambda: service.shown("ActiveState") == "failed", f"the service is {service.shown('ActiveState')}")
    assert (service.shown("ExecMainStatus"), service.shown("NRestarts")) == ("13", "0")
    time.sleep(5)
    assert service.shown("ActiveState") == "failed"
    return "failed with 13, not started again"


STEPS: Final[tuple[Callable[[Service], str], ...]] = (
    Service.install,
    works,
    refuses_a_second,
    leaves_commands_alone,
    is_confined,
    survives_kills,
    survives_a_hang,
    stops_in_time,
    survives_an_upgrade,
    works_for_a_person,
    proves_its_log,
    survives_a_loss_of_power,
    shows_no_secret,
    stops_for_good_when_tampered_with,
)


def main(arguments: list[str] | None = None) -> int:
    """Run once and print what each step found."""
    parser = argparse.ArgumentParser(prog="python -m tests.endurance.service", description=__doc__)
    parser.add_argument("--checkout", type=Path, default=ROOT, help="what is installed: its last commit")
    parser.add_argument("--system", type=Path, default=Path("/"), help="the root of another Debian (debootstrap)")
    options = parser.parse_args(arguments)
    seed = make_seed([ACCOUNT])
    with start(seed) as sandbox, server(options.checkout, options.system) as machine:
        service = Service(machine, sandbox, seed["accounts"][0]["credential"])
        for step in STEPS:
            began = time.monotonic()
            try:
                told = step(service)
            except AssertionError as problem:
                print(f"BROKEN {step.__name__}: {problem}", flush=True)
                print(machine.run("journalctl", "--no-pager", "--unit", UNIT, "--lines=20").stdout)
                return 1
            print(f"{step.__name__.replace('_', ' ')}: {told} ({time.monotonic() - began:.1f} s)", flush=True)
    print("sound")
    return 0


def _until(true: Callable[[], bool], otherwise: str) -> None:
    """Wait for something of the machine or the sandbox; AssertionError where it does not come within a minute."""
    end = time.monotonic() + 60.0
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.2)


if __name__ == "__main__":
    sys.exit(main())
