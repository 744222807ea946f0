"""The card before a post shows the account's last posts from the archive, and how old that is."""

from tests.backup.world import back_up, seeded
from tests.office import Office


def target(office: Office) -> "tuple[int | None, list[str]]":
    """Return the age of the archive and the last posts, as the card of a post to x:@acme would show them."""
    from socialguard.publishing import prepare
    from socialguard.publishing.interface import Request, Session

    with office.entered() as workspace:
        session = Session("c-1", "marie")
        plan = prepare.prepare(workspace.desk, Request(text="New", selectors=["x:@acme"]), session)
        assert plan.challenge is not None
        (shown,) = plan.challenge.targets
        return shown.archive_age_s, [text for text, _ in shown.last_posts]


def test_without_an_archive_the_card_shows_what_we_sent(office: Office) -> None:
    office.post("Sent by us")
    assert target(office) == (None, ["Sent by us"])
    assert not (office.home / "archive.db").exists()


def test_the_card_shows_what_others_posted_too_and_how_old_that_is(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=3))
    back_up(office)
    age, posts = target(office)
    assert age is not None
    assert 0 <= age < 60
    assert posts == ["Post 2 of acme", "Post 1 of acme"]
    office.post("Sent after the backup")
    assert target(office)[1] == ["Sent after the backup", "Post 2 of acme"]
    back_up(office)
    assert target(office)[1] == ["Sent after the backup", "Post 2 of acme"]


def test_an_archive_that_cannot_be_read_stops_no_post(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=3))
    back_up(office)
    (office.home / "archive.db").write_bytes(b"nonsense" * 1000)
    assert target(office) == (None, [])
