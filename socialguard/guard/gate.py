"""The guard as publishing meets it: every check, the card that a switch shows, and the answer that passes it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.guard import context, switch
from socialguard.guard.checks import affinity, asks_network, asks_servers, level_of, run_checks
from socialguard.guard.context import Remembered
from socialguard.guard.doubts import Doubts
from socialguard.guard.interface import Candidate, Looker, Ours, Shelf
from socialguard.guard.links import links_of
from socialguard.guard.looking import MOST, SECONDS, reach_all
from socialguard.guard.mentions import mentions_of
from socialguard.guard.subjects import Seen, Surroundings
from socialguard.guard.switch import Demand, Why
from socialguard.guard.targets import target_of
from socialguard.ledger import reader
from socialguard.model.account import Account
from socialguard.model.challenge import Challenge
from socialguard.model.context import Context
from socialguard.model.delivery import Act, Content
from socialguard.model.doubt import Doubt
from socialguard.model.finding import Finding, Severity
from socialguard.model.lookups import Lookups
from socialguard.networks.interface import Limits
from socialguard.registry.policy_checks import CheckRules


class Asker(Protocol):
    """Where a request comes from: `context` identifies a terminal session, None without a terminal."""

    @property
    def context(self) -> str | None:
        """The terminal session, None without one."""
        ...

    @property
    def operator(self) -> str:
        """Who sits there."""
        ...


class Given(Protocol):
    """What a person gave: `typed` and `sure` in a terminal, `named` by `--confirm` without one."""

    @property
    def typed(self) -> str | None:
        """What was typed at the prompt."""
        ...

    @property
    def sure(self) -> str | None:
        """What was typed where the text does not sound like its account, after the accounts were confirmed."""
        ...

    @property
    def named(self) -> frozenset[str]:
        """The accounts named by --confirm."""
        ...


class Directory(Protocol):
    """What the guard reads of the registry and the policy."""

    def account(self, connection: Connection, account_id: str) -> Account:
        """Return one account, its row held against the manifest."""
        ...

    def switch_rules(self, connection: Connection, account: Account) -> switch.Rules:
        """Return when the account must be confirmed."""
        ...

    def check_rules(self, connection: Connection, account: Account) -> Mapping[str, CheckRules]:
        """Return what policy makes of each check that it may set."""
        ...

    def is_ours(self, text: str) -> bool:
        """Return whether a text is a credential of one of our accounts, by its keyed hash."""
        ...

    def needs_approver(self, connection: Connection, account: Account) -> bool:
        """Return whether a text that does not sound like the account needs an approver there."""
        ...

    def needs_code(self, connection: Connection, account: Account) -> bool:
        """Return whether the account's handle could be mistaken for another, of the workspace above all."""
        ...

    def limits(self, network: str) -> Limits:
        """Return what a network takes."""
        ...

    def ours(self, connection: Connection) -> Sequence[Ours]:
        """Return all our accounts, as the manifest names them."""
        ...

    def link_price(self, network: str, content: Content) -> int:
        """Return what the links of a post add to its price, in millionths of a US dollar."""
        ...


class Review:
    """Reviews many candidates, one after another: it remembers what their accounts posted as of its first look,
    and what policy wants of each."""

    def __init__(self, around: Surroundings, ours: Callable[[Connection], Sequence[Ours]], seen: Seen) -> None:
        self._around = around
        self._ours = ours
        self._seen = seen

    def unknown(self, connection: Connection, candidates: Sequence[Candidate]) -> Lookups:
        """Return what a policy wants to be looked up and was not yet. One account of a network asks for all
        handles there."""
        links: dict[str, None] = {}
        asking: dict[str, Account] = {}
        handles: dict[str, dict[str, None]] = {}
        for one in candidates:
            rules = self._around.rules(connection, one.account)
            if asks_servers(rules):
                links |= {link.url: None for link in links_of(one.content) if link.url not in self._seen.reached}
            if asks_network(rules):
                named = {mention.handle.lower(): None for mention in mentions_of(one.content.text)}
                handles.setdefault(one.account.network, {}).update(named)
                asking.setdefault(one.account.network, one.account)
        known = (
            {(ours.network, ours.handle.lower()) for ours in self._ours(connection)}
            if any(handles.values())
            else ()
        )
        wanted = {
            network: tuple(
                name for name in names if (network, name) not in known and (network, name) not in self._seen.asked
            )
            for network, names in handles.items()
        }
        return Lookups(tuple(links), tuple((asking[network], names) for network, names in wanted.items() if names))

    def findings(self, connection: Connection, candidate: Candidate) -> Sequence[Finding]:
        """Return the findings of one candidate; the ones before it count as copies beside it."""
        self._around.stand_beside([candidate])
        return _findings(connection, self._around, candidate)


