"""What the guard is given, what a check sees, and what a check is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, Protocol

from socialguard.model.account import Account
from socialguard.model.delivery import Act, Content
from socialguard.model.doubt import Doubt
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import ANY_LANGUAGE, Parameter, Value
from socialguard.networks.interface import Limits

Kind = Literal["text", "media", "network", "time", "account"]
"""What a check looks at. The kind `network` asks servers of others: off until a policy says more."""


@dataclass(frozen=True, slots=True)
class Recent:
    """A post of the account that is public, waiting, or of unknown outcome (`state` as of the delivery)."""

    delivery_id: str
    text: str
    link: str | None
    state: str
    at: datetime


class Glance(Protocol):
    """What the archive tells of an account."""

    @property
    def read_at(self) -> datetime:
        """When the network was last asked."""
        ...

    @property
    def posts(self) -> tuple[tuple[str, str, datetime], ...]:
        """The newest own posts, newest first: id at the network, text, time."""
        ...


class Shelf(Protocol):
    """Where the card looks for what an account posted last; the card never waits for a network."""

    def glance(self, account_id: str) -> Glance | None:
        """Return what is kept of an account, None where nothing is, or nothing that can be read now."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """The parameters of one check, each as policy or the check itself sets it; words by language (`words.fr`)."""

    values: Mapping[str, Value]

    def whole(self, name: str) -> int:
        """Return a parameter of the type `Whole`."""
        value = self.values[name]
        assert isinstance(value, int)
        return value

    def flag(self, name: str) -> bool:
        """Return a parameter of the type `Flag`."""
        return self.values[name] is True

    def text(self, name: str) -> str:
        """Return a parameter of the type `Text`."""
        value = self.values[name]
        assert isinstance(value, str)
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a parameter of the type `Texts`."""
        value = self.values[name]
        assert isinstance(value, tuple)
        return value

    def words(self, name: str, languages: tuple[str, ...]) -> tuple[str, ...]:
        """Return a parameter of the type `Words`: the lists of these languages and those for any; of every
        language where none is known."""
        found: list[str] = []
        for key, value in self.values.items():
            parameter, _, language = key.partition(".")
            if parameter != name or not isinstance(value, tuple):
                continue
            if not languages or language in (*languages, ANY_LANGUAGE):
                found.extend(value)
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Ours:
    """Another account of ours, as the manifest names it."""

    id: str
    network: str
    handle: str
    client: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A post of another of our accounts on the same network: public, waiting, or asked for in the same breath."""

    account: str
    text: str
    link: str | None


@dataclass(frozen=True, slots=True)
class Reached:
    """Where a link leads: the address at the end of its redirects and what the server there answered; `problem` in
    words where it could not be found out, else empty."""

    url: str
    status: int = 0
    problem: str = ""


class LinkLooker(Protocol):
    """Asks servers of others, bounded in time and bytes, and only at addresses of the public internet."""

    def reach(self, url: str) -> Reached:
        """Return where a link leads; it never raises."""
        ...


class Looker(LinkLooker, Protocol):
    """Asks servers of others, and networks for the handles that they have."""

    def handles(self, account: Account, names: Sequence[str]) -> Mapping[str, bool] | None:
        """Return which handles somebody has at the network of an account, which asks; those that it does not
        tell are left out. None where it could not be asked."""
        ...


@dataclass(frozen=True, slots=True)
class Crisis:
    """A crisis in force on the account."""

    since: datetime
    reason: str


NO_SETTINGS: Final = Settings({})


def _nothing_is_ours(_text: str) -> bool:
    return False


@dataclass(frozen=True)  # without slots: `under` copies one for every check of every row of a calendar
class Subject:
    """One delivery to check: the account, what would be public, its length in the network's own unit, the
    network's limits, and the account's recent posts, newest first.

    `languages` are those that the account writes in (`en`, `fr`), none where nobody said; `settings` are the
    parameters of the check that looks at it; `is_ours` says whether a text is a credential of one of our own
    accounts; `doubt` is what the wrong-account detector says, where nobody can be asked.

    `due` is when it would go out, None for now; `slots` are the instants at which the account's other posts went
    out or are due; `past` the account's own older texts, as the archive has them; `ours` our other accounts;
    `copies` what those on the same network say; `link_price` what its links add to its price, in millionths of a
    US dollar; `reached` where links lead and `handles` which handles (in small letters) somebody has at the
    network, as far as that was looked up; None where it failed."""

    account: Account
    content: Content
    length: int
    limits: Limits
    recent: tuple[Recent, ...]
    languages: tuple[str, ...] = ()
    settings: Settings = NO_SETTINGS
    due: datetime | None = None
    slots: tuple[datetime, ...] = ()
    past: tuple[str, ...] = ()
    ours: tuple[Ours, ...] = ()
    copies: tuple[Copy, ...] = ()
    crises: tuple[Crisis, ...] = ()
    link_price: int = 0
    reached: Mapping[str, Reached] = field(default_factory=dict)
    handles: Mapping[str, bool | None] = field(default_factory=dict)
    is_ours: Callable[[str], bool] = _nothing_is_ours
    doubt: Doubt | None = None

    def under(self, settings: Settings) -> "Subject":
        """Return the same with the parameters of one check."""
        made = object.__new__(Subject)
        vars(made).update(vars(self), settings=settings)
        return made


class Check(Protocol):
    """One check: a module under `guard/checks`. `LEVEL` is how grave its findings are without a policy, None where
    it looks at nothing until a policy sets a level; `PARAMETERS` what a policy may set of it."""

    @property
    def KIND(self) -> Kind:  # noqa: N802 - a constant of a module
        """What it looks at."""
        ...

    @property
    def LEVEL(self) -> Severity | None:  # noqa: N802 - a constant of a module
        """How grave its findings are."""
        ...

    @property
    def PARAMETERS(self) -> Mapping[str, Parameter]:  # noqa: N802 - a constant of a module
        """What a policy may set of it."""
        ...

    def check(self, subject: Subject) -> Iterator[Finding]:
        """Yield what is to be said about `subject`."""
        ...


class Written(Protocol):
    """A text for an account, and when it is due."""

    @property
    def account(self) -> Account:
        """Where it would go."""
        ...

    @property
    def content(self) -> Content:
        """Everything that would be public."""
        ...

    @property
    def when(self) -> datetime | None:
        """When it is due; None means now."""
        ...


class Candidate(Written, Protocol):
    """A delivery that would be made, as publishing describes it."""

    @property
    def act(self) -> Act:
        """What it would do."""
        ...

    @property
    def length(self) -> int:
        """Its length, in the network's unit."""
        ...

    @property
    def limit(self) -> int:
        """The most that the network takes."""
        ...

    @property
    def price(self) -> int:
        """In millionths of a US dollar."""
        ...

    @property
    def grace(self) -> int:
        """Seconds to take it back."""
        ...
