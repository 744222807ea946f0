"""Telling a watchman outside that all is well: whoever hears nothing any more sounds the alarm.

One GET on the URL of the settings, which carries no credential of ours and follows no redirect. The URL itself may
be what proves who calls, so it is never logged."""

from collections.abc import Callable
from typing import Final

from socialguard.daemon.interface import Problem
from socialguard.settings import Settings

SECONDS: Final = 5.0


class Heartbeat:
    """Calls `settings.heartbeat_url` while `is_well` says so."""

    def __init__(self, settings: Settings, is_well: Callable[[], bool]) -> None:
        self._settings = settings
        self._is_well = is_well

    def beat(self) -> None:
        """Call once, if all is well; raises Problem where nobody took the call."""
        url = self._settings.heartbeat_url
        if url is None or not self._is_well():
            return
        import requests

        proxy = self._settings.proxy
        try:
            with requests.Session() as session:
                session.trust_env = False
                with session.get(
                    url,
                    timeout=SECONDS,
                    allow_redirects=False,
                    stream=True,  # its body is nothing to us
                    proxies={"http": proxy, "https": proxy} if proxy else {},
                    verify=self._settings.ca_bundle or True,
                ) as answer:
                    status = answer.status_code
        except (requests.RequestException, OSError, ValueError) as problem:
            raise Problem(f"the heartbeat was not taken ({type(problem).__name__})") from None
        if not 200 <= status < 300:
            raise Problem(f"the heartbeat was answered with {status}")
