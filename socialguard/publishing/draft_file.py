"""Drafts as files: what an author writes for several accounts, in a form that a person can read (docs/drafts.md).

A file whose first line is `+++` is one: TOML up to the next `+++`, then the text, then a line `+++ x` or
`+++ x:@acme` before each variant. Any other file is a plain text. What is not known is refused, with file,
line and what is allowed.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final, NoReturn

from socialguard import errors
from socialguard.model.account import AccountName
from socialguard.model.campaign import LONGEST, campaign_name
from socialguard.model.text import marked
from socialguard.model.toml_lines import NotToml, loads
from socialguard.publishing.interface import MOST_PARTS, Attached, Divide, Request

FENCE: Final = "+++"
_FENCE: Final = re.compile(r"\+\+\+(?:[ \t]+(.*?))?[ \t]*")
# Keys, list items, comments and blank lines between two lines of hyphens: a thread's parts are sentences.
_OTHER_HEAD: Final = re.compile(
    r"\s*---[ \t]*\n((?:[ \t]*(?:[A-Za-z_][\w -]*:(?:[ \t][^\n]*)?|-[ \t][^\n]*|#[^\n]*)?\n)+)"
    r"(?:---|\.\.\.)[ \t]*(?:\n|\Z)"
)
_ESCAPED: Final = re.compile(r"\\+[ \t]*\+\+\+")
_ALMOST: Final = re.compile(r"[ \t]*\+\+\++[ \t]*(\w+|\w+:@?\S+):?[ \t]*")
_RULE: Final = re.compile(r"\\*[ \t]*---[ \t]*")
_KEYS: Final = "to, at, link, reply_to, campaign, media, thread, numbered"
_ALLOWED: Final[Mapping[str, str]] = {
    "to": marked('to is a list of accounts, such as ["x:@acme", "label:fr"]'),
    "at": marked('at is a time, such as 2026-11-27T09:00 or "friday 9am"'),
    "link": marked('link is an address, such as "https://example.org/page"'),
    "reply_to": marked("reply_to is the address or the id of a post"),
    "campaign": marked(f"campaign is a name of 1 to {LONGEST} visible characters"),
    "media": marked(f"each [[media]] has file and alt, both text, and for a thread part, from 1 to {MOST_PARTS}"),
    "thread": marked("thread is true or false"),
    "numbered": marked("numbered is true or false"),
}


class DraftInvalid(errors.UsageError):
    """{path}, line {line}: {detail}."""

    remedy = "docs/drafts.md shows how a draft's file is written."


def is_draft(source: str) -> bool:
    """Return whether a text is a draft's file, and not a plain text."""
    return source.split("\n", 1)[0].rstrip() == FENCE


def require_no_other_head(source: str, path: Path) -> None:
    """Refuse a plain text that begins with the head of another program's draft (YAML between lines `---`), which
    would be posted with the text. Raises DraftInvalid."""
    found = _OTHER_HEAD.match(source.replace("\r\n", "\n"))
    if found is not None and re.search(r"^[A-Za-z_]\w*[ \t]*:", found[1], re.MULTILINE):
        detail = (
            f'it begins with a head in YAML; that of a draft is TOML between two lines {FENCE}: to = ["x:@acme"]'
        )
        raise DraftInvalid(path=path, line=1, detail=detail)


def parse(source: str, path: Path) -> Request:
    """Return what a draft's file asks for; files of media are looked for beside it. Raises DraftInvalid."""
    lines = source.replace("\r\n", "\n").split("\n")
    end = next((place for place, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), None)
    if end is None:
        raise DraftInvalid(path=path, line=1, detail=f"the head has no end; it ends with a line {FENCE}")
    head = "\n".join(lines[1:end])
    fields = _head(head, path)
    text, variants = _body(lines, end + 1, path)
    return Request(
        text=text,
        variants=variants,
        selectors=[fields["to"]] if isinstance(fields["to"], str) else fields["to"],
        media=[Attached(path.parent / one["file"], one["alt"], one["part"]) for one in fields["media"]],
        link=fields["link"],
        reply_to=fields["reply_to"],
        at=_instant(fields["at"]),
        campaign=_campaign(fields["campaign"], head, path),
        divide=Divide.SENTENCES if fields["thread"] else Divide.LINES,
        numbered=fields["numbered"],
    )


def render(request: Request) -> str:
    """Return the file of a request: `parse` of it is the same, but that its text is divided at most by lines."""
    head = [f"to = {_toml(list(request.selectors))}"]
    for name in ("at", "link", "reply_to", "campaign"):
        value = getattr(request, name)
        if value is not None:
            head.append(f"{name} = {_toml(value)}")
    if request.divide is Divide.SENTENCES:
        head.append("thread = true")
    if request.numbered:
        head.append("numbered = true")
    for one in request.media:
        head += ["", "[[media]]", f"file = {_toml(str(one.path))}", f"alt = {_toml(one.alt)}"]
        if one.part > 1:
            head.append(f"part = {one.part}")
    parts = [FENCE, *head, FENCE, _escaped(request.text, request.divide)]
    for name, text in request.variants.items():
        parts += ["", f"{FENCE} {name}", _escaped(text, request.divide)]
    return "\n".join(parts) + "\n"


