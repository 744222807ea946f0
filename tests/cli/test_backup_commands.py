"""`backup …`: what is kept, for people and for scripts."""

import re
import shlex
from pathlib import Path

import pexpect
import pytest

from socialguard.store.archive_tables import cursor
from tests.backup.world import seeded
from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import Office, office
from tests.shapes import failed

__all__ = ["office"]


@pytest.fixture
def kept(office: Office) -> Office:
    """An office whose X account is backed up: 5 posts, 2 with a picture, and 3 mentions."""
    office.sandbox.reset(seeded(office, posts=5, mentions=3, media=2))
    shown(office.cli("backup", "run", "x:@acme", "--json"), shapes.BackupRun)
    return office


def test_a_run_tells_people_and_scripts_the_same(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=5, mentions=3, media=2))
    done = office.cli("backup", "run", "x:@acme")
    assert done.code == 0
    assert "at most $4.045" in done.stderr
    assert done.stdout.splitlines()[1].split()[:6] == ["x:@acme", "8", "8", "0", "2", "$0.04"]
    again = shown(office.cli("backup", "run", "x:@acme", "--json"), shapes.BackupRun)
    assert again.announced_micros is None


def test_status_tells_how_much_is_kept_and_how_old_it_is(kept: Office) -> None:
    found = shown(kept.cli("backup", "status", "--json"), shapes.BackupStatus)
    rows = {row.account: row for row in found.accounts}
    acme = rows["x:@acme"]
    assert (acme.items, acme.own, acme.gaps_open, acme.files, acme.files_wanted) == (8, 5, 0, 2, 0)
    assert acme.age_s is not None
    assert acme.file_bytes > 3_000
    index = (kept.home / "archive.db").stat().st_size
    assert found.bytes > acme.file_bytes + index
    assert (rows["x:@globex"].items, rows["x:@globex"].age_s, rows["x:@globex"].read_at) == (0, None, None)
    text = kept.cli("backup", "status").stdout
    assert "x:@acme" in text
    assert "2/2" in text


def test_a_status_has_a_line_for_each_account_in_a_narrow_terminal(kept: Office) -> None:
    """At 80 columns nothing breaks: neither a name nor a time."""
    child = kept.terminal("backup", "status", COLUMNS="80", NO_COLOR="1")
    child.expect(pexpect.EOF)
    header, *rows, size = str(child.before).strip().splitlines()
    assert header.split()[0] == "account"
    assert {row.split()[0] for row in rows} == {"x:@acme", "x:@globex", "facebook:@acme", "facebook:@globex"}
    assert len(rows) == 4
    assert size.startswith("The archive takes")


def test_a_status_says_of_which_lists_the_network_hides_what_is_older(kept: Office) -> None:
    with kept.entered() as workspace, workspace.archive.database.write() as connection:
        connection.execute(cursor.update().where(cursor.c.stream == "mentions").values(reached_limit=True))
    rows = shown(kept.cli("backup", "status", "--json"), shapes.BackupStatus).accounts
    assert {row.account: row.network_shows_no_more for row in rows if row.network_shows_no_more} == {
        "x:@acme": ["mentions"]
    }
    assert "x:@acme: the network shows no older mentions." in kept.cli("backup", "status").stdout


def test_a_status_without_an_archive_is_all_noughts(office: Office) -> None:
    found = shown(office.cli("backup", "status", "--json"), shapes.BackupStatus)
    assert [row.items for row in found.accounts] == [0] * 4


