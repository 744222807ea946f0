"""Where the detector is asked beside `post`: in `check`, in calendars, as policy says, and who decides then."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest

from socialguard import clock
from socialguard.guard.affinity import Post
from socialguard.guard.affinity.store import restored
from socialguard.workspace import affinity
from tests.cli.shapes import AffinityStatusDocument, shown
from tests.guard.affinity.test_product import AT_HOME, MISPLACED
from tests.office import Office
from tests.people import apply_policy, joined

NAMED = ("--confirm", "x:@acme")


def calendar(office: Office, *texts: str) -> str:
    """Write a calendar for x:@acme, a row a day, and return its path."""
    path = office.base / "calendar.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("account", "date", "time", "text"))
        for ahead, text in enumerate(texts, 1):
            rows.writerow(("x:@acme", f"{clock.now().date() + timedelta(days=ahead)}", "10:00", text))
    return str(path)


def at_the_edge(office: Office) -> str:
    """Return a text that is asked about at a rate of 20% and not at 1%, and well so."""
    home, foreign = AT_HOME.split(), MISPLACED.split()
    with office.entered() as workspace, workspace.database.read() as connection:
        portfolio = restored(connection)
        target = next(account for account, name in workspace.names(connection).items() if name == "x:@acme")
    texts = [" ".join([*home[first:], *foreign[:few]]) for first in range(7) for few in range(7 - first)]
    asks = {}
    for rate in (0.01, 0.2):
        portfolio.allow(target, rate)
        found = [portfolio.judge(Post(text, media=False, at=clock.now()), target) for text in texts]
        asks[rate] = [max(one.swap - one.swap_threshold, one.outsider - one.outsider_threshold) for one in found]
    middle = [min(-low, high) for low, high in zip(asks[0.01], asks[0.2], strict=True)]
    return texts[middle.index(max(middle))]


def test_check_tells_of_it_with_or_without_a_terminal(learned: Office) -> None:
    """`check` asks nobody, so it tells what a terminal would be asked about, and marks the strongest reason."""
    done = learned.cli("check", MISPLACED, "--to", "x:@acme", "--json")
    (finding,) = (one for one in done.document["findings"] if one["check"] == "affinity")
    assert done.code == 11
    assert MISPLACED[slice(*finding["span"])] in MISPLACED.split()
    child = learned.terminal("check", MISPLACED, "--to", "x:@acme", NO_COLOR="1")
    child.expect_exact("this reads like x:@globex, not like x:@acme")
    child.wait()
    assert learned.cli("check", AT_HOME, "--to", "x:@acme", "--json").document["findings"] == []


def test_a_text_in_a_language_never_used_is_asked_about(learned: Office) -> None:
    """The detector learned that x:@acme writes English, though nobody said so; the code of a
    language marks no word."""
    german = "Ich sage dir, der neue Chef de Partie ist unmöglich, morgen bleibe ich einfach zu Hause im Bett."
    child = learned.terminal("check", german, "--to", "x:@acme", NO_COLOR="1")
    child.expect_exact("this reads like none of our accounts, least like x:@acme")
    child.wait()
    child = learned.terminal("post", german, "--to", "x:@acme", NO_COLOR="1")
    child.expect_exact("Type acme to post. Enter stops: ")
    child.sendline("acme")
    child.expect_exact("Language de: never here.")
    child.expect_exact("Enter stops: ")
    child.sendline("")
    child.wait()
    (finding,) = (
        one
        for one in learned.cli("check", german, "--to", "x:@acme", "--json").document["findings"]
        if one["check"] == "affinity"
    )
    assert finding["span"] is None or german[slice(*finding["span"])] != "de"


def test_a_row_of_a_calendar_is_held(learned: Office) -> None:
    """Only the row that reads like another account is refused; the others can be queued, or all on purpose."""
    path = calendar(learned, AT_HOME, MISPLACED)
    done = learned.cli("plan", "import", path, *NAMED, "--json")
    assert [one["line"] for one in done.document["refused"]] == [3]
    assert learned.queue("queued") == []
    passed = learned.cli(
        "plan", "import", path, *NAMED, "--override", "affinity", "--reason", "derby day", "--json"
    )
    assert (passed.code, len(learned.queue("queued"))) == (0, 2)


def test_a_row_of_a_calendar_is_held_in_a_terminal_too(learned: Office) -> None:
    """One question stands for all rows, so none of them is asked about alone."""
    child = learned.terminal("plan", "import", calendar(learned, AT_HOME, MISPLACED))
    child.expect_exact("this reads like x:@globex")
    child.wait()
    assert learned.queue("queued") == []


def test_policy_sets_the_rate(learned: Office) -> None:
    """A text at the edge is asked about where policy lets more be asked; `affinity status` shows the rate."""
    edge = at_the_edge(learned)
    seen = {}
    for rate in (1, 20):
        apply_policy(learned, f'[account."x:@acme".checks.affinity]\nrate = {rate}\n')
        done = learned.cli("check", edge, "--to", "x:@acme", "--json")
        seen[rate] = {one["check"] for one in done.document["findings"]}
        found = shown(learned.cli("affinity", "status", "--json"), AffinityStatusDocument)
        assert {one.account: one.rate for one in found.accounts}["x:@acme"] == rate / 100
    assert ("affinity" in seen[1], "affinity" in seen[20]) == (False, True)


@pytest.mark.parametrize("rate", ["0", "21"])
def test_a_rate_out_of_range_is_refused(learned: Office, tmp_path: Path, rate: str) -> None:
    """Policy says what is allowed."""
    (tmp_path / "policy.toml").write_text(f"[defaults.checks.affinity]\nrate = {rate}\n", encoding="utf-8")
    done = learned.cli("policy", "check", str(tmp_path / "policy.toml"), "--json")
    assert "from 1 to 20" in done.error["message"]


def test_a_secure_account_needs_an_approver(learned: Office, tmp_path: Path) -> None:
    """Where somebody else may approve, a reason is not enough; a text at home needs nobody."""
    apply_policy(learned, '[account."x:@acme"]\nsecure = true\n')
    words = ("post", MISPLACED, "--to", "x:@acme", *NAMED, "--grace", "0", "--json")
    passing = ("--override", "affinity", "--reason", "we sponsor it")
    eva = joined(learned, "Eva", "approver", tmp_path / "eva", grants=("x:@acme",))
    done = learned.cli(*words, *passing)
    assert done.deliveries[0]["state"] == "awaiting", done
    assert learned.post(AT_HOME, "x:@acme").deliveries[0]["state"] == "sent"
    approved = eva.cli("approve", done.deliveries[0]["id"], "--reason", "it is the derby", "--json")
    assert approved.deliveries[0]["state"] == "queued"


def test_a_secure_account_needs_an_approver_in_a_terminal_too(learned: Office, tmp_path: Path) -> None:
    """The person types the handle, says that they are sure, and the delivery waits."""
    apply_policy(learned, '[account."x:@acme"]\nsecure = true\n')
    joined(learned, "Eva", "approver", tmp_path / "eva", grants=("x:@acme",))
    child = learned.terminal("post", MISPLACED, "--to", "x:@acme", "--grace", "0")
    child.expect_exact("SECURE  x:@acme asks every time. Type x:@acme to post. Enter stops:")
    child.sendline("x:@acme")
    child.expect_exact("CHECK  This reads like x:@globex, not x:@acme.")
    child.expect_exact("Still x:@acme? Type x:@acme. Enter stops:")
    child.sendline("x:@acme")
    child.wait()
    assert [row["state"] for row in learned.queue()] == ["awaiting"]


def test_a_secure_account_of_one_person_is_asked_about_only(learned: Office) -> None:
    """Where nobody else may approve, a reason passes it: who works alone must be able to go on."""
    apply_policy(learned, '[account."x:@acme"]\nsecure = true\n')
    words = ("post", MISPLACED, "--to", "x:@acme", *NAMED, "--grace", "0", "--json")
    assert learned.cli(*words).code == 11
    assert learned.cli(*words, "--override", "affinity", "--reason", "ours").deliveries[0]["state"] == "sent"


def test_status_shows_how_an_account_drifts(learned: Office) -> None:
    """An account that begins to write like another drifts upwards; one that goes on as before does not."""
    before = shown(learned.cli("affinity", "status", "--json"), AffinityStatusDocument)
    drift = {one.account: one.drift for one in before.accounts}
    assert drift["facebook:@acme"] is None
    for number in range(12):
        words = MISPLACED.split()
        text = " ".join([*words[number % 5 :], *words[: number % 5], "store", str(number)])
        done = learned.cli(
            "post", text, "--to", "x:@acme", *NAMED, "--grace", "0", "--override", "affinity", "--override",
            "near_duplicate", "--reason", "new manner", "--json",
        )  # fmt: skip
        assert done.code == 0, done
    with learned.entered() as workspace:
        affinity.refit(workspace)
    after = shown(learned.cli("affinity", "status", "--json"), AffinityStatusDocument)
    now = {one.account: one.drift for one in after.accounts}
    assert now["x:@acme"] is not None
    assert drift["x:@acme"] is not None
    assert now["x:@acme"] > drift["x:@acme"] + 1
    assert now["x:@globex"] == drift["x:@globex"]
