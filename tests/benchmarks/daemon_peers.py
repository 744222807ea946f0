"""What posts beside the daemon, a thread for each account: scripts of the two libraries, and our own sessions."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

import facebook
import requests
import tweepy

from socialguard.model.account import AccountName
from socialguard.networks import interface
from socialguard.networks.facebook_graph import API_VERSION, HOST
from socialguard.networks.interface import Outgoing
from tests.office import Office


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds on the clock, and seconds of processor of this process."""

    wall: float
    processor: float

    @classmethod
    def by(cls, work: Callable[[], object]) -> Self:
        """Do `work` and return what it took."""
        began, processor = time.perf_counter(), time.process_time()
        work()
        return cls(time.perf_counter() - began, time.process_time() - processor)


def libraries(office: Office, texts: list[str]) -> None:
    """Post every text to every account as a script would: one client of tweepy or facebook-sdk for each account,
    kept open, one call for a post."""

    def post(entry: dict[str, Any]) -> None:
        keys = {name: value for name, value in entry["credential"].items() if name != "kind"}
        if entry["network"] == "x":
            client = tweepy.Client(**keys)
            client.session = _Sandboxed("https://api.twitter.com", office.sandbox.x)
            for text in texts:
                client.create_tweet(text=text)
            return
        session = _Sandboxed(f"https://{HOST}", office.sandbox.facebook)
        graph = facebook.GraphAPI(keys["page_token"], session=session)
        graph.version = API_VERSION  # the constructor takes versions up to 3.1 only
        for text in texts:
            graph.put_object("me", "feed", message=text)

    with ThreadPoolExecutor(len(office.seed["accounts"])) as pool:
        list(pool.map(post, office.seed["accounts"]))


def sessions(office: Office, texts: list[str]) -> None:
    """Post every text to every account with our own sessions and no books: the same requests as the daemon makes
    (three on Facebook), each write on a new connection."""
    networks = {name: interface.load(name) for name in ("x", "facebook")}

    def post(entry: dict[str, Any]) -> None:
        network = networks[entry["network"]]
        name = AccountName(entry["network"], entry["handle"])
        origin = office.sandbox.x if name.network == "x" else office.sandbox.facebook
        credential = network.credential(json.loads(json.dumps(entry["credential"])))
        for text in texts:
            session = network.open(credential, origin, str(name))
            session.publish(Outgoing(text=text), lambda step: None)

    with ThreadPoolExecutor(len(office.seed["accounts"])) as pool:
        list(pool.map(post, office.seed["accounts"]))


class _Sandboxed(requests.Session):
    """A session of `requests` that meets the sandbox where a library has its network's host in its code."""

    def __init__(self, host: str, origin: str) -> None:
        super().__init__()
        self._host, self._origin = host, origin

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(method, str(url).replace(self._host, self._origin, 1), *args, **kwargs)
