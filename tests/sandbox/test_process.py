"""The sandbox as a process: start, seed, state, stop."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from socialguard.sandbox.process import Running, SandboxError, start
from tests.sandbox.clients import SEED, bearer

COMMAND = [sys.executable, "-m", "socialguard.sandbox"]


def three_free_ports() -> int:
    for first in range(20_000 + os.getpid() % 20_000, 60_000, 3):
        sockets = [socket.socket() for _ in range(3)]
        try:
            for number, each in enumerate(sockets):
                each.bind(("127.0.0.1", first + number))
        except OSError:
            continue
        finally:
            for each in sockets:
                each.close()
        return first
    raise AssertionError("no free ports")


def is_listening(port: int | None) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port or 0)) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_one_json_line_and_stops_cleanly(number: int) -> None:
    first = three_free_ports()
    with subprocess.Popen(
        [*COMMAND, "--port", str(first)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        line = child.stdout.readline()
        child.send_signal(number)
        rest, errors = child.communicate(timeout=20)
    assert json.loads(line) == {
        "x": f"http://127.0.0.1:{first}",
        "facebook": f"http://127.0.0.1:{first + 1}",
        "control": f"http://127.0.0.1:{first + 2}",
    }
    assert (rest, errors, child.returncode) == (b"", b"", 0)


def test_a_taken_port_is_an_error_and_nothing_listens() -> None:
    first = three_free_ports()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first + 1))
        taken.listen()
        done = subprocess.run([*COMMAND, "--port", str(first)], capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"could not start" in done.stderr


@pytest.mark.parametrize("seed", ["{", "[]", '{"accounts": [{"network": "x"}]}', '{"accounts": 5}'])
def test_a_seed_that_cannot_be_read_is_an_error(tmp_path: Path, seed: str) -> None:
    file = tmp_path / "seed.json"
    file.write_text(seed)
    done = subprocess.run([*COMMAND, "--seed", str(file)], capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"could not start" in done.stderr


def test_a_seed_can_come_from_standard_input() -> None:
    with subprocess.Popen([*COMMAND, "--seed", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(json.dumps(SEED).encode())
        child.stdin.close()
        control = json.loads(child.stdout.readline())["control"]
        accounts = requests.get(f"{control}/accounts", timeout=20).json()
        child.terminate()
    assert [account["handle"] for account in accounts] == ["acme", "globex", "acme", "globex"]


def test_it_listens_on_the_loopback_address_only(warm_server: Running) -> None:
    listening = [c for c in psutil.Process(warm_server.pid).net_connections() if c.status == psutil.CONN_LISTEN]
    assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}
    assert len(listening) == 3


def test_no_secret_is_in_the_arguments_or_the_environment_of_the_child(warm_server: Running) -> None:
    child = psutil.Process(warm_server.pid)
    seen = " ".join(child.cmdline()) + json.dumps(child.environ())
    for secret in ("access-secret-acme", "bearer-acme", "page-token-acme", "app-secret"):
        assert secret not in seen


def test_it_ends_when_its_parent_dies() -> None:
    code = (
        "from socialguard.sandbox.process import start; import os, sys\n"
        "running = start({'accounts': []}); print(running.control, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=30, check=False)
    parts, deadline = urlsplit(done.stdout.decode().strip()), time.monotonic() + 20
    while is_listening(parts.port) and time.monotonic() < deadline:
        pass
    assert not is_listening(parts.port)


def test_a_killed_sandbox_starts_again_where_it_was(tmp_path: Path, http: requests.Session) -> None:
    state = tmp_path / "state.json"
    running = start(SEED, state)
    answer = http.post(f"{running.x}/2/tweets", json={"text": "kept"}, headers=bearer("bearer-acme"))
    running.clock(100)
    running.kill()
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    with start(None, state) as again:
        assert again.posts("x", "acme")[-1]["id"] == answer.json()["data"]["id"]
        assert again.ask("POST", "/clock", {})["offset"] == 100
        duplicate = http.post(f"{again.x}/2/tweets", json={"text": "kept"}, headers=bearer("bearer-acme"))
        assert duplicate.status_code == 403


def test_a_state_of_another_version_is_refused(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"version": 99}')
    with pytest.raises(SandboxError):
        start(None, state)
    assert "version 99" in capfd.readouterr().err


def test_without_a_seed_accounts_and_credentials_are_random_and_control_tells_them(http: requests.Session) -> None:
    with start() as running:
        accounts = running.accounts()
        page = next(account for account in accounts if account["network"] == "facebook")
        token = page["credential"]["page_token"]
        me = http.get(f"{running.facebook}/v26.0/me", params={"access_token": token}).json()
        assert me == {"id": page["user_id"], "name": page["display_name"]}
        running.reset(None)
        assert token not in json.dumps(running.accounts())


def test_stopping_twice_is_harmless() -> None:
    running = start({"accounts": []})
    assert (running.stop(), running.stop()) == (0, 0)
    with pytest.raises(SandboxError, match="did not answer"):
        running.posts()


def test_an_answer_on_a_kept_connection_is_not_held_back(sandbox: Running, http: requests.Session) -> None:
    http.get(f"{sandbox.x}/2/users/me", headers=bearer("bearer-acme"))
    times = []
    for _ in range(10):
        started = time.perf_counter()
        http.get(f"{sandbox.x}/2/users/me", headers=bearer("bearer-acme"))
        times.append(time.perf_counter() - started)
    # with Nagle's algorithm each takes 40 ms: the kernel's delayed acknowledgement
    assert min(times) < 0.15
