"""What calls cost is told before and after, to the cent of the network's count; a budget stops the rest."""

from datetime import timedelta
from typing import Any

import pytest

from socialguard import clock
from tests.office import Office
from tests.office import office as office
from tests.shapes import Alerts, Costs, Deliveries, DryRun, failed, shown
from tests.wrong_account.firm import apply_policy

TEXT, LINK = 15_000, 200_000


def costs(office: Office, *words: str) -> Costs:
    """Return what `costs` shows."""
    return shown(office.cli("costs", *words, "--json"), Costs)


def settings(office: Office, text: str) -> None:
    """Write the operator's settings."""
    (office.home / "socialguard.toml").write_text(text, encoding="utf-8")


def charged(office: Office) -> int:
    """Return what the sandbox counted since it was set back, in millionths."""
    return sum(row["micros"] for row in office.sandbox.costs())


def scheduled(office: Office, text: str, *, at: str = "in 1 minute") -> Any:
    """Queue a text on x:@acme for later, hardly ever in another month."""
    return office.cli("post", text, "--to", "x:@acme", "--confirm", "x:@acme", "--at", at, "--json")


# ── the books ────────────────────────────────────────────────────────────────────────────────────────────


def test_every_call_is_booked_to_the_cent_of_the_networks_own_count(office: Office) -> None:
    before = costs(office).total.amount_micros
    assert office.post("Text").code == 0
    sent = office.post("Look https://example.com", "x:@globex").deliveries[0]["id"]
    assert office.post("On the page", "facebook:@acme").code == 0
    assert office.cli("delete", sent, "--confirm", "x:@globex", "--json").code == 0
    assert office.cli("account", "verify", "x:@acme").code == 0
    found = costs(office)
    assert found.total.amount_micros - before == charged(office)
    rows = {(row.account, row.operation): row for row in found.rows}
    assert rows["x:@acme", "publish"].amount_micros == TEXT
    assert rows["x:@globex", "publish"].amount_micros == LINK
    assert rows["x:@globex", "delete"].amount_micros == 10_000
    assert rows["facebook:@acme", "publish"].calls >= 2
    assert sum(row.amount_micros for row in found.rows if row.account.startswith("facebook")) == 0


def test_taking_an_account_in_is_booked_with_the_account(office: Office) -> None:
    rows = {row.account: row for row in costs(office).rows if row.operation == "user.read"}
    assert (rows["x:@acme"].calls, rows["x:@acme"].amount_micros) == (1, 10_000)


def test_a_post_that_is_found_later_is_booked_once(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "accept_then_drop"}])
    assert office.post("Found").code == 0
    (row,) = (row for row in costs(office).rows if row.operation == "publish")
    assert row.amount_micros == TEXT
    office.cli("queue", "reconcile")
    assert row in costs(office).rows


def test_the_word_of_a_person_that_a_post_is_there_is_booked(office: Office) -> None:
    office.sandbox.faults(
        [
            {"network": "x", "operation": "publish", "kind": "accept_then_drop"},
            {"network": "x", "operation": "timeline", "kind": "status", "code": 503, "times": 20},
        ]
    )
    done = office.post("There")
    assert done.code == 12, done
    url = f"https://x.com/acme/status/{office.sandbox.posts('x')[0]['id']}"
    assert office.cli("queue", "settle", done.deliveries[0]["id"], "--sent", url).code == 0
    (row,) = (row for row in costs(office).rows if row.operation == "publish")
    assert row.amount_micros == TEXT


def test_costs_are_of_the_client_the_accounts_and_the_days_that_are_named(office: Office) -> None:
    office.post("Text")
    office.post("Text", "x:@globex")
    assert {row.client for row in costs(office, "--client", "ACME").rows} == {"acme"}
    assert {row.account for row in costs(office, "--account", "globex").rows} == {"x:@globex"}
    yesterday = str((clock.now() - timedelta(days=1)).date())
    assert costs(office, "--from", yesterday, "--to", yesterday).rows == []
    today = str(clock.now().date())
    assert costs(office, "--from", today, "--to", today).rows == costs(office).rows


