"""What a person is shown and must type before a post goes out: a guard makes these values, a face renders them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from socialguard.model.doubt import Doubt

Kind = Literal["switch", "secure", "several"]
Purpose = Literal["post", "delete", "use", "plan"]


@dataclass(frozen=True, slots=True)
class Target:
    """One account that would publish, and everything that its card shows. `account` is `x:@acme`; `length` and
    `limit` are in the network's own unit; `last_posts` are (text, published at), newest first; `media` are
    (file name, modified at, alt text); `when` None means now; `price_micros` is in millionths of a US dollar.
    Of a thread, `text` is the part `part` of `of`, and `following` are the parts after it: (text, length)."""

    account: str
    short_name: str
    client: str
    display_name: str
    followers: int | None
    archive_age_s: int | None
    last_posts: tuple[tuple[str, datetime], ...]
    text: str
    length: int
    limit: int
    media: tuple[tuple[str, datetime | None, str], ...]
    when: datetime | None
    grace_s: int
    price_micros: int
    zone: str
    part: int = 1
    of: int = 1
    following: tuple[tuple[str, int], ...] = ()
    reply_to: str | None = None
    """The network's id of the post that it answers."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A question that only a name answers. `previous` is the account that was confirmed last (None in a new
    context); `expected` is the name to type and `code` what must follow it where a handle could be mistaken;
    `purpose` is what the answer lets happen: a post, the deletion of one, a whole calendar (`plan`), or nothing
    yet (`use`); `doubts` are the targets that the text does not sound like, and `sure` what must be typed to a
    second question about these; None where they are all that asks."""

    kind: Kind
    previous: str | None
    previous_client: str | None
    targets: tuple[Target, ...]
    expected: str
    code: str | None
    purpose: Purpose = "post"
    doubts: tuple[Doubt, ...] = ()
    sure: str | None = None

    @property
    def wanted(self) -> str:
        """What must be typed: the name, and the code after one space where there is one."""
        return self.expected if self.code is None else f"{self.expected} {self.code}"

    def is_met_by(self, answer: str) -> bool:
        """Return whether `answer` is exactly what is wanted, code point by code point."""
        return answer == self.wanted

    def is_sure_by(self, answer: str | None) -> bool:
        """Return whether `answer` is exactly what the second question wants, where there is one."""
        return answer == self.sure
