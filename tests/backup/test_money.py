"""What backups cost: told before, asked for where it is much, booked as the network counts, within the budget."""

import shutil
import tempfile
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from socialguard import clock, errors
from socialguard.backup import pricing
from socialguard.backup.pricing import first_price
from socialguard.ledger import usage as ledger_usage
from socialguard.networks.limits import load_reading
from socialguard.sandbox.process import start
from socialguard.store.tables import usage
from tests.backup.world import back_up, item_ids, joined, seeded
from tests.office import Office, found, make_seed
from tests.shapes import failed

ACCOUNTS = [f"x:@brand{number:02d}" for number in range(20)]


def booked(office: Office) -> int:
    """What the books say, in millionths of a US dollar."""
    with office.entered() as workspace, workspace.database.read() as connection:
        return int(connection.execute(select(func.sum(usage.c.amount_micros))).scalar() or 0)


def charged(office: Office) -> int:
    """What the sandbox counted by itself."""
    return sum(row["micros"] for row in office.sandbox.costs())


@pytest.mark.parametrize("is_empty", [True, False])
def test_an_index_that_knows_not_all_segments_lets_nothing_be_paid_twice(office: Office, is_empty: bool) -> None:
    """A restore by hand: the database first, `archive/` after the first command, or an older `archive.db`."""
    index, archive = office.home / "archive.db", office.home / "archive"
    if not is_empty:
        office.sandbox.reset(seeded(office, posts=2))
        back_up(office)
        old = index.read_bytes()
    office.sandbox.reset(seeded(office, posts=5, mentions=2))
    back_up(office)
    if is_empty:
        archive.rename(office.base / "away")
        index.unlink()
        assert office.cli("backup", "status", "--json").code == 0
        shutil.rmtree(archive)
        (office.base / "away").rename(archive)
    else:
        index.write_bytes(old)
    before = charged(office), booked(office)
    done = office.cli("backup", "run", "x:@acme", "--max-cost", "9", "--json")
    assert failed(done, 13, "archive_damaged").remedy == "Run: socialguard backup rebuild"
    assert (charged(office), booked(office)) == before
    with office.entered() as workspace:
        (account,) = [one for one in workspace.accounts() if str(one) == "x:@acme"]
        with pytest.raises(errors.ArchiveDamaged):
            workspace.backup.run(account, threading.Event())
    assert (charged(office), booked(office)) == before
    assert office.cli("backup", "rebuild", "--json").code == 0
    assert back_up(office)["items_new"] == 0


def test_an_index_that_cannot_be_read_is_told_with_what_to_do_before_a_price_is(office: Office) -> None:
    back_up(office)
    index = office.home / "archive.db"
    with office.entered() as workspace:
        (account,) = [one for one in workspace.accounts() if str(one) == "x:@acme"]
        assert workspace.archive.root()
        with index.open("r+b") as file:
            file.write(bytes(index.stat().st_size))
        with pytest.raises(errors.Unreadable) as caught:
            workspace.backup.run(account, threading.Event())
    assert caught.value.what_to_do() == "Run: socialguard backup rebuild"


@pytest.fixture(scope="module")
def twenty() -> Iterator[Office]:
    """An office of 20 accounts on X with 12 posts and 3 mentions each, none of them backed up."""
    seed = make_seed(ACCOUNTS)
    for entry in seed["accounts"]:
        entry["posts"] = [{"text": f"{entry['handle']} says {number}"} for number in range(12)]
        entry["mentions"] = [{"text": f"Hello @{entry['handle']} {number}", "from": "fan"} for number in range(3)]
    with tempfile.TemporaryDirectory() as place, start(seed) as sandbox:
        yield found(Path(place), sandbox, seed)


@pytest.fixture
def brands(twenty: Office, tmp_path: Path) -> Office:
    """A copy of it, on a sandbox that was set back."""
    twenty.sandbox.reset(twenty.seed)
    return twenty.copy(tmp_path / "brands")


def test_the_first_backup_of_20_accounts_is_priced_before_and_booked_to_the_cent_after(brands: Office) -> None:
    before = booked(brands)
    refused = brands.cli("backup", "run", "--json")
    problem = failed(refused, 10, "price_unconfirmed")
    # 20 × (12 posts and at most 800 mentions at $0.005, and the profile at $0.01, twice)
    assert "up to $81.60" in problem.message
    assert problem.remedy == "Add: --max-cost 82"
    assert failed(brands.cli("backup", "run", "--max-cost", "81", "--json"), 10, "price_unconfirmed")
    assert brands.sandbox.requests()["x"].get("timeline") is None
    done = brands.cli("backup", "run", "--max-cost", "82", "--json")
    assert done.code == 0, done
    assert [row["items_total"] for row in done.document["accounts"]] == [15] * 20
    assert done.document["announced_micros"] == 81_600_000
    spent = booked(brands) - before
    assert spent == charged(brands) == 20 * (15 * 5_000 + 10_000)  # the price is asked for once, whoever says no
    assert sum(row["cost_micros"] for row in done.document["accounts"]) + 20 * 10_000 == spent
    assert spent <= 81_600_000