def from_kept(text: str, payload: Mapping[str, Any], draft_id: str) -> Request:
    """Return the request of a kept draft; one of an older program has no variants and is not divided."""
    return Request(
        text=text,
        selectors=list(payload.get("to", ())),
        media=[Attached(Path(one["file"]), one["alt"], one.get("part", 1)) for one in payload.get("media", ())],
        link=payload.get("link"),
        reply_to=payload.get("reply_to"),
        at=payload.get("at"),
        variants=dict(payload.get("variants", {})),
        divide=Divide(payload.get("divide", Divide.NOWHERE)),
        numbered=bool(payload.get("numbered", False)),
        campaign=payload.get("campaign"),
        draft=draft_id,
    )


# ── the head ─────────────────────────────────────────────────────────────────────────────────────────────


def _head(source: str, path: Path) -> dict[str, Any]:
    from pydantic import BaseModel, ConfigDict, Field, ValidationError

    class Medium(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        file: str
        alt: str = ""
        part: int = Field(default=1, ge=1, le=MOST_PARTS)

    class Head(BaseModel):
        model_config = ConfigDict(extra="forbid", strict=True)
        to: list[str] | str = []
        at: str | datetime | None = None
        link: str | None = None
        reply_to: str | None = None
        campaign: str | None = None
        media: list[Medium] = []
        thread: bool = False
        numbered: bool = False

    try:
        return Head.model_validate(loads(source)).model_dump()
    except NotToml as problem:
        _refuse(path, [((problem.line or 1) + 1, problem.detail.rstrip("."))])
    except ValidationError as problem:
        told = {
            _wrong(source, [str(part) for part in one["loc"]])
            for one in problem.errors(include_url=False, include_input=False)
        }
        _refuse(path, sorted(told))


def _refuse(path: Path, told: Sequence[tuple[int, str]]) -> NoReturn:
    """Raise DraftInvalid for the first of what is wrong, by line; its `problems` are all."""
    problems = [DraftInvalid(path=path, line=line, detail=detail) for line, detail in told]
    raise DraftInvalid(path=path, line=told[0][0], detail=told[0][1], problems=problems)


def _wrong(source: str, where: list[str]) -> tuple[int, str]:
    """Return line and what is allowed at a place of the head; the line is that of its key, of a file that of its
    table."""
    key = where[0]
    tables = [number for number, line in enumerate(source.split("\n"), 2) if re.match(r"\s*\[\[media\]\]", line)]
    place = int(where[1]) if key == "media" and len(where) > 1 and where[1].isdecimal() else None
    line = 2
    if place is not None and place < len(tables):
        line = tables[place]
    else:
        named = re.compile(rf"""\s*(?:\[+\s*)?["']?{re.escape(key)}["']?\s*[=\].]""")
        line = next((number for number, one in enumerate(source.split("\n"), 2) if named.match(one)), line)
    unknown = marked(f"there is no {key}; allowed are {_KEYS}")
    return line, _ALLOWED.get(key, unknown)


def _campaign(given: str | None, head: str, path: Path) -> str | None:
    try:
        return None if given is None else campaign_name(given)
    except errors.UsageError:
        _refuse(path, [_wrong(head, ["campaign"])])


def _instant(value: str | datetime | None) -> str | None:
    if isinstance(value, date | time | datetime):
        return value.isoformat()
    return value


# ── the body ─────────────────────────────────────────────────────────────────────────────────────────────


def _body(lines: list[str], first: int, path: Path) -> tuple[str, dict[str, str]]:
    texts: dict[str, list[str]] = {"": []}
    current = ""
    for number, line in enumerate(lines[first:], first + 1):
        fence = _FENCE.fullmatch(line)
        if fence is None:
            _require_text(line, number, path)
            texts[current].append(line[1:] if _ESCAPED.match(line) else line)
            continue
        current = _named(fence[1] or "", number, path)
        if current in texts:
            raise DraftInvalid(path=path, line=number, detail=f"there is a text for {current} already")
        texts[current] = []
    found = {name: "\n".join(text).strip("\n") for name, text in texts.items()}
    return found.pop(""), found


def _require_text(line: str, number: int, path: Path) -> None:
    """Refuse what is almost a line `+++ facebook`: all below it would go to those who get the text above."""
    from socialguard.networks.interface import names

    found = _ALMOST.fullmatch(line)
    whom = found[1].lower() if found else ""
    if whom.partition(":")[0] in names():
        detail = f"a text for others begins with a line {FENCE} {whom}, written so; \\{FENCE} is text"
        raise DraftInvalid(path=path, line=number, detail=detail)


def _named(name: str, line: int, path: Path) -> str:
    """Return whom a variant is for, if there can be such an account or network."""
    from socialguard.networks.interface import names

    if ":" in name:
        try:
            return str(AccountName.parse(name))
        except errors.UsageError as problem:
            raise DraftInvalid(path=path, line=line, detail=problem.message().rstrip(".")) from None
    if name not in names():
        allowed = ", ".join(names())
        detail = f"after {FENCE} stands whom the text is for: a network ({allowed}), or an account (x:@acme)"
        raise DraftInvalid(path=path, line=line, detail=detail)
    return name


def _escaped(text: str, divide: Divide) -> str:
    def line(one: str) -> str:
        hides = _FENCE.fullmatch(one) or _ESCAPED.match(one) or _ALMOST.fullmatch(one)
        return f"\\{one}" if hides or (divide is Divide.NOWHERE and _RULE.fullmatch(one)) else one

    return "\n".join(line(one) for one in text.split("\n"))


def _toml(value: object) -> str:
    """JSON's strings and lists of strings are TOML's, but for this one control character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
