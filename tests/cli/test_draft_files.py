"""`post --file`, `post --draft`, `draft new`, `draft edit`: drafts as files, with a text for each account."""

import stat
from pathlib import Path

import pexpect
import pytest
from PIL import Image

from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import SHORT_NAMES, Done, Office, office
from tests.shapes import Deliveries, DryRun, failed
from tests.shapes import shown as seen

__all__ = ["office"]

BOTH = ("--confirm", "x:@acme", "--confirm", "facebook:@acme", "--grace", "0", "--json")
DRAFT = """\
+++
to = ["x:@acme", "facebook:@acme"]
campaign = "spring"
+++
Short for X.
---
And more.

+++ facebook
At length for the Page.
"""


def write(tmp_path: Path, text: str, name: str = "draft.md") -> str:
    """Write a draft's file and return its name."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_each_account_gets_its_own_text(office: Office, tmp_path: Path) -> None:
    done = seen(office.cli("post", "--file", write(tmp_path, DRAFT), *BOTH), Deliveries)
    assert [one.state for one in done.deliveries] == ["sent", "sent", "sent"]
    assert office.published("x") == ["Short for X.", "And more."]
    assert office.published("facebook") == ["At length for the Page."]
    kept = shown(office.cli("draft", "show", done.deliveries[0].draft, "--json"), shapes.OneDraft).draft
    assert (kept.variants, kept.campaign, kept.divide) == (
        {"facebook": "At length for the Page."},
        "spring",
        "lines",
    )


def test_an_account_counts_before_its_network_and_a_missing_variant_is_noted(
    office: Office, tmp_path: Path
) -> None:
    text = '+++\nto = ["x:@acme", "x:@globex", "facebook:@acme"]\n+++\nAll\n+++ x\nX\n+++ x:@globex\nGlobex\n'
    found = seen(office.cli("post", "--file", write(tmp_path, text), "--dry-run", "--json"), DryRun)
    assert [(one.account, one.text) for one in found.candidates] == [
        ("x:@acme", "X"),
        ("x:@globex", "Globex"),
        ("facebook:@acme", "All"),
    ]
    assert [(one.check, one.severity, one.account) for one in found.findings] == [
        ("variant", "note", "facebook:@acme")
    ]


def test_a_text_for_an_account_that_gets_nothing_is_noted(office: Office, tmp_path: Path) -> None:
    """A slip in its name would else let the common text go out in silence."""
    text = '+++\nto = ["x:@acme"]\n+++\nAll\n+++ x:@acmee\nAcme\n'
    found = seen(office.cli("post", "--file", write(tmp_path, text), "--dry-run", "--json"), DryRun)
    assert [(one.account, one.message.partition(":")[0]) for one in found.findings] == [
        ("x:@acme", "has no variant of its own"),
        ("x:@acmee", "has a text of its own, and is not among the accounts"),
    ]


def test_a_missing_variant_is_never_cut_to_fit(office: Office, tmp_path: Path) -> None:
    text = f'+++\nto = "x:@acme"\n+++\n{"long " * 80}\n+++ facebook\nFor the Page\n'
    found = seen(office.cli("post", "--file", write(tmp_path, text), "--dry-run", "--json"), DryRun, 11)
    assert [(one.check, one.severity) for one in found.findings] == [("variant", "note"), ("length", "block")]


def test_media_stand_beside_the_file_and_options_count_before_it(office: Office, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "cups.png")
    head = '+++\nto = "x:@acme"\nat = "in 2 hours"\n[[media]]\nfile = "cups.png"\nalt = "Cups"\n+++\nHello'
    name = write(tmp_path, head)
    done = office.cli("post", "--file", name, "--at", "in 1 hour", "--confirm", "x:@acme", "--json")
    whole = office.cli("queue", "show", done.deliveries[0]["id"], "--json").document["delivery"]
    assert whole["media"] == [{"file": "cups.png", "alt": "Cups"}]
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+3700s").deliveries[0]["state"] == "sent"


def test_an_image_belongs_to_its_part_and_to_a_single_post(office: Office, tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "cups.png")
    medium = '[[media]]\nfile = "cups.png"\nalt = "Cups"\npart = 2\n'
    head = f'+++\nto = ["x:@acme", "facebook:@acme"]\n{medium}+++\n'
    name = write(tmp_path, f"{head}One\n---\nTwo\n+++ facebook\nWhole")
    done = seen(office.cli("post", "--file", name, *BOTH), Deliveries)
    files = [
        office.cli("queue", "show", one.id, "--json").document["delivery"]["media"] for one in done.deliveries
    ]
    assert [[one["file"] for one in each] for each in files] == [[], ["cups.png"], ["cups.png"]]
    wrong = office.cli("post", "--file", write(tmp_path, f"{head.replace('2', '3')}One\n---\nTwo"), *BOTH)
    assert (wrong.code, wrong.error["name"]) == (2, "no_such_part"), wrong


def test_a_long_text_becomes_a_numbered_thread_on_request(office: Office, tmp_path: Path) -> None:
    text = " ".join(f"This is sentence number {number} of a long story." for number in range(16))
    name = write(tmp_path, text, "story.txt")
    words = ("post", "--file", name, "--to", "x:@acme", "--dry-run", "--json")
    assert office.cli(*words).code == 11
    found = seen(office.cli(*words, "--thread", "--numbered"), DryRun)
    assert all(one.length <= one.limit for one in found.candidates)
    assert [one.text[-6:] for one in found.candidates] == [f" ({n}/3)"[-6:] for n in (1, 2, 3)]
    assert all(one.text[:-6].rstrip().endswith("story.") for one in found.candidates)
    assert " ".join(one.text[:-6] for one in found.candidates) == text


def test_lines_of_hyphens_in_a_plain_text_stay_text(office: Office, tmp_path: Path) -> None:
    name = write(tmp_path, "one\n---\ntwo", "plain.md")
    assert office.cli("post", "--file", name, "--to", "x:@acme", *BOTH[:2], "--grace", "0", "--json").code == 0
    assert office.published("x") == ["one\n---\ntwo"]


def test_a_head_in_yaml_is_refused_and_never_posted(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "spring.md"
    file.write_text("---\nto: x:@acme\ntitle: Spring\n---\nHello\n", encoding="utf-8")
    done = office.cli(
        "post", "--file", str(file), "--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0", "--json"
    )
    assert "+++" in failed(done, 2, "draft_invalid").message
    assert office.published() == []


def test_a_mistake_in_the_file_is_told_with_its_line(office: Office, tmp_path: Path) -> None:
    name = write(tmp_path, "+++\nto = []\ntoo = 1\n+++\nHello")
    done = office.cli("post", "--file", name, "--json")
    assert (done.code, done.error["name"]) == (2, "draft_invalid")
    assert "line 3: there is no too" in done.error["message"]


@pytest.mark.parametrize("words", [("text", "--draft", "d-1"), ("--draft", "d-1", "--then", "more")])
def test_one_source_of_the_text_is_enough(office: Office, words: tuple[str, ...]) -> None:
    assert office.cli("post", *words, "--to", "x:@acme", "--json").code == 2


def test_a_post_without_accounts_is_refused(office: Office, tmp_path: Path) -> None:
    assert office.cli("post", "Hello", "--json").code == 2
    assert office.cli("post", "--file", write(tmp_path, "+++\n+++\nHello"), "--json").code == 2


def test_a_draft_is_kept_and_posted_later(office: Office, tmp_path: Path) -> None:
    kept = shown(office.cli("draft", "new", "--file", write(tmp_path, DRAFT), "--json"), shapes.OneDraft).draft
    assert office.published() == []
    done = seen(office.cli("post", "--draft", kept.id, *BOTH), Deliveries)
    assert {one.draft for one in done.deliveries} == {kept.id}
    assert office.published("x") == ["Short for X.", "And more."]
    assert office.cli("post", "--draft", "d-99", *BOTH).code == 5


# ── the editor ───────────────────────────────────────────────────────────────────────────────────────────


def editing(office: Office, tmp_path: Path, script: str, *words: str) -> Done:
    """Run a command in a terminal whose editor is a shell script on the file; the output is all of stdout."""
    editor = tmp_path / "editor"
    editor.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/seen\n{script}\n', encoding="utf-8")
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    child = office.terminal(*words, EDITOR=str(editor), VISUAL="")
    child.expect(pexpect.EOF)
    child.close()
    return Done(child.exitstatus or 0, str(child.before), "")


def drafts(office: Office) -> list[shapes.DraftFields]:
    """All drafts, newest first."""
    return shown(office.cli("draft", "list", "--json"), shapes.Drafts).drafts


def test_a_draft_is_written_in_the_editor(office: Office, tmp_path: Path) -> None:
    done = editing(office, tmp_path, 'echo "Hello" >> "$1"', "draft", "new", "--to", "x:@acme")
    assert (done.code, "post --draft d-1" in done.stdout) == (0, True), done
    assert (tmp_path / "seen").read_text(encoding="utf-8").startswith('+++\nto = ["x:@acme"]\n+++\n')
    (kept,) = drafts(office)
    assert (kept.text, kept.to) == ("Hello", ["x:@acme"])


def test_a_text_is_taken_from_the_editor_without_what_an_editor_adds(office: Office, tmp_path: Path) -> None:
    script = r"""printf '\357\273\277One\r\nTwo\r\n' > "$1" """
    assert editing(office, tmp_path, script, "post", "--to", "unknown").code == 5
    (kept,) = drafts(office)
    assert kept.text == "One\nTwo"


def test_an_editor_that_saves_in_another_encoding_is_refused_and_nothing_is_lost(
    office: Office, tmp_path: Path
) -> None:
    """What cannot be read would be posted as question marks."""
    done = editing(office, tmp_path, r"""printf 'caf\351' > "$1" """, "post", "--to", "x:@acme")
    assert (done.code, "The text is not UTF-8. Save it as UTF-8." in " ".join(done.stdout.split())) == (2, True)
    (unsent,) = office.home.glob("unsent-*.txt")
    assert unsent.read_text(encoding="utf-8") == "café\n"


def test_a_draft_of_which_nothing_was_made_changes_in_place(office: Office, tmp_path: Path) -> None:
    office.cli("draft", "new", "one\n---\ntwo", "--to", "x:@acme", "--json")
    assert editing(office, tmp_path, "sed -i s/two/three/ $1", "draft", "edit", "d-1").code == 0
    (kept,) = drafts(office)
    assert (kept.id, kept.text) == ("d-1", "one\n\\---\nthree")
    assert office.cli("post", "--draft", "d-1", *BOTH[:2], "--grace", "0", "--json").code == 0
    assert office.published() == ["one\n---\nthree"]


def test_a_draft_that_was_posted_stays_as_it_was(office: Office, tmp_path: Path) -> None:
    office.post("Posted")
    assert editing(office, tmp_path, "sed -i s/Posted/Again/ $1", "draft", "edit", "d-1").code == 0
    assert [(one.id, one.text) for one in drafts(office)] == [("d-2", "Again"), ("d-1", "Posted")]


def test_what_the_editor_left_unchanged_changes_nothing(office: Office, tmp_path: Path) -> None:
    office.cli("draft", "new", "Hello", "--to", "x:@acme", "--json")
    done = editing(office, tmp_path, "true", "draft", "edit", "d-1")
    assert (done.code, "Nothing was changed" in done.stdout) == (3, True)


def test_a_file_that_was_emptied_in_the_editor_changes_nothing(office: Office, tmp_path: Path) -> None:
    office.cli("draft", "new", "Hello", "--to", "x:@acme", "--json")
    done = editing(office, tmp_path, ": > $1", "draft", "edit", "d-1")
    assert (done.code, "Nothing was changed" in done.stdout) == (3, True)
    assert [one.text for one in drafts(office)] == ["Hello"]


def test_what_cannot_be_used_is_kept_as_it_was_written(office: Office, tmp_path: Path) -> None:
    office.cli("draft", "new", "Hello", "--to", "x:@acme", "--json")
    broken = editing(office, tmp_path, "sed -i 's/^to/too/' $1", "draft", "edit", "d-1")
    assert (broken.code, "draft edit d-2" in broken.stdout) == (2, True), broken
    assert broken.stdout.lstrip().startswith("d-2, line 2: "), broken  # there is no file to name
    assert editing(office, tmp_path, "sed -i 's/^too/to/' $1", "draft", "edit", "d-2").code == 0
    assert (drafts(office)[0].text, drafts(office)[0].to) == ("Hello", ["x:@acme"])


def test_the_card_of_a_thread_shows_every_part_before_it_asks_once(office: Office, tmp_path: Path) -> None:
    child = office.terminal("post", "First", "--then", "Second", "--to", "x:@acme", "--grace", "0")
    child.expect_exact("1/2")
    child.expect_exact("2/2")
    child.expect_exact("Enter stops:")
    child.sendline(SHORT_NAMES["x:@acme"])
    child.expect(pexpect.EOF)
    child.close()
    assert (child.exitstatus, office.published()) == (0, ["First", "Second"])


def test_the_parts_of_a_thread_are_listed_in_their_order(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "thread.md"
    parts = [f"Part {number}" for number in range(8)]
    path.write_text('+++\nto = ["x:@acme"]\nat = "in 3 days"\n+++\n' + "\n---\n".join(parts), encoding="utf-8")
    assert office.cli("post", "--file", str(path), "--confirm", "x:@acme").code == 0
    assert [row["thread"]["part"] for row in office.queue()] == list(range(1, 9))


def test_all_that_is_wrong_in_a_head_is_told_at_once(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "draft.md"
    file.write_text('+++\nto = ["x:@acme"]\nnumbered = "yes"\ncampain = "a"\n[[media]]\npart = 0\n+++\nHello')
    error = failed(office.cli("draft", "new", "--file", str(file), "--json"), 2, "draft_invalid")
    assert error.problems is not None
    assert [one.line for one in error.problems] == [3, 4, 5]
    assert error.message == error.problems[0].message
    told = office.cli("draft", "new", "--file", str(file)).stderr.splitlines()
    assert [line.partition(": ")[0].rpartition(", ")[2] for line in told] == ["line 3", "line 4", "line 5"]


def test_a_head_that_is_no_toml_is_one_of_the_problems_with_its_line(office: Office, tmp_path: Path) -> None:
    file = tmp_path / "draft.md"
    file.write_text('+++\nto = ["x:@acme"]\nat = friday\n+++\nHello')
    error = failed(office.cli("draft", "new", "--file", str(file), "--json"), 2, "draft_invalid")
    assert error.problems is not None
    assert [(one.line, one.message) for one in error.problems] == [(3, error.message)]
