"""What the three faces share: the world, the faults, the rate windows, the listeners.

`reset` replaces the world under running faces; `changed` writes it to the state file, if there is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from socialguard.sandbox.faults import Fault, FaultBook
from socialguard.sandbox.limits import RateWindows
from socialguard.sandbox.seed import build_world
from socialguard.sandbox.state import World
from socialguard.sandbox.state_file import save_world
from socialguard.sandbox.transport import Listener

NETWORKS = ("x", "facebook")


class Hub:
    """The shared heart of one sandbox process."""

    def __init__(self, world: World, state_path: Path | None) -> None:
        self.world = world
        self.faults = FaultBook()
        self.windows = RateWindows()
        self.nonces: dict[str, float] = {}
        self.listeners: dict[str, Listener] = {}
        self._state_path = state_path
        self._reopen: dict[str, asyncio.TimerHandle] = {}

    def changed(self) -> None:
        """Keep the world, if a state file was asked for."""
        if self._state_path is not None:
            save_world(self.world, self._state_path)

    async def reset(self, seed: Mapping[str, Any] | None) -> None:
        """Start again from a seed: another world, no faults, real time; SeedError if it cannot be read."""
        world = build_world(seed)
        await self.set_faults([])
        self.world, self.windows, self.nonces = world, RateWindows(), {}
        self.changed()

    async def set_faults(self, faults: list[Fault]) -> None:
        """Replace the faults; open or close the listeners as they say."""
        for timer in self._reopen.values():
            timer.cancel()
        self._reopen.clear()
        self.faults.replace(faults)
        refused = [fault for fault in faults if fault.kind == "refuse" and fault.after <= 0]
        for network in NETWORKS:
            closing = [fault for fault in refused if fault.network in (network, "any")]
            if closing:
                self.refuse(network, closing[0].seconds)
            elif network in self.listeners:
                await self.listeners[network].open()
        # cut connections are closed in the loop's next turn: only then may control answer, or a client could
        # still write into one that it keeps
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    def refuse(self, network: str, seconds: float | None, keep: asyncio.BaseTransport | None = None) -> None:
        """Close a network's listener, for `seconds` of real time or until the faults are replaced.

        Every connection is cut but `keep`.
        """
        listener = self.listeners[network]
        listener.close(keep)
        if seconds is not None:
            loop = asyncio.get_running_loop()
            self._reopen[network] = loop.call_later(seconds, self._open_later, listener)

    def _open_later(self, listener: Listener) -> None:
        task = asyncio.get_running_loop().create_task(listener.open())
        task.add_done_callback(lambda done: done.exception())
