"""Links are looked up several at a time, and nobody waits long for any of them."""

import threading
from time import monotonic

from socialguard.guard.interface import Reached
from socialguard.guard.looking import MOST, reach_all
from socialguard.workspace.looker import Looker, asked


class Slow:
    """Answers at once, but for addresses with `slow` in them, which wait until they are let go."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.asked: list[str] = []

    def reach(self, url: str) -> Reached:
        """Return the address itself."""
        self.asked.append(url)
        if "slow" in url:
            self.gate.wait(60)
        return Reached(url, 200)


def test_a_slow_server_is_not_waited_for_and_delays_no_other() -> None:
    looker = Slow()
    begun = monotonic()
    found = reach_all(looker, ["https://slow.com", "https://a.com", "https://b.com"], seconds=0.3)
    assert monotonic() - begun < 30
    looker.gate.set()
    assert found["https://a.com"] == Reached("https://a.com", 200)
    assert found["https://b.com"].status == 200
    assert found["https://slow.com"].problem == "it did not answer in time"


def test_a_post_full_of_links_asks_for_so_many_at_most() -> None:
    looker = Slow()
    urls = [f"https://{number}.com" for number in range(MOST + 5)]
    found = reach_all(looker, urls)
    assert sorted(looker.asked) == sorted(urls[:MOST])
    assert list(found) == urls
    assert found[urls[-1]].problem


def test_nothing_is_asked_where_there_is_no_link() -> None:
    assert reach_all(Slow(), []) == {}


def test_an_address_is_asked_for_as_a_browser_does() -> None:
    assert asked("acme.com/a") == "https://acme.com/a"
    assert asked("https://münchen.de/é?q=ü#part") == "https://xn--mnchen-3ya.de/%C3%A9?q=%C3%BC"
    assert asked("https://acme.com/%C3%A9?a=b&c=d%20e") == "https://acme.com/%C3%A9?a=b&c=d%20e"
    assert asked("http://[") == "http://["


def test_what_may_not_be_asked_for_is_told_and_never_raised() -> None:
    for url in ("http://127.0.0.1/", "https://acme.com:8443/", "http://[", "https://a b.com", "ftp://acme.com"):
        assert Looker(lambda _account, _names: {}).reach(url).problem, url