class Guard:
    """The guard of one workspace. `confirmed` is told the accounts that a context has just confirmed; `shelf`
    knows what accounts posted last; `looker` asks where links lead, where a policy wants that."""

    def __init__(
        self,
        directory: Directory,
        confirmed: Callable[[str, Sequence[Account]], None],
        shelf: Shelf,
        looker: Looker,
    ) -> None:
        self._directory = directory
        self._shelf = shelf
        self._looker = looker
        self._seen = Seen()
        self._confirmed = confirmed
        self._doubts = Doubts(directory.account, self._rate)

    def review(
        self, connection: Connection, candidates: Sequence[Candidate], *, replaces: Collection[str]
    ) -> tuple[Finding, ...]:
        """Return the findings of every check, at the severities of the policy; the deliveries `replaces` do
        not count as twins of what takes their place."""
        around = self._around(replaces)
        around.stand_beside(candidates)
        return tuple(finding for one in candidates for finding in _findings(connection, around, one))

    def reviewing(self) -> "Review":
        """Return what reviews one candidate after another, for many of them."""
        return Review(self._around(()), self._directory.ours, self._seen)

    def _around(self, replaces: Collection[str]) -> Surroundings:
        return Surroundings(self._directory, self._shelf, replaces=replaces, seen=self._seen)

    def unknown(self, connection: Connection, candidates: Sequence[Candidate]) -> Lookups:
        """Return what a policy wants to be looked up and was not yet."""
        return self.reviewing().unknown(connection, candidates)

    def look_up(self, wanted: Lookups, seconds: float = SECONDS) -> None:
        """Ask servers and networks for `seconds` or a little more, and remember it for `review`; never inside a
        transaction: they are slow. Of what there was no time for the checks say so."""
        end = clock.monotonic() + seconds
        for account, names in wanted.handles:
            told = self._looker.handles(account, names) if clock.monotonic() < end else None
            known = self._seen.handles.setdefault(account.network, {})
            known |= dict.fromkeys(names) if told is None else {name: told[name] for name in names if name in told}
            self._seen.asked.update((account.network, name) for name in names)
        for start in range(0, len(wanted.links), MOST):
            left = max(0.0, end - clock.monotonic())
            self._seen.reached.update(
                reach_all(self._looker, wanted.links[start : start + MOST], min(left, SECONDS))
            )

    def challenge(
        self, connection: Connection, candidates: Sequence[Candidate], session: Asker
    ) -> Challenge | None:
        """Return what a person must confirm, None where the context confirmed these accounts already and the text
        sounds like them."""
        doubts = () if session.context is None else self._doubted(connection, candidates)
        found, remembered = self._demand(connection, candidates, session, in_doubt=bool(doubts))
        if found is None:
            return None
        previous = self._previous(connection, remembered)
        return Challenge(
            kind=found.kind,
            previous=None if previous is None else str(previous),
            previous_client=None if previous is None else previous.client,
            targets=tuple(target_of(connection, parts, self._shelf) for parts in _by_account(candidates)),
            expected=found.expected,
            code=found.code,
            doubts=doubts,
            sure=_sure(doubts) if doubts and found.why is not Why.DOUBT else None,
        )

    def doubts(
        self, connection: Connection, candidates: Sequence[Candidate], session: Asker
    ) -> tuple[Finding, ...]:
        """Return what is held because the text does not sound like its account: without a terminal nobody can be
        asked, and on some accounts the person who asks does not decide that alone. A policy that sets `affinity`
        sets what this weighs."""
        parts = {str(of[0].account): of for of in _by_account(candidates)}
        found = []
        for doubt in self._doubted(connection, candidates):
            of = parts[doubt.account]
            if session.context is None or self._directory.needs_approver(connection, of[0].account):
                finding = affinity.finding(doubt, of[0].content.text if len(of) == 1 else "")
                level = Severity(self._affinity(connection, of[0].account))
                found.append(replace(finding, severity=level))
        return tuple(found)

    def _doubted(self, connection: Connection, candidates: Sequence[Candidate]) -> tuple[Doubt, ...]:
        """What the detector says of texts that would be published, where policy does not silence it."""
        found = self._doubts.about(connection, [one for one in candidates if one.act is Act.PUBLISH])
        silent = {
            str(one.account) for one in candidates if found and self._affinity(connection, one.account) == "off"
        }
        return tuple(doubt for doubt in found if doubt.account not in silent)

    def _rate(self, connection: Connection, account: Account) -> float:
        rate = self._directory.check_rules(connection, account)["affinity"].parameters["rate"]
        assert isinstance(rate, int)
        return rate / 100

    def _affinity(self, connection: Connection, account: Account) -> str:
        return level_of("affinity", self._directory.check_rules(connection, account)["affinity"])

    def require(
        self,
        connection: Connection,
        candidates: Sequence[Candidate],
        session: Asker,
        challenge: Challenge | None,
        answer: Given,
    ) -> str:
        """Return how the accounts are confirmed (`inside`, `typed`, `named`); a context remembers it.

        Asked again here, under the write lock: what the person saw may no longer be so. Raises
        ConfirmationRequired, or WrongName where something else was typed."""
        accounts = [parts[0].account for parts in _by_account(candidates)]
        if session.context is None:
            self._require_named(connection, accounts, answer)
            return "named"
        who = Context(session.context, session.operator)
        in_doubt = challenge is not None and bool(challenge.doubts)
        found, _remembered = self._demand(connection, candidates, session, in_doubt=in_doubt)
        if found is None and challenge is None:
            context.touch(connection, who, accounts[-1].id)
            return "inside"
        if challenge is None or not _still_asks(challenge, accounts, found):
            raise self._needed(connection, accounts)
        if answer.typed is None or not challenge.is_met_by(answer.typed):
            raise errors.WrongName(expected=challenge.wanted)
        if not challenge.is_sure_by(answer.sure):
            raise errors.WrongName(expected=challenge.sure)
        context.remember(connection, who, accounts)
        self._confirmed(who.id, accounts)
        return "typed"

    def _require_named(self, connection: Connection, accounts: Sequence[Account], answer: Given) -> None:
        missing = [account for account in accounts if str(account) not in answer.named]
        if missing:
            raise self._needed(connection, missing)
        extra = answer.named - {str(account) for account in accounts}
        if extra:
            raise errors.UsageError(detail=f"--confirm names {', '.join(sorted(extra))}, which is no target.")

    def _needed(self, connection: Connection, accounts: Sequence[Account]) -> errors.ConfirmationRequired:
        last = self._known(connection, reader.last_account(connection))
        words = [f"--confirm {account}" for account in accounts]
        required = errors.ConfirmationsRequired if len(accounts) > 1 else errors.ConfirmationRequired
        return required(
            accounts=", ".join(str(account) for account in accounts),
            last="-" if last is None else str(last),
            words=" ".join(words),
            needs=[str(account) for account in accounts],
        )

    def _demand(
        self, connection: Connection, candidates: Sequence[Candidate], session: Asker, *, in_doubt: bool
    ) -> tuple[Demand | None, Remembered | None]:
        accounts = [parts[0].account for parts in _by_account(candidates)]
        remembered = None
        if session.context is not None:
            remembered = context.recall(connection, session.context)
        previous = self._previous(connection, remembered)
        found = switch.demand(
            accounts,
            remembered,
            None if previous is None else previous.client,
            clock.now(),
            lambda account: self._directory.switch_rules(connection, account),
            lambda account: self._directory.needs_code(connection, account),
            in_doubt=in_doubt,
        )
        return found, remembered

    def _previous(self, connection: Connection, remembered: Remembered | None) -> Account | None:
        return self._known(connection, None if remembered is None else remembered.last_target)

    def _known(self, connection: Connection, account_id: str | None) -> Account | None:
        if account_id is None:
            return None
        try:
            return self._directory.account(connection, account_id)
        except errors.NotFound:
            return None  # it was removed since


