"""Keep the message catalogue in step with the sources: `python -m tests.catalogue` refreshes .pot, .po and .mo.

It prints what still needs a translation; write it into the .po by hand and run this again. Three kinds of
messages are found: sentences that the command line looks up, the docstring and remedy of every error, and phrases
(what is `marked`, and the details, hints and remedies given to an error) that the rooms below the command line
make, with their values as `{fields}`."""

import ast
import importlib
import io
import pkgutil
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import socialguard
from socialguard import errors
from socialguard.cli import words
from socialguard.model.account import AccountState
from socialguard.model.delivery import State
from socialguard.model.finding import Severity
from socialguard.registry.signed import Right, Role, Status

ROOT: Final = Path(socialguard.__file__).parent
POT: Final = words.LOCALE / f"{words.DOMAIN}.pot"
PO: Final = words.LOCALE / "fr" / "LC_MESSAGES" / f"{words.DOMAIN}.po"
MO: Final = PO.with_suffix(".mo")

# The sandbox is a program of its own, and what migrations say is for whoever reads a traceback.
_OUTSIDE: Final = ("sandbox", "store/migrations")
LOOKED_UP: Final = {"_", "say", "note", "later", "tell"}
_COUNTED: Final = {"plural", "counted"}
_PHRASE_FIELDS: Final = {"detail", "what", "fix", "hint", "kind", "remedy", "cause"}
# Calls with a phrase among their arguments that have no names, and its place.
_PHRASE_ARGUMENTS: Final = {"Problem": 1, "tampered": 1, "Text": 2, "Whole": 3}
_STABLE: Final = datetime(2026, 1, 1, tzinfo=UTC)  # a refresh then changes only what changed

# What click says about a command line, with its values open.
CLICK_PHRASES: Final = (
    "Missing command.",
    "No such command '{name}'.",
    "No such command '{name}'. Did you mean {possibility}?",
    "No such command '{name}'. (Did you mean one of: {possibilities}?)",
    "No such option '{name}'.",
    "No such option '{name}'. Did you mean {possibility}?",
    "No such option '{name}'. (Did you mean one of: {possibilities}?)",
    "Missing option '{name}'.",
    "Missing argument '{name}'.",
    "Option '{name}' requires an argument.",
    "Option '{name}' does not take a value.",
    "Option '{name}' requires {count} arguments.",
    "Got unexpected extra argument ({arguments})",
    "Got unexpected extra arguments ({arguments})",
    "Invalid value for '{name}': {problem}",
    "'{value}' is not one of {choices}.",
    "'{value}' is not a valid integer.",
    "'{value}' is not a valid integer range.",
    "'{value}' is not a valid float.",
    "{value} is not in the range {range}.",
    "File '{name}' does not exist.",
    "File '{name}' is a directory.",
    "Directory '{name}' is a file.",
    "File '{name}' is not readable.",
)


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """One message: its singular, its plural or '', its context or '', and the file that has it."""

    singular: str
    plural: str
    context: str
    place: str


def extracted() -> list[Found]:
    """Return every message of the sources, sorted, each once."""
    found: dict[tuple[str, str], Found] = {}
    for one in [*_errors(), *_sources(), *_words_of_values(), *_said_by_click()]:
        if _has_words(one.singular):
            found.setdefault((one.context, one.singular), one)
    return sorted(found.values())


def _words_of_values() -> Iterator[Found]:
    """What is shown by its name; most of it also stands in what the rooms below say."""
    for kind in (State, Severity, AccountState, Role, Right, Status):
        for value in kind:
            place = kind.__module__.replace(".", "/") + ".py"
            yield Found(value.value, "", "", place)
            if kind not in (Severity, AccountState):
                yield Found(value.value, "", words.PHRASE, place)


def _said_by_click() -> Iterator[Found]:
    for text in CLICK_PHRASES:
        yield Found(text, "", words.PHRASE, "click")


def _errors() -> Iterator[Found]:
    for module in pkgutil.walk_packages([str(ROOT)], "socialguard."):
        if not module.name.endswith("__main__") and not _is_outside(
            module.name.removeprefix("socialguard.").replace(".", "/")
        ):
            importlib.import_module(module.name)
    waiting = [errors.SocialGuardError]
    while waiting:
        kind = waiting.pop()
        waiting.extend(kind.__subclasses__())
        if kind.__module__.startswith("socialguard."):
            place = kind.__module__.replace(".", "/") + ".py"
            for text in (kind.__doc__ or "", kind.remedy):
                yield Found(re.sub(r"\s*\n\s*", " ", text.strip()), "", "", place)


def _sources() -> Iterator[Found]:
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if _is_outside(name):
            continue
        place = f"socialguard/{name}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                if name.startswith("cli/"):
                    yield from _looked_up(node, place)
                yield from _phrases(node, place)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield from _kept_phrases(node, place)


