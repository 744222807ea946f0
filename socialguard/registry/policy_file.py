"""Reading `policy.toml`: every key known, every value in its range, every refusal with file, line and what
is allowed; and the stored form of an applied policy: the file, and below it who wears the labels it rules on."""

import json
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Literal, NoReturn

from socialguard import errors
from socialguard.model.account import AccountName
from socialguard.model.toml_lines import line_of

FILE_NAME: Final = "policy.toml"
LEVELS: Final = ("off", "note", "warn", "hold", "block")
"""What a check may be set to, from the mildest."""

_RANGES: Final[Mapping[str, tuple[int, int, str]]] = {
    "grace": (0, 86_400, "seconds"),
    "reconfirm_after": (1, 1_440, "minutes"),
    "approvals": (0, 5, "approvals"),
    "approval_hours": (1, 720, "hours"),
    "max_late": (0, 604_800, "seconds"),
}
APPROVERS: Final = ("any", "approver", "owner")
"""Whose approvals count, from the mildest: of any role that may approve, or of this one alone."""
HOLDS: Final = ("override", "approval")
"""What passes a hold, from the mildest."""
_KEYS: Final = (
    "secure, grace, reconfirm_after, approvals, approver, approval_hours, holds, max_late, checks.<name>"
)
_SECTIONS: Final = '[defaults], [label.NAME], [account."x:@NAME"]'
_MARK: Final = "\n# ---- Written when this policy was applied: who wears the labels named above. ----\n[labels]\n"


@dataclass(frozen=True, slots=True)
class Rules:
    """What one section sets: `values` by the names of `policy.Policy`, `checks` by check."""

    values: Mapping[str, int | str] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PolicySet:
    """A whole policy. `wearers` maps each label that has rules to the ids of the accounts that wear it."""

    defaults: Rules = Rules()
    labels: Mapping[str, Rules] = field(default_factory=dict)
    accounts: Mapping[str, Rules] = field(default_factory=dict)
    wearers: Mapping[str, frozenset[str]] = field(default_factory=dict)


def parse(source: str, file: str = FILE_NAME, *, checks: Collection[str] | None = None) -> PolicySet:
    """Return the policy of a file's text.

    `checks` are the names of all checks, None where they are not known to the caller. Raises SettingsInvalid
    with file, line and what is allowed."""
    if _MARK.strip().splitlines()[0] in source:
        _refuse(file, source, ("labels",), "the part below was written by `policy apply`; take it out")
    found = _parse(source, file)
    if checks is not None:
        for path, rules in _sections(found):
            for name in rules.checks:
                if name not in checks:
                    known = ", ".join(sorted(checks))
                    detail = f"no check is called {name}; there are: {known}"
                    _refuse(file, source, (*path, "checks", name), detail)
    return found


def require_accounts(policy: PolicySet, known: Collection[str], source: str, file: str = FILE_NAME) -> None:
    """Refuse a section for an account that does not exist: a slip there would protect nothing."""
    for name in policy.accounts:
        if name not in known:
            _refuse(file, source, ("account", name), f"there is no account {name}")


def compose(source: str, wearers: Mapping[str, Collection[str]]) -> str:
    """Return the stored form of a file's text: the text itself where no label has rules."""
    if not wearers:
        return source
    lines = [f"{json.dumps(name)} = {json.dumps(sorted(ids))}\n" for name, ids in sorted(wearers.items())]
    return source + _MARK + "".join(lines)


def own_text(stored: str) -> str:
    """Return the file's own text of a stored form."""
    return stored.partition(_MARK)[0]


@lru_cache(maxsize=8)
def parse_stored(stored: str) -> PolicySet:
    """Return the policy of a stored form; raises SettingsInvalid where it is none."""
    text, mark, below = stored.partition(_MARK)
    found = _parse(text, FILE_NAME)
    if not mark:
        return found
    try:
        wearers = {name: frozenset(ids) for name, ids in tomllib.loads(below).items()}
    except (tomllib.TOMLDecodeError, TypeError) as problem:
        raise errors.SettingsInvalid(path=FILE_NAME, detail=str(problem)) from None
    return PolicySet(found.defaults, found.labels, found.accounts, wearers)


def _parse(source: str, file: str) -> PolicySet:
    if not source:
        return PolicySet()  # no rules, and no need of a parser
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as problem:
        raise errors.SettingsInvalid(path=file, detail=f"{problem}.") from None
    return _validated(data, source, file)


def _validated(data: dict[str, Any], source: str, file: str) -> PolicySet:
    from pydantic import BaseModel, ConfigDict, Field, ValidationError

    def within(key: str) -> Any:  # Any: what pydantic's Field returns
        low, high, _ = _RANGES[key]
        return Field(default=None, ge=low, le=high)

    class Section(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        secure: bool | None = None
        grace: int | None = within("grace")
        reconfirm_after: int | None = within("reconfirm_after")
        approvals: int | None = within("approvals")
        max_late: int | None = within("max_late")
        approver: Literal["any", "approver", "owner"] | None = None
        approval_hours: int | None = within("approval_hours")
        holds: Literal["override", "approval"] | None = None
        checks: dict[str, Literal["off", "note", "warn", "hold", "block"]] = {}

    class Document(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        defaults: Section = Section()
        label: dict[str, Section] = {}
        account: dict[str, Section] = {}

    try:
        found = Document.model_validate(data)
    except ValidationError as problem:
        path = tuple(str(part) for part in problem.errors(include_url=False, include_input=False)[0]["loc"])
        _refuse(file, source, path, _allowed(path))
    accounts = {}
    for name, rules in found.account.items():
        try:
            accounts[str(AccountName.parse(name))] = _rules(rules)
        except errors.UsageError as problem:
            _refuse(file, source, ("account", name), problem.message().rstrip("."))
    labels = {name: _rules(rules) for name, rules in found.label.items()}
    return PolicySet(_rules(found.defaults), labels, accounts, {name: frozenset() for name in labels})


def _rules(section: Any) -> Rules:
    values = section.model_dump(exclude={"checks"}, exclude_none=True)
    return Rules(values, dict(section.checks))


def _sections(policy: PolicySet) -> Iterator[tuple[tuple[str, ...], Rules]]:
    yield ("defaults",), policy.defaults
    yield from ((("label", name), rules) for name, rules in policy.labels.items())
    yield from ((("account", name), rules) for name, rules in policy.accounts.items())


def _allowed(path: Sequence[str]) -> str:
    """Return what may stand at a path, for the person who wrote something else."""
    depth = 1 if path[0] == "defaults" else 2
    if path[0] not in ("defaults", "label", "account") or len(path) < depth:
        return f"the sections are {_SECTIONS}"
    if len(path) == depth:
        return f"a section holds {_KEYS}"
    key = path[depth]
    if key in _RANGES:
        low, high, unit = _RANGES[key]
        return f"{key} is a whole number of {unit} from {low} to {high}"
    if key in ("approver", "holds"):
        return f"{key} is one of " + ", ".join(APPROVERS if key == "approver" else HOLDS)
    if key == "secure":
        return "secure is true or false"
    if key == "checks":
        return "a check is set to one of " + ", ".join(LEVELS)
    return f"there is no {key}; allowed are {_KEYS}"


def _refuse(file: str, source: str, path: Sequence[str], detail: str) -> NoReturn:
    line = line_of(source, tuple(path))
    raise errors.SettingsInvalid(path=f"{file}, line {line}", detail=f"{detail}.")
