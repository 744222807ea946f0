"""Whether texts sound like the accounts that they are meant for, as the switch guard asks the detector.

It only ever asks: where a terminal is, the person types the account's name; without one the finding `affinity`
holds the text until `--override affinity --reason …`, since a `--confirm` in a script answers before anybody
read."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.guard.affinity import store
from socialguard.guard.interface import Written
from socialguard.model.account import Account
from socialguard.model.doubt import Doubt

if TYPE_CHECKING:
    from socialguard.guard.affinity.portfolio import Portfolio


class Doubts:
    """Judges texts by what is known of the accounts of a workspace; `account` finds one by its id, `rate` says
    which part of an account's genuine posts may be asked about."""

    def __init__(
        self, account: Callable[[Connection, str], Account], rate: Callable[[Connection, Account], float]
    ) -> None:
        self._account = account
        self._rate = rate
        self._portfolio: Portfolio | None = None

    def about(self, connection: Connection, written: Sequence[Written]) -> tuple[Doubt, ...]:
        """Return a doubt for each account that its text, or a part of its thread, does not sound like."""
        found: dict[str, Doubt] = {}
        for one in written:
            if one.content.text.strip() and str(one.account) not in found:
                doubt = self._doubt(connection, one)
                if doubt is not None:
                    found[doubt.account] = doubt
        return tuple(found.values())

    def _doubt(self, connection: Connection, written: Written) -> Doubt | None:
        account, content = written.account, written.content
        if self._portfolio is None:
            known = store.fitted(connection)
            if account.id not in known:
                return None
            self._portfolio = store.restored(connection)
        from socialguard.guard.affinity.post import Post

        when = (written.when or clock.now()).astimezone(ZoneInfo(account.zone))
        post = Post(content.text, link=content.link, media=bool(content.media), at=when)
        self._portfolio.allow(account.id, self._rate(connection, account))
        verdict = self._portfolio.judge(post, account.id)
        if not verdict.asks:
            return None
        like = None
        if verdict.reads_like is not None:
            try:
                like = str(self._account(connection, verdict.reads_like))
            except errors.NotFound:
                return None  # it is gone since; the next fit forgets it
        return Doubt(str(account), like, verdict.reasons)
