"""Start the sandbox: three ports of 127.0.0.1, one for each face, in one process and one event loop.

On start exactly one line goes to standard output: `{"x": URL, "facebook": URL, "control": URL}`.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Any

from socialguard.sandbox.hub import Hub
from socialguard.sandbox.seed import SeedError, build_world
from socialguard.sandbox.state import World
from socialguard.sandbox.state_file import load_world, save_world
from socialguard.sandbox.transport import Listener

FACES = ("x", "facebook", "control")


class CannotStart(ValueError):
    """The sandbox cannot start; the message says why."""


def serve(port: int | None, seed: Path | None, state: Path | None, *, parent_pipe: bool = False) -> int:
    """Serve until SIGTERM or SIGINT and return the exit code, 0; raise CannotStart, saying why.

    `port` is the first of three (None: free ones). `seed` is a JSON file, `-` standard input. Where the file
    `state` exists the world comes from it and the seed is not read; after each change it is written (faults, rate
    windows and used nonces are not kept). With
    `parent_pipe` the seed is one line of standard input, and the server ends when standard input is closed.
    """
    try:
        world = _first_world(seed, state, parent_pipe)
        listeners = _listeners(port, Hub(world, state))
    except OSError as error:
        what = error.filename or (f"ports {port} to {port + 2}" if port else "a free port")
        raise CannotStart(f"{what}: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise CannotStart(f"line {error.lineno} of the seed or the state is not JSON") from None
    except (ValueError, KeyError, TypeError) as error:
        raise CannotStart(str(error)) from None
    if state is not None:
        save_world(world, state)
    return asyncio.run(_run(listeners, parent_pipe))


def _first_world(seed: Path | None, state: Path | None, parent_pipe: bool) -> World:
    text = ""
    if parent_pipe:
        text = _first_line()
    kept = load_world(state) if state is not None else None
    if kept is not None:
        return kept
    if seed is not None and not parent_pipe:
        text = sys.stdin.read() if str(seed) == "-" else seed.read_text(encoding="utf-8")
    document = json.loads(text) if text.strip() else None
    if document is not None and not isinstance(document, dict):
        raise SeedError("the seed is not a JSON object")
    return build_world(document)


def _first_line() -> str:
    # from the descriptor: a buffered reader could hold back what the event loop waits for
    chunks: list[bytes] = []
    while not (chunks and chunks[-1].endswith(b"\n")) and (chunk := os.read(0, 1 << 20)):
        chunks.append(chunk)
    return b"".join(chunks).decode("utf-8")


def _listeners(port: int | None, hub: Hub) -> dict[str, Listener]:
    from socialguard.sandbox.control import control_app
    from socialguard.sandbox.facebook_face import facebook_app
    from socialguard.sandbox.x_face import x_app

    apps: dict[str, Any] = {"x": x_app(hub), "facebook": facebook_app(hub), "control": control_app(hub)}
    for number, face in enumerate(FACES):
        hub.listeners[face] = Listener(apps[face], 0 if port is None else port + number)
    return hub.listeners


async def _run(listeners: dict[str, Listener], parent_pipe: bool) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if parent_pipe:
        loop.add_reader(0, lambda: stop.set() if not os.read(0, 4096) else None)
    try:
        for listener in listeners.values():
            await listener.open()
    except OSError as error:
        raise CannotStart(f"port {listener.port}: {error.strerror or error}") from None
    print(json.dumps({face: listeners[face].origin for face in FACES}), flush=True)
    await stop.wait()
    # answers that are still being slow are cut now; uvicorn would report each as an error
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL + 1)
    for listener in listeners.values():
        listener.release()
    return 0
