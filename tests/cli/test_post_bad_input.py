"""What cannot be posted is refused in one sentence, with the right exit code, and no text is lost."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.office import ROOT, Office
from tests.office import office as office
from tests.shapes import Deliveries, failed, shown

TO = ("--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0")
HELLO = ("post", "Hello", *TO, "--json")


def png(path: Path) -> str:
    Image.effect_noise((40, 40), 50).save(path)
    return str(path)


def drafts(office: Office) -> list[str]:
    """Return the texts of all drafts, oldest first."""
    from sqlalchemy import select

    from socialguard.store.tables import draft

    with office.entered() as workspace, workspace.database.read() as connection:
        return list(connection.execute(select(draft.c.text).order_by(draft.c.id)).scalars())


def run_bytes(office: Office, *arguments: str | bytes, stdin: bytes = b"") -> tuple[int, str, str]:
    """Run the program with arguments and standard input that may be no UTF-8."""
    done = subprocess.run(
        [sys.executable, "-m", "socialguard", *arguments],
        input=stdin,
        capture_output=True,
        env=office.environment(),
        cwd=ROOT,
        start_new_session=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize(
    ("target", "code", "name", "message"),
    [
        ("x:@nobody", 5, "unknown_account", "There is no account x:@nobody."),
        ("nobody", 5, "unknown_account", "There is no account nobody."),
        ("acm", 5, "unknown_account", "There is no account acm."),
        ("client:nobody", 5, "unknown_account", "There is no account client:nobody."),
        ("label:fr", 5, "unknown_account", "There is no account label:fr."),
        ("x:@ac\u202eme", 2, "usage_error", "holds characters that no handle may have"),
        ("X:acme", 2, "usage_error", "write it as x:@acme"),
    ],
)
def test_an_account_that_does_not_exist(office: Office, target: str, code: int, name: str, message: str) -> None:
    done = office.cli("post", "Hello", "--to", target, "--confirm", target, "--json")
    error = failed(done, code, name)
    assert message in error.message
    assert error.draft == "d-1"
    assert drafts(office) == ["Hello"]


def test_a_name_that_could_be_two_accounts_lists_them(office: Office) -> None:
    error = failed(office.cli("post", "Hello", "--to", "@acme", "--json"), 2, "ambiguous_name")
    assert error.message == "@acme could be facebook:@acme, x:@acme."
    assert error.remedy == "Write the account in full, for example facebook:@acme."


def test_a_post_without_a_target_is_a_usage_error(office: Office) -> None:
    error = failed(office.cli("post", "Hello", "--json"), 2, "usage_error")
    assert "--to" in error.message
    assert office.published() == []


@pytest.mark.parametrize("size", [1_000_001, 10_000_000])
def test_ten_megabytes_on_stdin(office: Office, size: int) -> None:
    error = failed(office.cli("post", "-", *TO, "--json", stdin="x" * size), 2, "usage_error")
    assert "1000000" in error.message
    assert len(error.message) < 200
    assert office.published() == []


def test_an_endless_file_is_not_read_to_its_end(office: Office) -> None:
    error = failed(office.cli("post", "--file", "/dev/zero", *TO, "--json"), 2, "usage_error")
    assert "more than 1000000 characters" in error.message


def test_a_megabyte_is_measured_refused_and_kept(office: Office) -> None:
    text = "word " * 190_000
    error = failed(office.cli("post", "-", *TO, "--json", stdin=text), 11, "held")
    assert "too long" in error.message
    assert error.draft == "d-1"
    assert drafts(office) == [text]


def test_bytes_that_are_no_text(office: Office) -> None:
    for stdin in (b"caf\xe9", b"\xff\xfe\x00H"):
        code, out, err = run_bytes(office, "post", "-", *TO, stdin=stdin)
        assert (code, out) == (2, "")
        assert err == "2 The text is not UTF-8. Save it as UTF-8.\n"
    code, out, err = run_bytes(office, "post", "-", *TO, stdin=b"a\x00b")
    assert (code, err) == (2, "2 The text holds zero bytes: it is not a text.\n")
    assert office.published() == []


def test_a_line_of_windows_ends_as_any_other(office: Office) -> None:
    """The two characters of its end would count as two, and say another post than the same words with one."""
    done = office.cli("post", "-", *TO, "--confirm", "x:@acme", "--grace", "0", "--json", stdin="One\r\nTwo\r\n")
    assert done.code == 0, done
    assert office.published("x") == ["One\nTwo"]


@pytest.mark.parametrize(
    "words",
    [("post", b"caf\xe9"), ("undo", b"\xff"), ("queue", "cancel", b"d\xff"), ("freeze", "x:@acme", b"x:@caf\xe9")],
    ids=["text", "id", "ids", "selectors"],
)
def test_a_word_of_the_command_line_that_is_no_text(office: Office, words: tuple[str | bytes, ...]) -> None:
    """It is shown as it came, and nothing was done with the words beside it."""
    code, _, err = run_bytes(office, *words)
    assert code == 2
    assert re.fullmatch(r"2 \S*\\udc\w\w is not UTF-8\. Type it again\.\n", err), err
    assert {one["frozen"] for one in office.cli("status", "--json").document["accounts"]} == {None}


def test_a_reason_to_stop_is_taken_whatever_its_bytes_are(office: Office) -> None:
    code, out, _ = run_bytes(office, "freeze", "x:@acme", "--reason", b"caf\xe9", "--json")
    assert (code, json.loads(out)["reason"]) == (0, "caf?")


@pytest.mark.parametrize(
    "words",
    [("audit", "show"), ("audit", "list", "--before"), ("alerts", "show"), ("audit", "stream", "--after")],
    ids=" ".join,
)
def test_a_number_beyond_every_column_is_refused(office: Office, words: tuple[str, ...]) -> None:
    error = failed(office.cli(*words, str(2**63), "--json"), 2, "usage_error")
    assert f"{2**63} is not in the range" in error.message
    assert office.cli(*words, str(2**63 - 1)).code in (0, 5)


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u2800"])
def test_an_empty_post(office: Office, text: str) -> None:
    error = failed(office.cli("post", text, *TO, "--json"), 11, "held")
    assert error.message == "Held: the post is empty. Nothing was sent."
    assert office.published() == []


def test_too_many_media_and_more_words_than_pictures(office: Office, tmp_path: Path) -> None:
    pictures = [png(tmp_path / f"{number}.png") for number in range(5)]
    words = [word for path in pictures for word in ("--media", path, "--alt", "A square")]
    error = failed(office.cli(*HELLO, *words), 11, "held")
    assert error.message == "Held: 5 files, the limit is 4. Nothing was sent."
    assert error.draft == "d-1"
    error = failed(office.cli(*HELLO, "--media", pictures[0], "--alt", "One", "--alt", "Two"), 2, "usage_error")
    assert error.message == "There are more --alt than --media."
    assert office.published() == []


def test_a_picture_that_is_missing_damaged_or_none(office: Office, tmp_path: Path) -> None:
    missing = failed(office.cli(*HELLO, "--media", str(tmp_path / "nope.png"), "--alt", "A"), 15, "unreadable")
    assert missing.message.startswith("nope.png cannot be read: No such file")
    assert missing.remedy == "Check --media."
    assert missing.draft == "d-1"
    whole = Path(png(tmp_path / "whole.png")).read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    half = failed(office.cli(*HELLO, "--media", str(tmp_path / "half.png"), "--alt", "A"), 15, "unreadable")
    assert half.message == "half.png cannot be read: the image is damaged."
    (tmp_path / "text.png").write_text("not a picture", encoding="utf-8")
    none = failed(office.cli(*HELLO, "--media", str(tmp_path / "text.png"), "--alt", "A"), 11, "held")
    assert "text.png is application/octet-stream" in none.message
    assert office.published() == []


def test_a_missing_alt_text_is_held_and_passed_only_with_a_reason(office: Office, tmp_path: Path) -> None:
    picture = ("--media", png(tmp_path / "plan.png"))
    done = office.cli("post", "Hello", *TO, *picture)
    assert done.code == 11
    assert done.stderr.splitlines()[-2:] == [
        "11 Held: alt text missing (plan.png). Nothing was sent. Fix it, or --override alt --reason …",
        "Draft d-1 kept.",
    ]
    error = failed(office.cli(*HELLO, *picture, "--override", "alt"), 2, "usage_error")
    assert error.message == "--override needs --reason."
    error = failed(office.cli(*HELLO, *picture, "--reason", "why"), 2, "usage_error")
    assert error.message == "--reason needs --override CHECK."
    done = office.cli(*HELLO, *picture, "--override", "alt", "--reason", "a plain colour")
    (sent,) = shown(done, Deliveries).deliveries
    (finding,) = sent.findings
    assert (sent.state, finding.check, finding.overridden) == ("sent", "alt", "a plain colour")


def test_a_check_that_does_not_exist_is_not_passed(office: Office) -> None:
    error = failed(office.cli(*HELLO, "--override", "lenght", "--reason", "why"), 2, "usage_error")
    assert error.message.startswith("There is no check lenght; there are: empty, length, media, shape, alt, ")


def test_a_text_file_that_is_missing(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "text.txt"
    error = failed(office.cli("post", "--file", str(path), *TO, "--json"), 15, "unreadable")
    assert (error.remedy, error.message.endswith("No such file or directory")) == ("Check --file.", True)
    path.write_bytes(b"\xef\xbb\xbfFrom a file\r\n")
    assert office.cli("post", "--file", str(path), *TO, "--json").code == 0
    assert office.published() == ["From a file"]
    error = failed(office.cli("post", "Hello", "--file", str(path), *TO, "--json"), 2, "usage_error")
    assert error.message == "Give the text or --file, not both."
    error = failed(office.cli("post", *TO, "--json"), 2, "usage_error")
    assert error.message == "There is no text."


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("soon", "it is not understood"),
        ("friday", "it names a day without a time of day"),
        ("2020-01-01T09:00", "is past"),
        ("2026-11-27T25:00", "it is not understood"),
        ("friday midnight", "midnight could be"),
    ],
)
def test_a_time_that_cannot_be_used(office: Office, when: str, why: str) -> None:
    error = failed(office.cli(*HELLO, "--at", when), 2, "bad_time")
    assert error.message.startswith(f"{when} is not a time that can be used: ")
    assert why in error.message
    assert error.draft == "d-1"
    assert office.queue() == []


@pytest.mark.parametrize(
    "link",
    ["acme.example", "javascript:alert(1)", "https://", "https://a b.example", "https://[", "file:///etc/passwd"],
)
def test_a_link_that_no_browser_would_open(office: Office, link: str) -> None:
    error = failed(office.cli(*HELLO, "--link", link), 2, "usage_error")
    assert error.message == f"{link} is not a link."
    assert office.published() == []


@pytest.mark.parametrize(
    "address", ["", "hello", "https://x.com/acme", "ftp://x.com/acme/status/1", "https://x.com/acme/status/12a"]
)
def test_an_address_of_no_post_is_not_answered(office: Office, address: str) -> None:
    error = failed(office.cli(*HELLO, "--reply-to", address), 2, "usage_error")
    assert error.message == f"{address} is not the address of a post.".strip()


@pytest.mark.parametrize("host", ["www.facebook.com", "x.example.org"])
def test_a_post_of_another_network_is_not_answered(office: Office, host: str) -> None:
    """Its number would be that of another post."""
    url = f"https://{host}/acme/posts/21274"
    error = failed(office.cli(*HELLO, "--reply-to", url), 2, "usage_error")
    assert error.message == f"{url} is not the address of a post on x.com."
    assert office.published() == []


def test_a_card_says_that_it_answers_and_whom(office: Office) -> None:
    first = office.post("Hello").deliveries[0]["network_id"]
    words = ("--to", "x:@acme", "--reply-to", f"https://twitter.com/acme/status/{first}")
    child = office.terminal("post", "Thanks", *words)
    child.expect(rf"reply  {first}.*Enter stops:")
    child.sendline("")
    child.expect("Stopped")


def test_an_answer_goes_to_the_post_whatever_was_copied_with_its_address(office: Office) -> None:
    first = office.post("Hello").deliveries[0]["network_id"]
    for number, tail in enumerate(("", "?s=20", "/photo/1", "/?ref=x#top")):
        done = office.cli(
            "post", f"Answer {number}", *TO, "--reply-to", f"https://x.com/acme/status/{first}{tail}", "--json"
        )
        assert done.code == 0, done
    answers = [post for post in office.sandbox.posts("x") if post["text"].startswith("Answer")]
    assert {post["reply_to"] for post in answers} == {first}


def test_the_same_text_again_is_held(office: Office) -> None:
    first = office.post("Hello").deliveries[0]["id"]
    error = failed(office.cli(*HELLO), 11, "held")
    assert error.message == f"Held: the same text was posted as {first}. Nothing was sent."
    assert error.remedy == "Fix it, or --override duplicate --reason …"
    assert office.published() == ["Hello"]


@pytest.mark.parametrize(
    ("arguments", "code", "sentences"),
    [
        (("post", "Bonjour", "--to", "x:@personne"), 5, ["Il n'y a pas de compte x:@personne."]),
        (
            ("post", "Bonjour", "--to", "x:@acme"),
            10,
            ["demande confirmation", "Rien n'est parti. Ajoutez : --confirm x:@acme"],
        ),
        (("post", "", *TO), 11, ["Retenu", "Rien n'est parti."]),
        (
            ("post", "Bonjour", *TO, "--at", "lundi"),
            2,
            ["lundi n'est pas un moment utilisable : il nomme un jour sans heure."],
        ),
        (("post", "Bonjour", *TO, "--override", "alt"), 2, ["--override"]),
    ],
)
def test_the_same_refusals_in_french(
    office: Office, arguments: tuple[str, ...], code: int, sentences: list[str]
) -> None:
    done = office.cli(*arguments, LANGUAGE="fr")
    assert done.code == code
    for sentence in sentences:
        assert sentence in done.stderr
    english = office.cli(*arguments)
    assert english.stderr != done.stderr


def test_nothing_that_was_refused_opened_a_network(office: Office) -> None:
    office.cli("post", "Hello", "--to", "x:@acme", "--json")
    office.cli(*HELLO, "--at", "soon")
    assert office.sandbox.requests() == {} or not any(office.sandbox.requests().values())


def test_a_refusal_is_one_line_on_stderr_and_the_draft_on_another(office: Office) -> None:
    done = office.cli("post", "Hello \x1b[31m", "--to", "x:@acme")
    assert done.stdout == ""
    *_said, refusal, draft = done.stderr.splitlines()  # above them: what the checks found in it
    assert "\x1b" not in done.stderr
    assert refusal == "10 x:@acme needs confirmation (last here: -). Nothing was sent. Add: --confirm x:@acme"
    assert draft == "Draft d-1 kept."
