"""`draft list`, `draft show`: no text is lost, and it can be found again."""

from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import Office, office

__all__ = ["office"]


def drafts(office: Office, *options: str) -> list[shapes.DraftFields]:
    """What `draft list` shows."""
    return shown(office.cli("draft", "list", *options, "--json"), shapes.Drafts).drafts


def test_what_stopped_a_post_keeps_its_text(office: Office) -> None:
    text = "Ünïcode ☕\n\nsecond line"
    refused = office.cli("post", text, "--to", "x:@acme", "--json")
    assert refused.code == 10
    (kept,) = drafts(office)
    assert (kept.text, kept.to, kept.author, kept.deliveries) == (text, ["x:@acme"], "Marie", [])
    again = shown(office.cli("draft", "show", kept.id, "--json"), shapes.OneDraft).draft
    assert again == kept


def test_drafts_of_which_something_went_out_can_be_left_out(office: Office) -> None:
    office.cli("post", "Refused", "--to", "x:@acme", "--json")
    office.post("Sent")
    assert [one.text for one in drafts(office)] == ["Sent", "Refused"]
    assert [one.text for one in drafts(office, "--unsent")] == ["Refused"]
    assert [one.state for one in drafts(office)[0].deliveries] == ["sent"]


def test_pages_of_drafts_follow_each_other(office: Office) -> None:
    for index in range(3):
        office.cli("post", f"Draft {index}", "--to", "x:@acme", "--json")
    first = shown(office.cli("draft", "list", "--limit", "2", "--json"), shapes.Drafts)
    assert [one.text for one in first.drafts] == ["Draft 2", "Draft 1"]
    assert first.more is not None
    assert [one.text for one in drafts(office, "--before", first.more)] == ["Draft 0"]


def test_a_draft_that_is_not_there_is_exit_5(office: Office) -> None:
    for name in ("d-999", "nonsense", "d-99999999999999999999999", "d--1"):
        done = office.cli("draft", "show", name, "--json")
        assert (done.code, "draft list" in done.error["remedy"]) == (5, True), name


def test_a_hostile_draft_acts_on_no_terminal(office: Office) -> None:
    office.cli("post", "-", "--to", "x:@acme", "--json", stdin="a\x1b[31mb\u202ec\nFAKE")
    listed = office.cli("draft", "list")
    shown_one = office.cli("draft", "show", "d-1")
    for said in (listed.stdout, shown_one.stdout):
        assert "\x1b" not in said
        assert "\u202e" not in said
    assert "a\\x1b[31mb\\u202ec" in shown_one.stdout


def test_a_draft_keeps_its_image_wherever_it_is_posted_from(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another file of that name would be another picture."""
    for name, colour in (("here", "red"), ("there", "blue")):
        (tmp_path / name).mkdir()
        Image.new("RGB", (8, 8), colour).save(tmp_path / name / "photo.png")
    monkeypatch.chdir(tmp_path / "here")
    words = (
        "post",
        "See",
        "--to",
        "x:@acme",
        "--media",
        "photo.png",
        "--alt",
        "A square",
        "--grace",
        "0",
        "--json",
    )
    draft = office.cli(*words).error["draft"]
    monkeypatch.chdir(tmp_path / "there")
    done = office.cli("post", "--draft", draft, "--confirm", "x:@acme", "--grace", "0", "--json")
    assert done.code == 0, done
    (sent,) = office.sandbox.posts("x", "acme")
    assert sent["media"][0]["sha256"] == sha256((tmp_path / "here" / "photo.png").read_bytes()).hexdigest()
