"""Processes that post at the same time never spend one rest of a budget twice."""

from tests.office import Office, finish


def test_of_posts_at_once_only_as_many_go_out_as_the_budget_pays_for(office: Office) -> None:
    # Taking the two accounts on X in has cost 0.02; a post costs 0.015.
    (office.home / "socialguard.toml").write_text("[budget]\nmonth_usd = 0.05\n", encoding="utf-8")
    accounts = ("x:@acme", "x:@globex")
    started = [office.start(*office.post_words(f"Text {n}", accounts[n % 2])) for n in range(5)]
    codes = sorted(finish(one).code for one in started)
    assert codes == [0, 0, 11, 11, 11]
    assert len(office.published("x")) == 2


def test_of_deliveries_that_are_due_at_once_the_sender_holds_what_is_not_paid_for(office: Office) -> None:
    for number, account in enumerate(("x:@acme", "x:@globex", "x:@acme", "x:@globex")):
        words = ("post", f"Text {number}", "--to", account, "--confirm", account, "--at", "in 1 minute", "--json")
        assert office.cli(*words).code == 0
    (office.home / "socialguard.toml").write_text("[budget]\nmonth_usd = 0.05\n", encoding="utf-8")
    runs = [office.start("queue", "run", "--json", SOCIALGUARD_CLOCK="+90s") for _ in range(3)]
    for one in runs:
        assert finish(one).code in (0, 11)
    left = office.queue("queued")
    if left:  # its account was busy in every run
        office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+90s")
    assert (len(office.queue("sent")), len(office.queue("held")), len(office.published("x"))) == (2, 2, 2)