def test_a_list_goes_on_page_by_page_and_show_takes_what_it_names(kept: Office) -> None:
    seen: list[str] = []
    words: list[str] = []
    while True:
        page = shown(kept.cli("backup", "list", "x:@acme", "--limit", "3", *words, "--json"), shapes.KeptItems)
        seen += [one.item for one in page.items]
        if page.more is None:
            break
        words = ["--after", page.more]
    assert len(seen) == len(set(seen)) == 8
    own = shown(kept.cli("backup", "list", "x:@acme", "--own", "--json"), shapes.KeptItems)
    assert [one.text for one in own.items] == [f"Post {number} of acme" for number in reversed(range(5))]
    whole = shown(kept.cli("backup", "show", own.items[-1].item, "--json"), shapes.OneItem).item
    assert [file.sha256 is not None for file in whole.files] == [True]
    assert whole == shown(kept.cli("backup", "show", whole.network_id, "--json"), shapes.OneItem).item
    assert "Post 0 of acme" in kept.cli("backup", "show", whole.item).stdout
    assert len(kept.cli("backup", "list", "x:@acme").stdout.splitlines()) == 9


def test_search_finds_words_of_the_accounts_that_are_named(kept: Office) -> None:
    found = shown(kept.cli("backup", "search", "WORD acme", "--json"), shapes.KeptItems)
    assert [one.text for one in found.items] == [f"Word {number} to @acme" for number in reversed(range(3))]
    elsewhere = kept.cli("backup", "search", "word", "--account", "x:@globex", "--json")
    assert shown(elsewhere, shapes.KeptItems).items == []
    assert "Word 2" in kept.cli("backup", "search", "word").stdout


def test_what_is_kept_of_an_account_that_was_removed_is_found_and_shown_as_it_is_named(kept: Office) -> None:
    assert kept.cli("account", "remove", "x:@acme", "--reason", "it ended", "--json").code == 0
    every = kept.cli("backup", "search", "acme", "--json").document["items"]
    assert len(every) == 8
    for one in every:
        assert kept.cli("backup", "show", one["item"], "--json").document["item"]["text"] == one["text"]
    rest = kept.cli("backup", "search", "acme", "--after", every[2]["item"], "--json").document["items"]
    assert rest == every[3:]
    assert kept.cli("backup", "show", "a-0000000000000000/1", "--json").code == 5
    for name in ("x:@acme", every[0]["account"]):
        listed = kept.cli("backup", "list", name, "--limit", "5", "--json").document
        assert listed["items"] == every[:5]
        left = kept.cli("backup", "list", name, "--after", listed["more"], "--json").document["items"]
        assert left == every[5:]
    assert kept.cli("backup", "list", "a-0000000000000000", "--json").document["error"]["code"] == 5


@pytest.mark.parametrize(
    "words",
    [
        ("list", "x:@acme", "--own", "--limit", "2"),
        ("search", "acme", "--account", "x:@acme", "--limit", "2"),
        ("search", '"to @acme" it\'s', "--limit", "1"),
        ("search", "--limit", "1", "--", "-acme"),
    ],
)
def test_the_command_that_goes_on_asks_for_the_same(kept: Office, words: tuple[str, ...]) -> None:
    for number in range(3):
        said = {"network": "x", "account": "acme", "kind": "mention", "from": "fan"}
        kept.sandbox.foreign({**said, "text": f"{number}: it's to @acme"})
        kept.sandbox.foreign({"network": "x", "account": "globex", "text": f"Not acme {number}"})
    assert kept.cli("backup", "run", "x:@acme", "x:@globex", "--max-cost", "9", "--json").code == 0
    first = kept.cli("backup", *words)
    program, *again = shlex.split(first.stderr.partition("There may be more: ")[2].splitlines()[0])
    assert program == "socialguard"
    at = again.index("--after")
    assert kept.cli(*again[:at]).stdout == first.stdout
    every = kept.cli(*again[:at], "--limit", "1000", "--json").document["items"]
    size = len(kept.cli("--json", "backup", *words).document["items"])
    assert kept.cli(*again, "--json").document["items"] == every[size : 2 * size] != []


@pytest.mark.parametrize("query", ['"', "a OR b", "NEAR(", "* -", "'; drop table item; --", "\x1b[31m"])
def test_no_query_is_a_command(kept: Office, query: str) -> None:
    before = kept.cli("backup", "list", "x:@acme", "--json").document["items"]
    found = shown(kept.cli("backup", "search", query, "--json"), shapes.KeptItems).items
    assert {one.item for one in found} <= {row["item"] for row in before}
    assert kept.cli("backup", "list", "x:@acme", "--json").document["items"] == before