def test_what_costs_nothing_is_read_although_nobody_agreed_to_a_price(office: Office) -> None:
    """Each account that was left out says why, and what to add."""
    office.sandbox.reset(seeded(office, posts=300))
    done = office.cli("backup", "run", "--json")
    assert done.code == 10, done
    errors = {row["account"]: (row["error"] or {}).get("name") for row in done.document["accounts"]}
    assert errors["facebook:@acme"] is None
    assert errors["facebook:@globex"] is None
    assert errors["x:@acme"] == "price_unconfirmed"
    assert office.cli("backup", "list", "facebook:@acme", "--json").code == 0
    assert office.sandbox.requests()["x"].get("timeline") is None
    assert office.sandbox.requests()["facebook"]
    told = office.cli("backup", "run")
    assert (told.code, told.stderr.count("--max-cost")) == (10, 1), told
    assert charged(office) == 2 * 10_000, "each is asked once how many posts there are"


def test_a_budget_of_half_stops_reads_keeps_posting_and_says_so_and_reading_goes_on_later(brands: Office) -> None:
    before = booked(brands)
    settings = brands.home / "socialguard.toml"
    half = before + 20 * (15 * 5_000 + 10_000) // 2
    settings.write_text(f"[budget]\nmonth_usd = {half / 1e6}\nkept_for_posts = 10\n", encoding="utf-8")
    done = brands.cli("backup", "run", "--max-cost", "100", "--json")
    rows = done.document["accounts"]
    stopped = [row for row in rows if row["error"] is not None]
    assert {row["error"]["name"] for row in stopped} == {"reads_stopped"}
    assert done.code == 11
    assert sum(row["items_new"] for row in rows) > 0
    assert "Posts go on" in stopped[0]["error"]["message"]
    assert booked(brands) - before == charged(brands) < half - before
    assert brands.post("Still here", "x:@brand00").code == 0
    settings.write_text("", encoding="utf-8")
    again = brands.cli("backup", "run", "--max-cost", "100", "--json")
    assert again.code == 0
    assert [row["gaps_open"] for row in again.document["accounts"]] == [0] * 20
    assert sum(row["items_total"] for row in again.document["accounts"]) == 20 * 15 + 1
    assert booked(brands) - before == charged(brands)


@pytest.mark.parametrize(("section", "told"), [("budget", 1), ("budget.client.acme", 2)])
def test_a_budget_of_all_that_stops_reads_by_the_daemon_is_one_alert(
    office: Office, section: str, told: int
) -> None:
    """With 200 accounts each would be an alert, and a mail, of its own."""
    office.sandbox.reset(joined(seeded(office, posts=2), seeded(office, "x:@globex", posts=2)))
    assert office.cli("account", "client", "x:@globex", "acme").code == 0
    (office.home / "socialguard.toml").write_text(f"[{section}]\nmonth_usd = 0.2\n", encoding="utf-8")
    with office.entered() as workspace:
        for account in workspace.accounts():
            if account.network == "x":
                with pytest.raises(errors.ReadsStopped):
                    workspace.backup.run(account, threading.Event())
    alerts = office.cli("alerts", "list", "--json").document["alerts"]
    assert [alert["kind"] for alert in alerts] == (["reads_stopped"] if told == 1 else ["backup"] * 2)
    assert [alert["count"] for alert in alerts] == ([2] if told == 1 else [1, 1])
    assert all("allows no more reads" in alert["message"] for alert in alerts)