def _looked_up(call: ast.Call, place: str) -> Iterator[Found]:
    name = _called(call)
    given = [arg.value if isinstance(arg, ast.Constant) else None for arg in call.args[:2]]
    if name in _COUNTED and len(given) == 2 and not place.endswith("cli/words.py"):
        one, many = given
        assert isinstance(one, str)
        assert isinstance(many, str)
        yield Found(one, many, "", place)
    elif name in LOOKED_UP and given and isinstance(given[0], str):
        yield Found(given[0], "", "", place)


def _phrases(call: ast.Call, place: str) -> Iterator[Found]:
    name = _called(call)
    given = [keyword.value for keyword in call.keywords if keyword.arg in (*_PHRASE_FIELDS, "form")]
    if name == "marked":
        given = call.args
    elif name in _PHRASE_ARGUMENTS:
        given += call.args[_PHRASE_ARGUMENTS[name] :][:1]
    elif not name[:1].isupper() or name == "Challenge":
        return
    for value in given:
        for text in _templates(value):
            yield Found(text, "", words.PHRASE, place)


def _kept_phrases(function: ast.FunctionDef | ast.AsyncFunctionDef, place: str) -> Iterator[Found]:
    """Phrases that wait in a variable of the field's name until the error is raised."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        if node.targets[0].id in _PHRASE_FIELDS:
            for text in _templates(node.value):
                yield Found(text, "", words.PHRASE, place)


def _templates(value: ast.expr) -> Iterator[str]:
    """Yield the texts that an expression may become, a value of an f-string as a `{field}`."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, (ast.JoinedStr, ast.BinOp)):
        yield _template(_joined(value))
    elif isinstance(value, ast.IfExp):
        yield from _templates(value.body)
        yield from _templates(value.orelse)
    elif isinstance(value, ast.BoolOp):
        for part in value.values:
            yield from _templates(part)


def _joined(value: ast.expr) -> list[ast.expr]:
    """Return the parts of an f-string, or of texts that are added up."""
    if isinstance(value, ast.JoinedStr):
        return value.values
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
        return [*_joined(value.left), *_joined(value.right)]
    if isinstance(value, ast.Constant):
        return [value]
    return [ast.FormattedValue(value, -1)]


def _template(parts: list[ast.expr]) -> str:
    text, used = "", set[str]()
    for part in parts:
        if isinstance(part, ast.Constant):
            text += str(part.value).replace("{", "{{").replace("}", "}}")
            continue
        assert isinstance(part, ast.FormattedValue)
        name = _field_name(part.value)
        while not name or name in used:
            name = f"value{len(used) + 1}"
            if name in used:
                name += "_"
        used.add(name)
        text += "{" + name + "}"
    return text


def _field_name(value: ast.expr) -> str:
    if isinstance(value, ast.Name):
        return value.id.strip("_").lower()
    return value.attr.strip("_").lower() if isinstance(value, ast.Attribute) else ""


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _is_outside(name: str) -> bool:
    return any(name == folder or name.startswith(f"{folder}/") for folder in _OUTSIDE)


def _has_words(template: str) -> bool:
    literal = "".join(part for part, *_field in Formatter().parse(template))
    return any(char.isalpha() for char in literal)


def template_catalogue() -> Catalog:
    """Return what the .pot must hold."""
    catalogue = Catalog(project="SocialGuard", charset="utf-8", creation_date=_STABLE, revision_date=_STABLE)
    catalogue.header_comment = "# The messages of SocialGuard."
    for one in extracted():
        key = (one.singular, one.plural) if one.plural else one.singular
        catalogue.add(key, locations=[(one.place, None)], context=one.context or None)  # type: ignore[list-item]
    return catalogue


def french() -> Catalog:
    """Return the .po as it stands."""
    with PO.open("rb") as file:
        return read_po(file, locale="fr")


def untranslated(catalogue: Catalog) -> list[Message]:
    """Return the messages that have no French, or one that a person has not looked at."""
    return [one for one in catalogue if one.id and (one.fuzzy or not one.string or "" in _strings(one))]


def _strings(message: Message) -> tuple[str, ...]:
    return message.string if isinstance(message.string, tuple) else (str(message.string),)


def _written(catalogue: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalogue, width=110, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return buffer.getvalue()


def refresh() -> list[Message]:
    """Write .pot, .po and .mo anew from the sources; return what is untranslated."""
    PO.parent.mkdir(parents=True, exist_ok=True)
    template = template_catalogue()
    POT.write_bytes(_written(template))
    ours = french() if PO.exists() else Catalog(locale="fr", project="SocialGuard", charset="utf-8")
    ours.update(template, no_fuzzy_matching=True)
    ours.creation_date = ours.revision_date = _STABLE
    ours.fuzzy = False
    PO.write_bytes(_written(ours))
    with MO.open("wb") as file:
        write_mo(file, ours)
    return untranslated(ours)


if __name__ == "__main__":
    left = refresh()
    for message in left:
        print(f"{message.context or '-'}: {message.id}")
    print(f"{len(left)} without French")
    sys.exit(1 if left else 0)