def test_an_item_that_is_not_there_is_not_found(kept: Office) -> None:
    for name in ("1", "x:@acme/1", "x:@nobody/1", "nonsense"):
        assert name in failed(kept.cli("backup", "show", name, "--json"), 5, "not_found").message


def test_what_strangers_wrote_acts_on_no_terminal(office: Office) -> None:
    seed = seeded(office, posts=0)
    for entry in seed["accounts"]:
        if (entry["network"], entry["handle"]) == ("x", "acme"):
            entry["mentions"] = [{"text": "red \x1b[31m and \u202e turned @acme", "from": "E\x1b]0;vil"}]
    office.sandbox.reset(seed)
    office.cli("backup", "run", "x:@acme", "--json")
    for words in (["list", "x:@acme"], ["search", "turned"]):
        text = office.cli("backup", *words).stdout
        assert "turned" in text
        assert "\x1b" not in text
        assert "\u202e" not in text


# ── proof ────────────────────────────────────────────────────────────────────────────────────────────────


def files(office: Office, pattern: str) -> list[Path]:
    """The files of the archive."""
    return sorted((office.home / "archive").glob(pattern))


def flip(path: Path, at: int) -> None:
    """Flip one bit of a file, read-only or not."""
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_whole_archive_is_told_as_whole(kept: Office) -> None:
    found = shown(kept.cli("backup", "verify", "--json"), shapes.ArchiveVerified)
    assert (found.status, found.files, found.problems) == ("whole", 2, [])
    assert found.segments >= 2
    assert kept.cli("backup", "verify").stdout.startswith("whole")


@pytest.mark.parametrize("pattern", ["segments/*.zst", "MANIFEST.jsonl", "HEAD", "blobs/*/*"])
@pytest.mark.parametrize("index", ["kept", "lost"])
def test_a_flipped_bit_is_found_and_its_file_named_with_and_without_an_index(
    kept: Office, pattern: str, index: str
) -> None:
    if index == "lost":
        (kept.home / "archive.db").unlink()
    target = files(kept, pattern)[0]
    flip(target, target.stat().st_size // 2)
    done = kept.cli("backup", "verify", "--json")
    assert done.code == 13
    assert any(target.name in problem["where"] for problem in done.document["problems"]), done


@pytest.mark.parametrize("pattern", ["segments/*.zst", "blobs/*/*", "MANIFEST.jsonl"])
def test_a_lost_file_is_found_and_named(kept: Office, pattern: str) -> None:
    target = files(kept, pattern)[0]
    target.unlink()
    done = kept.cli("backup", "verify", "--json")
    assert done.code == 13
    assert any(target.name in problem["where"] for problem in done.document["problems"]), done


def test_the_index_is_made_anew_and_the_root_is_the_same(kept: Office) -> None:
    asked = shown(kept.cli("backup", "rebuild", "--json"), shapes.ArchiveRebuilt)
    assert asked.before == asked.after
    assert asked.reason is None
    (kept.home / "archive.db").unlink()
    missing = shown(kept.cli("backup", "rebuild", "--json"), shapes.ArchiveRebuilt)
    assert (missing.before, missing.after, missing.reason) == (None, asked.after, "missing")
    (kept.home / "archive.db").write_bytes(b"nonsense" * 1000)
    told = kept.cli("backup", "status")
    assert "made anew" in told.stderr
    assert "x:@acme" in told.stdout
    assert asked.after in kept.cli("backup", "rebuild").stdout


def test_sizes_and_times_are_written_as_the_language_does(kept: Office) -> None:
    for words in (("backup", "status"), ("daemon", "status")):
        told = kept.cli(*words, LANGUAGE="fr").stdout
        assert re.search(r"\d,\d (Mo|Go)", told)
        assert not re.search(r"\d\.\d (Mo|Go|s)", told)
        assert re.search(r"\d\.\d (MB|GB)", kept.cli(*words).stdout)