def test_days_begin_in_the_zone_of_the_settings(office: Office) -> None:
    office.post("Text")
    settings(office, 'zone = "Pacific/Kiritimati"\n')
    found = costs(office)
    assert (found.zone, found.to) == ("Pacific/Kiritimati", str((clock.now() + timedelta(hours=14)).date()))
    settings(office, 'zone = "Mars/Olympus"\n')
    failed(office.cli("costs", "--json"), 1, "settings_invalid")


@pytest.mark.parametrize(
    "words",
    [
        ("--from", "yesterday"),
        ("--from", "2026-02-30"),
        ("--from", "20260101"),
        ("--from", "2026-01-02", "--to", "2026-01-01"),
        ("--from", "9999-12-31", "--to", "9999-12-31"),
        ("--from", "2999-01-01", "--to", "2999-01-02"),
        ("--to", "2026-01-01T00:00"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(office: Office, words: tuple[str, ...]) -> None:
    error = failed(office.cli("costs", *words, "--json"), 2, "usage_error")
    assert any(word in error.message for word in words if word[:1] != "-"), error.message


def test_a_client_or_account_that_there_is_not_is_refused(office: Office) -> None:
    assert "nobody" in failed(office.cli("costs", "--client", "nobody", "--json"), 5, "not_found").message
    of_account = office.cli("costs", "--account", "x:@nobody", "--json")
    assert "x:@nobody" in failed(of_account, 5, "unknown_account").message


def test_people_get_a_table_with_a_total(office: Office) -> None:
    office.post("Text")
    lines = office.cli("costs", "--account", "x:@acme").stdout.splitlines()
    assert lines[1].split() == ["account", "client", "operation", "calls", "cost"]
    assert lines[2].split() == ["x:@acme", "acme", "publish", "1", "$0.015"]
    assert lines[-1].split() == ["total", "2", "$0.025"]
    assert "0,025 $" in office.cli("costs", "--account", "x:@acme", LANGUAGE="fr").stdout


def test_costs_of_an_account_that_was_removed_still_have_its_name(office: Office) -> None:
    office.post("Text", "x:@globex")
    assert office.cli("account", "remove", "x:@globex", "--reason", "left", "--json").code == 0
    assert "x:@globex" in {row.account for row in costs(office).rows}


# ── the price before ─────────────────────────────────────────────────────────────────────────────────────


def test_a_dry_run_over_several_accounts_tells_their_total(office: Office) -> None:
    words = ("post", "Look https://example.com", "--to", "x:@acme", "--to", "x:@globex", "--to", "facebook:@acme")
    found = shown(office.cli(*words, "--dry-run", "--json"), DryRun)
    assert ([one.price_micros for one in found.candidates], found.total_micros) == ([LINK, LINK, 0], 2 * LINK)
    assert office.cli(*words, "--dry-run").stdout.splitlines()[-1] == "Total $0.40"


def test_the_card_of_a_deletion_shows_its_price(office: Office) -> None:
    sent = office.post("Text").deliveries[0]["id"]
    child = office.terminal("delete", sent)
    child.expect_exact("it cannot be brought back · $0.01")
    child.expect_exact("Enter stops:")  # what is typed before the question is thrown away
    child.sendline("")
    child.expect_exact("The post was not deleted.")
    child.close()


# ── budgets ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_post_beyond_the_budget_is_refused_before_it_is_queued_and_its_text_is_kept(office: Office) -> None:
    settings(office, "[budget]\nmonth_usd = 0.05\n")
    error = failed(office.post("Look https://example.com"), 11, "over_budget")
    assert "$0.02 of $0.05 are spent" in error.message
    assert error.draft == "d-1"
    assert office.queue() == []
    assert office.post("Text").code == 0


def test_waiting_posts_count_before_another_is_taken(office: Office) -> None:
    settings(office, "[budget]\nmonth_usd = 0.05\n")  # two accounts were taken in for 0.02
    assert scheduled(office, "One").code == 0
    assert scheduled(office, "Two").code == 0
    failed(scheduled(office, "Three"), 11, "over_budget")


def test_a_post_that_is_due_when_the_budget_is_spent_is_held_with_an_alert_and_goes_out_later(
    office: Office,
) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    delivery = shown(scheduled(office, "Later"), Deliveries).deliveries[0].id
    settings(office, "[budget]\nmonth_usd = 0.03\n")
    due = {"SOCIALGUARD_CLOCK": "+70s"}
    (held,) = shown(office.cli("queue", "run", "--json", **due), Deliveries, 11).deliveries
    assert (held.id, held.state) == (delivery, "held")
    assert office.published() == []
    (alert,) = shown(office.cli("alerts", "list", "--json"), Alerts).alerts
    assert (alert.kind, alert.delivery) == ("held_by_budget", delivery)
    assert "$0.02 of $0.03 are spent" in alert.message
    release = ("queue", "release", delivery, "--now", "--confirm", "x:@acme", "--json")
    failed(office.cli(*release, **due), 11, "over_budget")
    settings(office, "[budget]\nmonth_usd = 1\n")
    assert office.cli(*release, **due).code == 0
    assert office.published() == ["Later"]


def test_a_spent_budget_stops_no_free_post_no_deletion_and_no_look(office: Office) -> None:
    sent = office.post("Text").deliveries[0]["id"]
    settings(office, "[budget]\nday_usd = 0\nmonth_usd = 0\n")
    assert office.post("On the page", "facebook:@acme").code == 0
    assert office.cli("account", "verify", "x:@acme").code == 0
    assert office.cli("delete", sent, "--confirm", "x:@acme", "--json").code == 0
    assert office.published() == ["On the page"]


def test_the_budget_of_one_client_leaves_the_others_alone(office: Office) -> None:
    settings(office, "[budget.client.acme]\nmonth_usd = 0\n")
    failed(office.post("Text", "x:@acme"), 11, "over_budget")
    assert office.post("Text", "x:@globex").code == 0


def test_costs_tell_where_every_budget_stands(office: Office) -> None:
    settings(office, "[budget]\nmonth_usd = 5\nkept_for_posts = 10\n[budget.client.globex]\nday_usd = 0.5\n")
    scheduled(office, "Later")
    whole, globex = costs(office).budgets
    assert (whole.client, whole.period, whole.limit_micros) == (None, "month", 5_000_000)
    assert (whole.spent_micros, whole.waiting_micros, whole.kept_micros) == (20_000, TEXT, 500_000)
    assert (globex.client, globex.period, globex.spent_micros, globex.waiting_micros) == (
        "globex",
        "day",
        10_000,
        0,
    )
    lines = office.cli("costs").stdout.splitlines()
    assert lines[-2].startswith(
        "The budget of this month: $0.02 of $5.00 spent, $0.015 wait to be spent on posts;"
    )
    assert lines[-1].startswith("The budget of globex for this day: $0.01 of $0.50 spent, ")


def test_a_budget_for_a_client_that_there_is_not_is_told_before_anything_is_queued(office: Office) -> None:
    settings(office, "[budget.client.acmee]\nmonth_usd = 0\n")
    assert "there is no such client" in failed(office.post("Text"), 1, "settings_invalid").message


@pytest.mark.parametrize(
    "text",
    [
        "month_usd = -1",
        "month_usd = true",
        'month_usd = "10"',
        "month_usd = nan",
        "month_usd = inf",
        "month_usd = 0.0000001",
        "kept_for_posts = 101",
        "kept_for_posts = 1.5",
        "year_usd = 1",
        "client = 5",
    ],
)
def test_a_budget_that_is_none_is_refused_by_its_name(office: Office, text: str) -> None:
    settings(office, f"[budget]\n{text}\n")
    error = failed(office.cli("costs", "--json"), 1, "settings_invalid")
    assert "line 2" in error.message
    assert "[budget]" in error.message
    assert text.partition(" ")[0] in error.message


def test_the_amounts_of_a_column_have_as_many_decimals_each() -> None:
    from socialguard.cli import words

    assert words.prices([15_000, 200_000, 0, 81_600_000]) == ["$0.015", "$0.200", "$0.000", "$81.600"]
    assert words.prices([500_000, 10_000]) == ["$0.50", "$0.01"]
    assert words.prices([]) == []
