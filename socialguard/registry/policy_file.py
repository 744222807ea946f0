"""Reading `policy.toml`: every key known, every value in its range, every refusal with file, line and what
is allowed; and the stored form of an applied policy: the file, and below it who wears the labels it rules on.

A check is set to a level, `checks.alt = "warn"`, or to a table of its level and its parameters,
`[defaults.checks.hashtags]`. Which checks there are, and what may be set of them, the caller says."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from socialguard import errors
from socialguard.model.account import AccountName
from socialguard.model.parameter import Parameter, Value, Words, flat
from socialguard.model.text import marked
from socialguard.model.toml_lines import NotToml, loads
from socialguard.registry.policy_problems import Problems

FILE_NAME: Final = "policy.toml"
LEVELS: Final = ("off", "note", "warn", "hold", "block")
"""What a check may be set to, from the mildest."""

Known = Mapping[str, Mapping[str, Parameter]]
"""The checks that there are, and what may be set of each."""

_RANGES: Final[Mapping[str, tuple[int, int, str]]] = {
    "grace": (0, 86_400, marked("seconds")),
    "reconfirm_after": (1, 1_440, marked("minutes")),
    "approvals": (0, 5, marked("approvals")),
    "approval_hours": (1, 720, marked("hours")),
    "max_late": (0, 604_800, marked("seconds")),
    "thaw_by": (1, 5, marked("persons")),
}
APPROVERS: Final = ("any", "approver", "owner")
"""Whose approvals count, from the mildest: of any role that may approve, or of this one alone."""
HOLDS: Final = ("override", "approval")
"""What passes a hold, from the mildest."""
_KEYS: Final = (
    "secure, grace, reconfirm_after, approvals, approver, approval_hours, holds, max_late, thaw_by, checks.<name>"
)
_SECTIONS: Final = '[defaults], [label.NAME], [account."x:@NAME"]'
_MARK: Final = "\n# ---- Written when this policy was applied: who wears the labels named above. ----\n[labels]\n"


@dataclass(frozen=True, slots=True)
class Rules:
    """What one section sets: `values` by the names of `policy.Policy`; `checks`, the level of each check, and
    `parameters`, what it sets of each check, by key (`most`, `words.fr`)."""

    values: Mapping[str, int | str] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class PolicySet:
    """A whole policy. `wearers` maps each label that has rules to the ids of the accounts that wear it. Two are
    the same only if they are one object, so that what follows from one can be remembered."""

    defaults: Rules = Rules()
    labels: Mapping[str, Rules] = field(default_factory=dict)
    accounts: Mapping[str, Rules] = field(default_factory=dict)
    wearers: Mapping[str, frozenset[str]] = field(default_factory=dict)


def parse(
    source: str, file: str = FILE_NAME, *, checks: Known | None = None, accounts: Collection[str] | None = None
) -> PolicySet:
    """Return the policy of a file's text.

    `checks` are all checks and their parameters, `accounts` the names of all accounts, None where they are not
    known to the caller. Raises SettingsInvalid with file, line and what is allowed, for the first thing that is
    wrong; its `problems` are all of them."""
    problems = Problems(source, file)
    if _MARK.strip().splitlines()[0] in source:
        problems.add(("labels",), marked("the part below was written by `policy apply`; take it out."))
        problems.refuse()
    found = _parse(source, file, problems)
    if checks is not None:
        for path, rules in _sections(found):
            for name in dict.fromkeys((*rules.checks, *rules.parameters)):
                if name not in checks:
                    known = ", ".join(sorted(checks))
                    detail = f"no check is called {name}; there are: {known}."
                    problems.add((*path, "checks", name), detail)
                    continue
                for key, value in rules.parameters.get(name, {}).items():
                    _require(checks[name], name, key, value, problems, path)
    for name in found.accounts:
        if accounts is not None and name not in accounts:  # a slip there would protect nothing
            problems.add(("account", name), marked(f"there is no account {name}."))
    problems.refuse()
    return found


def _require(
    parameters: Mapping[str, Parameter],
    check: str,
    key: str,
    value: Value,
    problems: Problems,
    section: tuple[str, ...],
) -> None:
    """Tell a value that is none of the check's parameters, or not what that parameter may be."""
    name, dot, language = key.partition(".")
    known = parameters.get(name)
    where = (*section, "checks", check, name, *([language] if dot else []))
    if known is None:
        allowed = ", ".join(["level", *parameters])
        problems.add(where, marked(f"{check} has no {name}; allowed are {allowed}."))
        return
    takes_language = isinstance(known, Words)
    if bool(dot) != takes_language or not known.accepts({language: value} if dot else value):
        problems.add(where, marked(f"the parameter {name} must be {known.allowed}."))


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
    problems = Problems(text, FILE_NAME)
    found = _parse(text, FILE_NAME, problems)
    problems.refuse()
    if not mark:
        return found
    try:
        wearers = {name: frozenset(ids) for name, ids in loads(below).items()}
    except (NotToml, TypeError) as problem:
        raise errors.SettingsInvalid(path=FILE_NAME, detail=str(problem)) from None
    return PolicySet(found.defaults, found.labels, found.accounts, wearers)