def test_a_page_is_booked_before_it_is_kept(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed while a page is kept has paid for it: the books say so, and it is fetched once more."""
    from socialguard.archive import crash

    points: list[str] = []

    def struck(point: str) -> None:
        points.append(point)
        if len(points) == 2:  # the profile, then the first page
            raise KeyboardInterrupt

    office.sandbox.reset(seeded(office, posts=30))
    before = booked(office)
    monkeypatch.setattr(crash, "hook", struck)
    assert office.cli("backup", "run", "x:@acme", "--max-cost", "9", "--json").code == 130
    monkeypatch.setattr(crash, "hook", None)
    assert len(item_ids(office)) == 0
    assert charged(office) == 30 * 5_000 + 10_000
    assert booked(office) - before == charged(office)
    assert back_up(office)["items_total"] == 30
    assert booked(office) - before == charged(office)


def test_what_was_begun_goes_on_without_being_asked_for_again(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=220))
    fault = {"network": "x", "operation": "timeline", "kind": "status", "code": 503, "after": 1}
    office.sandbox.faults([fault])
    assert back_up(office, code=6)["gaps_open"] == 1
    done = office.cli("backup", "run", "x:@acme", "--json")
    assert (done.code, done.document["announced_micros"]) == (0, None)


def test_where_the_network_does_not_tell_there_is_no_price_to_tell(office: Office) -> None:
    """A price of $0.00 would be believed."""
    office.sandbox.reset(seeded(office, posts=2_000))
    office.sandbox.faults([{"network": "x", "operation": "identity", "kind": "status", "code": 503, "times": 9}])
    done = office.cli("backup", "run", "x:@acme", "--json")
    assert (done.code, done.document["announced_micros"]) == (6, None)
    assert done.document["accounts"][0]["error"]["name"] == "network_refused"
    people = office.cli("backup", "run", "x:@acme")
    assert (people.code, "at most" in people.stderr) == (6, False)


def test_a_person_types_the_amount(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=230))
    for answer, code in (("", 3), ("6", 0)):
        child = office.terminal("backup", "run", "x:@acme")
        child.expect(r"at most \$5\.17")
        child.expect("Type 6 to spend")
        child.sendline(answer)
        child.expect(["Nothing was read", "done"])
        child.read()
        child.close()
        assert child.exitstatus == code


@pytest.mark.parametrize("amount", ["-1", "nan", "much", "infinity"])
def test_an_amount_that_is_none_is_a_usage_error(office: Office, amount: str) -> None:
    assert failed(office.cli("backup", "run", f"--max-cost={amount}", "--json"), 2, "usage_error")


def test_the_price_is_an_upper_bound_within_the_reach_of_the_network() -> None:
    x, facebook = load_reading("x"), load_reading("facebook")
    assert first_price(x, 0) == 20_000 + 800 * 5_000
    assert first_price(x, 10_000) == first_price(x, None) == 20_000 + (3_200 + 800) * 5_000
    assert first_price(facebook, None) == first_price(facebook, 10**6) == 0


def test_without_a_person_a_first_backup_that_is_cheap_is_made(office: Office) -> None:
    import threading

    office.sandbox.reset(seeded(office, posts=2))
    with office.entered() as workspace:
        account = next(one for one in workspace.accounts() if str(one) == "x:@acme")
        workspace.backup.run(account, threading.Event())
    assert office.cli("alerts", "list", "--json").document["alerts"] == []
    assert office.cli("backup", "list", "x:@acme", "--json").document["items"]


def test_without_a_person_a_dear_first_backup_is_refused_with_the_words_that_allow_it(office: Office) -> None:
    """The daemon has nobody to ask: its duty says what a person must run."""
    import threading

    from socialguard import errors

    office.sandbox.reset(seeded(office, posts=300))
    with office.entered() as workspace:
        account = next(one for one in workspace.accounts() if str(one) == "x:@acme")
        for _ in range(2):
            with pytest.raises(errors.PriceUnconfirmed) as caught:
                workspace.backup.run(account, threading.Event())
    assert caught.value.what_to_do() == "Run: socialguard backup run x:@acme --max-cost 6"
    assert charged(office) == 10_000, "it is asked once how many posts there are"
    (alert,) = office.cli("alerts", "list", "--json").document["alerts"]
    assert (alert["kind"], alert["account"]) == ("backup", "x:@acme")
    assert "costs up to $5.52" in alert["message"]
    back_up(office)
    with office.entered() as workspace:
        workspace.backup.run(account, threading.Event())


def test_without_a_person_first_backups_that_are_cheap_one_by_one_are_asked_for_where_they_are_dear_together(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon takes accounts one after the other: each would be below the limit for ever."""
    office.sandbox.reset(joined(seeded(office, posts=195), seeded(office, "x:@globex", posts=10)))
    with office.entered() as workspace:
        acme, globex = (
            next(one for one in workspace.accounts() if str(one) == name) for name in ("x:@acme", "x:@globex")
        )
        workspace.backup.run(acme, threading.Event())
        before = charged(office)
        for _ in range(2):
            with pytest.raises(errors.PriceUnconfirmed) as caught:
                workspace.backup.run(globex, threading.Event())
        assert caught.value.what_to_do() == "Run: socialguard backup run x:@globex --max-cost 5"
        assert charged(office) == before + 10_000, "it is asked once how many posts there are"
        with monkeypatch.context() as patch:
            patch.setattr(pricing, "spent_lately", lambda desk: 6_000_000)
            workspace.backup.run(acme, threading.Event())  # what was begun goes on
        with workspace.database.read() as connection:
            tomorrow = clock.now() + timedelta(days=1)
            assert ledger_usage.spent_on_new(connection, tomorrow - timedelta(days=1, minutes=5)) == 195 * 5_000
            assert ledger_usage.spent_on_new(connection, tomorrow) == 0
    back_up(office, "x:@globex")


def test_the_price_of_many_accounts_is_refused_in_a_line_that_can_be_read(office: Office) -> None:
    with office.entered() as workspace:
        (account,) = [one for one in workspace.accounts() if str(one) == "x:@acme"]
    with pytest.raises(errors.PriceUnconfirmed) as caught:
        pricing.require_agreed([account] * 40, 90_000_000, None)
    assert "x:@acme, x:@acme, x:@acme, x:@acme, x:@acme (+35) costs up to $90.00" in caught.value.message()
