"""Text from outside reaches no terminal, pipe, CSV or JSON reader with a character that acts on it."""

import csv
import io
import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from socialguard.cli import printing, prompts, words
from socialguard.cli.printing import Printer, csv_cell, csv_plain, json_text, plain
from socialguard.model.account import AccountName
from socialguard.model.challenge import Challenge, Target
from socialguard.model.credential import Credential

NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\u200b\x9b31m\r\n\x00\x7f\ud800[red]bold[/red]:smile:\U000e0041"
)
ANY = st.text(st.characters(), max_size=200) | st.sampled_from([HOSTILE, HOSTILE * 30])


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return that it is."""
        return True


Say = Callable[[Printer, str], object]
PRINTERS: dict[str, Say] = {
    "line": lambda printer, text: printer.line(text),
    "lines": lambda printer, text: printer.lines([text, text]),
    "say": lambda printer, text: printer.say("Not {expected}. Nothing was sent.", expected=text),
    "note": lambda printer, text: printer.note("Not {expected}. Nothing was sent.", expected=text),
    "note_line": lambda printer, text: printer.note_line(text),
    "card": lambda printer, text: printer.card([text]),
    "table": lambda printer, text: printer.table([text, "b"], [[text, 1], [None, text]]),
    "facts": lambda printer, text: printer.facts([(text, text), ("b", None)]),
    "switch": lambda printer, text: printer.card([*prompts.card(challenge("switch", text), now=NOW),
                                                  prompts.question(challenge("switch", text))]),
    "secure": lambda printer, text: printer.card([*prompts.card(challenge("secure", text), now=NOW),
                                                  prompts.question(challenge("secure", text))]),
    "several": lambda printer, text: printer.card([*prompts.card(challenge("several", text), now=NOW),
                                                   prompts.question(challenge("several", text))]),
    "unknown": lambda printer, text: printer.card([*prompts.unknown(text, text, text), prompts.stopped(text)]),
}  # fmt: skip


def challenge(kind: str, text: str) -> Challenge:
    """A challenge in which everything that can come from outside is `text`."""
    target = Target(
        account=text,
        short_name=text,
        client=text,
        display_name=text,
        followers=3,
        archive_age_s=60,
        last_posts=((text, NOW), (text, NOW)),
        text=text,
        length=5,
        limit=280,
        media=((text, NOW, text),),
        when=None,
        grace_s=10,
        price_micros=0,
        zone=text[:50],
    )
    return Challenge(kind, text, text, (target, target), text, "K7Q2")  # type: ignore[arg-type]


def acting(text: str, *, colours: bool = False) -> set[str]:
    """Return the characters of what was printed that act on a terminal or hide (our own bold is none)."""
    if colours:
        text = text.replace("\x1b[1m", "").replace("\x1b[0m", "")
    return {
        char
        for char in text
        if char != "\n"
        and char != "\u200d"
        and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    }


@pytest.mark.parametrize("name", PRINTERS)
@given(text=ANY)
@example(text=HOSTILE)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_printer_lets_text_from_outside_act(name: str, text: str) -> None:
    for stream in (io.StringIO, Terminal):
        out, err = stream(), stream()
        PRINTERS[name](Printer(out=out, err=err, width=60), text)
        assert acting(out.getvalue() + err.getvalue(), colours=stream is Terminal) == set()
        assert out.getvalue() + err.getvalue()


@pytest.mark.parametrize("name", PRINTERS)
def test_a_megabyte_is_bounded(name: str) -> None:
    out, err = io.StringIO(), io.StringIO()
    PRINTERS[name](Printer(out=out, err=err), "\u202e" * 1_000_000)
    assert len(out.getvalue() + err.getvalue()) < 250_000


def test_markup_is_shown_and_not_obeyed() -> None:
    out = Terminal()
    Printer(out=out, width=80).table(["name"], [["[bold red]x[/] :smile: https://x.com"]])
    assert "[bold red]x[/] :smile: https://x.com" in out.getvalue()


def test_no_color_and_a_pipe_get_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    def printed(stream: io.StringIO) -> str:
        Printer(out=stream, width=80).table(["name"], [["a"]])
        return stream.getvalue()

    assert "\x1b" in printed(Terminal())
    assert "\x1b" not in printed(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in printed(Terminal())


def test_a_table_keeps_to_the_terminal_and_is_whole_in_a_pipe() -> None:
    rows = [["x:@acme", "word " * 40], ["日本語", "é"]]
    shown, piped = Terminal(), io.StringIO()
    Printer(out=shown, width=50).table(["account", "text"], rows)
    Printer(out=piped, width=50).table(["account", "text"], rows)
    assert all(
        len(line.replace("\x1b[1m", "").replace("\x1b[0m", "")) <= 50 for line in shown.getvalue().split("\n")
    )
    assert piped.getvalue().split("\n")[1] == "x:@acme  " + ("word " * 40).rstrip()
    assert piped.getvalue().split("\n")[2] == "日本語   é"


def test_with_json_people_are_told_nothing_on_stdout_and_there_is_one_document() -> None:
    out = io.StringIO()
    printer = Printer(as_json=True, out=out)
    printer.line("x")
    printer.say("yesterday")
    printer.table(["a"], [["b"]])
    printer.facts([("a", "b")])
    printer.answer({"a": 1}, lambda: pytest.fail("people were told"))
    assert out.getvalue() == '{"a": 1}\n'
    with pytest.raises(RuntimeError):
        printer.json_out({})


@given(ANY)
@example(HOSTILE)
def test_json_comes_back_as_it_was_and_acts_on_no_terminal(text: str) -> None:
    for indent in (None, 2):
        shown = json_text({text: [text]}, indent)
        assert json.loads(shown) == {text: [text]}
        assert acting(shown.replace("\u200d", "")) == set()
        shown.encode("utf-8")


class Colour(StrEnum):
    """Two of them."""

    RED = "red"


@dataclass(frozen=True, slots=True)
class Value:
    """One value of each kind."""

    name: AccountName
    at: datetime
    colour: Colour
    path: Path
    tags: frozenset[str]
    inner: tuple[int, ...] = (1, 2)
    nothing: None = None


def test_values_become_plain_json_in_the_order_of_their_fields() -> None:
    value = Value(AccountName("x", "acme"), NOW, Colour.RED, Path("/a"), frozenset({"b", "a"}))
    assert json_text({"one": value}) == (
        '{"one": {"name": "x:@acme", "at": "2026-11-27T10:00:00.000000Z", "colour": "red", "path": "/a", '
        '"tags": ["a", "b"], "inner": [1, 2], "nothing": null}}'
    )


@pytest.mark.parametrize("value", [b"bytes", object(), Credential("x", "oauth1", {"consumer_key": "k" * 20})])
def test_what_is_not_for_printing_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="is not for printing"):
        plain({"value": [value]})


@pytest.mark.parametrize("cell", ["=1+1", "+49 30", "-x", "@acme", "\tx", "\rx", "'=x", "''@x", "\\tx"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(cell: str) -> None:
    assert csv_cell(cell).startswith("'")
    assert csv_plain(csv_cell(cell)) == words.fill("{cell}", {"cell": cell})


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), max_size=50))
def test_the_apostrophe_is_taken_away_again_and_no_other(text: str) -> None:
    assert csv_plain(csv_cell(text)) == text


@given(ANY)
@example(HOSTILE)
def test_a_cell_holds_nothing_that_acts(text: str) -> None:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([csv_cell(text), csv_cell(-5), csv_cell(None), csv_cell(NOW)])
    assert acting(buffer.getvalue().replace("\r\n", "")) == set()
    [row] = csv.reader(io.StringIO(buffer.getvalue()))
    assert row[1:] == ["-5", "", "2026-11-27T10:00:00.000000Z"]
    assert not row[0].startswith(tuple("=+-@\t\r"))


def test_the_width_is_that_of_the_terminal_or_eighty(monkeypatch: pytest.MonkeyPatch) -> None:
    assert printing.terminal_width(io.StringIO()) == 80
    monkeypatch.setenv("COLUMNS", "132")
    assert printing.terminal_width(io.StringIO()) == 132


STATUS = (
    ["account", "client", "last post", "next post", "queue", "credential", "backup", "alerts"],
    [
        "facebook:@acme",
        "Ville de Lyon",
        "2026-11-28 09:00",
        "2026-12-04 10:00",
        "3",
        "ends in 58 days",
        "2 days",
        "1",
    ],
    1,
)
AUDIT = (
    ["entry", "when (UTC)", "who", "what", "account", "outcome", "reason"],
    [
        "1024",
        "2026-11-30 10:21:35",
        "Marie",
        "credential.export",
        "facebook:@globex",
        "network_refused",
        "yearly copy",
    ],
    6,
)


@pytest.mark.parametrize(("heads", "row", "spare"), [STATUS, AUDIT], ids=["status", "audit list"])
def test_a_narrow_terminal_does_without_the_spare_column_and_cuts_no_word(
    heads: list[str], row: list[str], spare: int
) -> None:
    narrow, wide, piped = Terminal(), Terminal(), io.StringIO()
    assert Printer(out=narrow, width=80).table(heads, [row], spare)
    assert not Printer(out=wide, width=160).table(heads, [row], spare)
    assert not Printer(out=piped, width=80).table(heads, [row], spare)
    kept = [cell for i, cell in enumerate([*heads, *row]) if i % len(heads) != spare]
    for word in " ".join(kept).split():
        assert word in narrow.getvalue(), word
    assert row[spare] not in narrow.getvalue()
    assert row[spare] in wide.getvalue()
    assert row[spare] in piped.getvalue()


def test_a_table_breaks_between_words_where_there_is_room() -> None:
    """Ids and days are copied from a terminal: none is cut in two while the words of all columns fit."""
    out = Terminal()
    row = [
        "m-518f307d5b6f",
        "worker of Acme",
        "author (contractor)",
        "active",
        "2026-11-30",
        "Marie",
        "3",
        "by phone",
    ]
    heads = ["id", "name", "role", "status", "since", "by", "accounts", "identity checked"]
    Printer(out=out, width=86).table(heads, [row])
    for word in " ".join(row).split():
        assert word in out.getvalue(), word


def test_what_a_row_is_called_by_is_cut_in_no_terminal_that_has_room_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`backup show` takes what `backup list` calls an item, and X's ids have 19 digits."""
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    item = "x:@acme0/2127511252681885488"
    row = [item, "2026-11-30 21:13 UTC", "mention", "fan", "Word 2 to @acme: https://t.co/a1b2c3d4e5 ça va?"]
    Printer(out=out, width=80).table(["item", "made", "kind", "author", "text"], [row])
    assert item in out.getvalue()
    assert all(len(line) <= 80 for line in out.getvalue().splitlines())