def _still_asks(challenge: Challenge, accounts: Sequence[Account], found: Demand | None) -> bool:
    """Whether the question that was shown is the one to ask now: a mark, a name or a target may have changed."""
    if [str(account) for account in accounts] != [target.account for target in challenge.targets]:
        return False
    if found is None:
        return True  # another command of this context confirmed them meanwhile; the answer has to be right anyway
    if challenge.doubts and challenge.sure is None and found.why is not Why.DOUBT:
        return False  # the doubt was all that asked, and is not any more
    shown = (challenge.kind, challenge.expected, challenge.code is not None)
    return shown == (found.kind, found.expected, found.code is not None)


def _sure(doubts: Sequence[Doubt]) -> str:
    """Return what is typed to go on in spite of doubts: the account in full, after their number where there are
    more. A question of its own: who typed a name without reading has not read this either."""
    first = doubts[0].account
    return first if len(doubts) == 1 else f"{len(doubts)} {first}"


def _by_account(candidates: Sequence[Candidate]) -> list[list[Candidate]]:
    """Return the candidates of each account together: the parts of a thread are confirmed as one."""
    found: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        found.setdefault(candidate.account.id, []).append(candidate)
    return list(found.values())


def _findings(connection: Connection, around: Surroundings, candidate: Candidate) -> list[Finding]:
    rules = around.rules(connection, candidate.account)
    return list(run_checks(around.subject(connection, candidate, rules), rules))
