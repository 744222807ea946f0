"""What a policy may set of a check: each parameter has a type, a default and a range, and says which of two values
is the stricter, since of several labels the strictest holds."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from socialguard.model.text import marked

Value = bool | int | str | tuple[str, ...]
ANY_LANGUAGE: Final = "any"
_LANGUAGE: Final = re.compile(r"[a-z]{2}|" + ANY_LANGUAGE)
_MOST_TEXTS: Final = 10_000
_LONGEST_TEXT: Final = 200


class Parameter(Protocol):
    """One thing that a policy may set of a check."""

    @property
    def default(self) -> Value:
        """What holds where no policy says otherwise."""
        ...

    @property
    def allowed(self) -> str:
        """What may be written, for the person who wrote something else."""
        ...

    def accepts(self, value: object) -> bool:
        """Return whether a policy may say so."""
        ...

    def stricter(self, one: Any, other: Any) -> Value:  # Any: two values that it accepts
        """Return the one of two values that lets less pass."""
        ...


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number of `unit` from `low` to `high`; `strict` says which end lets less pass."""

    default: int
    low: int
    high: int
    unit: str
    strict: Literal["low", "high"] = "low"

    @property
    def allowed(self) -> str:
        """The range."""
        return marked(f"a whole number of {self.unit} from {self.low} to {self.high}")

    def accepts(self, value: object) -> bool:
        """Return whether it is a number in the range."""
        return isinstance(value, int) and not isinstance(value, bool) and self.low <= value <= self.high

    def stricter(self, one: int, other: int) -> int:
        """Return the one nearer to the strict end."""
        return min(one, other) if self.strict == "low" else max(one, other)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false; true is the stricter."""

    default: bool
    allowed: str = marked("true or false")

    def accepts(self, value: object) -> bool:
        """Return whether it is true or false."""
        return isinstance(value, bool)

    def stricter(self, one: bool, other: bool) -> bool:
        """Return true where one of them is."""
        return one or other


@dataclass(frozen=True, slots=True)
class Text:
    """A text of the form `pattern`, which `form` says in words, such as `a time like 22:00`. Two labels that
    differ cannot be ranked: the one that sorts first holds, so that it is always the same."""

    default: str
    pattern: str
    form: str

    @property
    def allowed(self) -> str:
        """The form."""
        return self.form

    def accepts(self, value: object) -> bool:
        """Return whether it is of the form."""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None

    def stricter(self, one: str, other: str) -> str:
        """Return the one that sorts first."""
        return min(one, other)


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts, of which each is `known`; of two labels both lists hold."""

    default: tuple[str, ...] = ()
    form: str = marked("a list of texts")
    pattern: str = r"(?s).+"
    known: Callable[[str], bool] | None = None

    @property
    def allowed(self) -> str:
        """What the list holds."""
        return marked(f"{self.form} of at most {_LONGEST_TEXT} characters each")

    def accepts(self, value: object) -> bool:
        """Return whether it is a list of texts of the form."""
        return (
            isinstance(value, (list, tuple))
            and len(value) <= _MOST_TEXTS
            and all(isinstance(one, str) and one.strip() for one in value)
            and all(len(one) <= _LONGEST_TEXT and re.fullmatch(self.pattern, one) for one in value)
            and (self.known is None or all(map(self.known, value)))
        )

    def stricter(self, one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        """Return both."""
        return tuple(dict.fromkeys((*one, *other)))


@dataclass(frozen=True, slots=True)
class Words:
    """Lists of words, one for each language: `words.fr = ["…"]`, `words.any` for every language. Each language
    is a value of its own: an account's `words.fr` leaves the `words.en` of the defaults as it is."""

    default: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """How a list is written."""
        return marked(
            'a list for each language, such as words.fr = ["…"]; the languages are two letters (en, fr) or any'
        )

    def accepts(self, value: object) -> bool:
        """Return whether it is a list for each of some languages, or the list of one of them."""
        if not isinstance(value, Mapping):
            return Texts().accepts(value)
        return all(_LANGUAGE.fullmatch(str(key)) and Texts().accepts(one) for key, one in value.items())

    def stricter(self, one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
        """Return both."""
        return Texts().stricter(one, other)


def flat(name: str, value: object) -> dict[str, Value]:
    """Return what a policy wrote for a parameter as values by key: one for each language of words (`words.fr`)."""
    if isinstance(value, Mapping):
        return {f"{name}.{language}": tuple(words) for language, words in value.items()}
    if isinstance(value, (list, tuple)):
        return {name: tuple(value)}
    assert isinstance(value, (bool, int, str))
    return {name: value}
