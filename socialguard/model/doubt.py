"""What speaks for a text having gone to the wrong account: plain values, for a guard to make and a face to
tell."""

from dataclasses import dataclass
from typing import Literal

Sign = Literal["hashtag", "mention", "domain", "emoji", "word", "language", "style"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: what was seen (`sign`, and `value` as written), in how many confirmed posts of the other account
    (`there`) and of the target (`here`). The value of a `language` is its code (`fr`). A reason of sign `style`
    has no value: nothing that can be named decided, but length, punctuation, spelling and the like."""

    sign: Sign
    value: str
    there: int
    here: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """A text that does not sound like `account` (`x:@acme`): it reads like the account `reads_like`, or like
    none of ours where that is None; the strongest reasons first."""

    account: str
    reads_like: str | None
    reasons: tuple[Reason, ...]