def _parse(source: str, file: str, problems: Problems) -> PolicySet:
    """Return what a text holds that can be a policy, and tell `problems` what cannot; raises SettingsInvalid where
    it is no TOML."""
    if not source:
        return PolicySet()  # no rules, and no need of a parser
    try:
        data = loads(source)
    except NotToml as problem:
        if problem.line is None:
            raise errors.SettingsInvalid(path=file, detail=f"{problem}.") from None
        problems.add_at(problem.line, f"{problem.detail}.")
        problems.refuse()
        raise
    return _validated(data, problems)


def _validated(data: dict[str, Any], problems: Problems) -> PolicySet:
    from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

    def within(key: str) -> Any:  # Any: what pydantic's Field returns
        low, high, _ = _RANGES[key]
        return Field(default=None, ge=low, le=high)

    class Check(BaseModel):
        model_config = ConfigDict(extra="allow", strict=True)
        __pydantic_extra__: dict[str, Annotated[Any, AfterValidator(_shaped)]]
        level: Literal["off", "note", "warn", "hold", "block"] | None = None

        @model_validator(mode="before")
        @classmethod
        def from_level(cls, value: object) -> object:
            return {"level": value} if isinstance(value, str) else value

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
        thaw_by: int | None = within("thaw_by")
        checks: dict[str, Check] = {}

    class Document(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        defaults: Section = Section()
        label: dict[str, Section] = {}
        account: dict[str, Section] = {}

    try:
        found = Document.model_validate(data)
    except ValidationError as problem:
        for one in problem.errors(include_url=False, include_input=False):
            path = tuple(str(part) for part in one["loc"])
            problems.add(path, _allowed(path))
            _take_out(data, path)
        found = Document.model_validate(data)
    accounts = {}
    for name, rules in found.account.items():
        try:
            accounts[str(AccountName.parse(name))] = _rules(rules)
        except errors.UsageError as problem:
            problems.add(("account", name), problem.message())
    labels = {name: _rules(rules) for name, rules in found.label.items()}
    return PolicySet(_rules(found.defaults), labels, accounts, {name: frozenset() for name in labels})


def _take_out(data: dict[str, Any], path: Sequence[str]) -> None:
    """Take out what cannot stand there, so that the rest is looked at too."""
    *above, last = path
    for part in above:
        below = data.get(part)
        if not isinstance(below, dict):
            last = part
            break
        data = below
    data.pop(last, None)


def _shaped(value: Any) -> Any:
    """Refuse what no parameter of a check could be; what each may be, its check says."""
    lists = value.values() if isinstance(value, dict) else [value]
    for one in lists:
        if isinstance(value, dict) and not isinstance(one, list):
            raise ValueError
        if not isinstance(one, (bool, int, str, list)):
            raise ValueError
        if isinstance(one, list) and not all(isinstance(text, str) for text in one):
            raise ValueError
    return value


def _rules(section: Any) -> Rules:
    values = section.model_dump(exclude={"checks"}, exclude_none=True)
    levels = {name: check.level for name, check in section.checks.items() if check.level is not None}
    parameters = {
        name: {key: one for given, value in check.model_extra.items() for key, one in flat(given, value).items()}
        for name, check in section.checks.items()
        if check.model_extra
    }
    return Rules(values, levels, parameters)


def _sections(policy: PolicySet) -> Iterator[tuple[tuple[str, ...], Rules]]:
    yield ("defaults",), policy.defaults
    yield from ((("label", name), rules) for name, rules in policy.labels.items())
    yield from ((("account", name), rules) for name, rules in policy.accounts.items())


def _allowed(path: Sequence[str]) -> str:
    """Return what may stand at a path, for the person who wrote something else."""
    depth = 1 if path[0] == "defaults" else 2
    if path[0] not in ("defaults", "label", "account") or len(path) < depth:
        return marked(f"the sections are {_SECTIONS}.")
    if len(path) == depth:
        return marked(f"a section holds {_KEYS}.")
    key = path[depth]
    if key in _RANGES:
        low, high, unit = _RANGES[key]
        return marked(f"{key} is a whole number of {unit} from {low} to {high}.")
    if key in ("approver", "holds"):
        values = ", ".join(APPROVERS if key == "approver" else HOLDS)
        return marked(f"{key} is one of {values}.")
    if key == "secure":
        return marked("secure is true or false.")
    if key == "checks":
        levels = ", ".join(LEVELS)
        if len(path) > depth + 2 and path[depth + 2] != "level":
            return marked(
                "a parameter is a whole number, true or false, a text, a list of texts, or one for each language."
            )
        return marked(f"a check is set to one of {levels}, or to a table of its level and its parameters.")
    return marked(f"there is no {key}; allowed are {_KEYS}.")
