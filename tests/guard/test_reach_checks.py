"""The checks of media, mentions, time and copies: what each says, and what it leaves alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard import clock
from socialguard.guard.checks import (
    copies,
    crisis,
    crop,
    embargo,
    filetype,
    handles,
    holiday,
    metadata,
    near_duplicate,
    own_accounts,
    quiet,
    spacing,
)
from socialguard.guard.interface import Copy, Crisis, Ours
from socialguard.guard.mentions import mentions_of
from socialguard.model.delivery import Content
from socialguard.model.finding import Severity
from tests.guard.people import ACME, LIMITS, checked, media, posted

PARIS = replace(ACME, zone="Europe/Paris")
GLOBEX = Ours("a-2", "x", "globex", "globex")
SUPPORT = Ours("a-3", "x", "acme_support", "acme")
RULED = replace(LIMITS, forbids_copies=True, tallest=75, widest=200)


# ── media ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_was_taken_out_of_a_photo_is_said() -> None:
    content = Content("", media=(media(removed=("place", "camera"), file_name="a\x1b.jpg"), media()))
    found = checked(metadata, content=content)
    assert [one.severity for one in found] == [Severity.NOTE, Severity.NOTE]
    assert found[0].message().startswith("the place was removed from a\\x1b.jpg")


@pytest.mark.parametrize(
    ("name", "content_type", "count"),
    [
        ("a.png", "image/png", 0),
        ("a.JPG", "image/jpeg", 0),
        ("a.jpeg", "image/png", 1),
        ("a.png", "application/octet-stream", 1),
        ("photo", "image/png", 0),
        ("a.unknown", "image/png", 0),
    ],
)
def test_a_file_that_is_not_what_its_name_says(name: str, content_type: str, count: int) -> None:
    content = Content("", media=(media(file_name=name, content_type=content_type),))
    assert len(checked(filetype, content=content)) == count


@pytest.mark.parametrize(("size", "count"), [((100, 200), 1), ((150, 200), 0), ((400, 200), 0), ((401, 199), 1)])
def test_an_image_that_would_be_cropped_is_noted(size: tuple[int, int], count: int) -> None:
    content = Content("", media=(media(width=size[0], height=size[1]),))
    assert len(checked(crop, content=content, limits=RULED)) == count
    assert checked(crop, content=content) == []  # a network that shows every shape
    assert checked(crop, content=Content("", media=(media(),)), limits=RULED) == []  # a video


# ── mentions ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_mentions_are_found_and_addresses_are_not() -> None:
    text = "Hi @acme, (@Globex) @ville-lyon. mail a@b.com, https://x.com/@nobody @"
    assert [one.handle for one in mentions_of(text)] == ["acme", "Globex", "ville-lyon"]
    assert [text[slice(*one.span)] for one in mentions_of(text)] == ["@acme", "@Globex", "@ville-lyon"]


@pytest.mark.parametrize("handle", ["globx", "g1obex", "gIobex", "glbex", "golbex", "gl\u043ebex"])
def test_a_mention_one_slip_from_an_account_of_ours_is_warned_of(handle: str) -> None:
    (found,) = checked(handles, f"Thanks @{handle}!", ours=(GLOBEX,))
    assert found.severity is Severity.WARN
    assert "one slip away from @globex" in found.message()


def test_known_handles_come_from_own_posts_and_from_policy() -> None:
    past = ("Thanks @citymuseum", "At @citymuseum tonight")
    assert len(checked(handles, "See @citymuseun", past=past)) == 1
    assert checked(handles, "See @citymuseun", past=past[:1]) == []
    assert len(checked(handles, "See @citymuseun", known=("@citymuseum",))) == 1
    assert checked(handles, "See @citymuseun", past=(*past, "Hi @citymuseun")) == []
    assert checked(handles, "@citymuseum", past=past) == []


def test_numbered_teams_and_other_networks_are_no_slips() -> None:
    team = Ours("a-4", "x", "team2024", "acme")
    assert checked(handles, "Go @team2025", ours=(team,)) == []
    assert checked(handles, "Thanks @globx", ours=(replace(GLOBEX, network="facebook"),)) == []


def test_an_account_of_another_client_is_warned_of_and_one_of_the_same_is_not() -> None:
    (found,) = checked(own_accounts, "Great work, @globex!", ours=(GLOBEX, SUPPORT))
    assert found.message() == "x:@globex is an account of another client, globex"
    assert found.span == (12, 19)
    assert checked(own_accounts, "Ask @acme_support", ours=(GLOBEX, SUPPORT)) == []
    assert checked(own_accounts, "Great work, @globex!", ours=(GLOBEX,), friends=("Globex",)) == []
    assert checked(own_accounts, "@acme @stranger", ours=(GLOBEX, SUPPORT)) == []


@pytest.mark.parametrize(
    "text",
    ["We at @acme_support wish", "Nous, chez @acme_support, …", "This is @acme_support", "Ici @acme_support"],
)
def test_a_text_that_speaks_as_another_account_is_warned_of(text: str) -> None:
    (found,) = checked(own_accounts, text, ours=(SUPPORT,))
    assert found.message() == "this speaks as x:@acme_support, an account of yours"


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("hour", "minute", "is_quiet"), [(20, 59, False), (21, 0, True), (23, 0, True), (5, 59, True), (6, 0, False)]
)
def test_quiet_hours_go_over_midnight_in_the_accounts_zone(hour: int, minute: int, is_quiet: bool) -> None:
    at = datetime(2026, 11, 25, hour, minute, tzinfo=UTC)
    found = checked(quiet, account=PARIS, due=at, start="22:00", end="07:00")
    assert bool(found) is is_quiet
    assert checked(quiet, account=PARIS, due=at) == []


def test_quiet_hours_within_a_day() -> None:
    noon = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    assert checked(quiet, due=noon, start="12:00", end="14:00")
    assert not checked(quiet, due=noon + timedelta(hours=2), start="12:00", end="14:00")
    assert checked(quiet, due=noon, start="12:00")
    assert not checked(quiet, due=noon, start="12:01")
    assert checked(quiet, due=noon, end="12:01")
    assert not checked(quiet, due=noon, end="12:00")


def test_a_weekend_begins_in_the_accounts_zone() -> None:
    friday_night = datetime(2026, 11, 27, 23, 30, tzinfo=UTC)
    assert checked(quiet, account=PARIS, due=friday_night, weekends=True)
    assert not checked(quiet, due=friday_night, weekends=True)
    assert not checked(quiet, account=PARIS, due=friday_night)


def test_a_holiday_of_the_accounts_country_is_told_of_a_scheduled_post() -> None:
    fourteenth = datetime(2026, 7, 14, 10, 0, tzinfo=UTC)
    (found,) = checked(holiday, account=PARIS, due=fourteenth)
    assert found.message().startswith("2026-07-14 is a public holiday in FR: ")
    assert not checked(holiday, account=PARIS, due=fourteenth + timedelta(days=1))
    assert not checked(holiday, due=fourteenth)
    assert not checked(holiday, account=PARIS)
    assert checked(holiday, due=datetime(2026, 6, 24, 16, tzinfo=UTC), countries=("CA-QC",))
    assert not checked(holiday, due=datetime(2026, 6, 24, 16, tzinfo=UTC), countries=("CA-ON", "ZZ", "FR-??"))


def test_who_posts_now_knows_that_it_is_a_holiday_but_not_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 7, 14, 10, 0, tzinfo=UTC))
    assert not checked(holiday, account=PARIS)
    assert checked(holiday, account=PARIS, countries=("FR",))


def test_a_scheduled_post_too_near_to_another_is_warned_of() -> None:
    at = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
    near, far = at - timedelta(minutes=4, seconds=59), at + timedelta(minutes=5)
    assert checked(spacing, due=at, slots=(far, near))
    assert not checked(spacing, due=at, slots=(far,))
    assert checked(spacing, due=at, slots=(far,), minutes=6)
    assert not checked(spacing, due=at)
    for part in (Content("2/3", thread_position=1), Content("Thanks", reply_to="1")):
        assert not checked(spacing, content=part, due=at, slots=(near,))


def test_a_post_now_is_spaced_where_policy_says_always() -> None:
    assert not checked(spacing, slots=(clock.now(),))
    assert checked(spacing, slots=(clock.now(),), always=True)


@pytest.mark.parametrize(
    ("at", "is_held"),
    [
        ("2026-11-30T22:59", False),
        ("2026-11-30T23:00", True),  # midnight in Paris
        ("2026-12-03T22:59", True),  # the last day is meant whole
        ("2026-12-03T23:00", False),
    ],
)
def test_an_embargo_holds_from_its_first_to_its_last_day(at: str, is_held: bool) -> None:
    due = datetime.fromisoformat(at).replace(tzinfo=UTC)
    found = checked(embargo, account=PARIS, due=due, windows=("2026-12-01/2026-12-03 before the results",))
    assert [one.severity for one in found] == [Severity.HOLD] * is_held
    assert all("before the results" in one.message() for one in found)


def test_an_embargo_to_the_minute_and_one_that_cannot_be_read() -> None:
    due = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
    assert not checked(embargo, due=due, windows=("2026-12-01T09:00/2026-12-03T09:00",))
    assert checked(embargo, due=due - timedelta(minutes=1), windows=("2026-12-01T09:00/2026-12-03T09:00",))
    assert checked(embargo, due=due, windows=("2026-02-31/2026-03-01 no such day",))
    assert checked(embargo, due=due, windows=("2026-12-05/2026-12-01 the wrong way round",))
    accepts = embargo.PARAMETERS["windows"].accepts
    assert accepts(["2026-12-01/2026-12-03 results"])
    assert not accepts(["tomorrow"])
    assert not accepts(["2026-13-01/2026-12-03"])
    assert not accepts(["2026-12-05/2026-12-01 the wrong way round"])
    assert not accepts(["2026-02-31/2026-03-01 no such day"])
    assert not accepts(["2026-12-01T09:00/2026-12-01T09:00"])
    assert accepts(["2026-12-01/2026-12-01 one day"])


def test_a_crisis_in_force_holds_what_is_new() -> None:
    (found,) = checked(crisis, crises=(Crisis(datetime(2026, 11, 27, 9, tzinfo=UTC), "earthquake"),))
    assert found.severity is Severity.HOLD
    assert found.message() == "crisis mode since 2026-11-27 09:00 UTC: earthquake"
    assert not checked(crisis)


# ── duplicates ───────────────────────────────────────────────────────────────────────────────────────────────

MARKET = "Our Christmas market opens on Friday at ten, come and see us!"


@pytest.mark.parametrize(
    "text",
    [
        "Our Christmas market opens on Friday at ten, come and see us",
        "our christmas market  opens on friday at ten - come and see us!",
        "Our Christmas market opens on Friday at ten, come and see us! https://acme.com/2",
    ],
)
def test_nearly_the_same_text_is_warned_of(text: str) -> None:
    (found,) = checked(near_duplicate, text, recent=(posted("Else"), posted(MARKET)))
    assert found.message() == "nearly the same text is sent as 8f2c"


@pytest.mark.parametrize(
    ("text", "before"),
    [
        (MARKET, MARKET),  # the check `duplicate` holds it
        ("Good morning!", "Good morning"),
        (
            "Result: Lyon 3 - Paris 1, thank you all for coming",
            "Result: Lyon 0 - Paris 2, thank you all for coming",
        ),
        (MARKET, "Our summer sale begins on Monday, be there at nine o'clock sharp"),
    ],
)
def test_the_very_same_short_texts_new_numbers_and_other_texts_are_not(text: str, before: str) -> None:
    assert checked(near_duplicate, text, recent=(posted(before),)) == []


def test_the_same_on_several_accounts_is_warned_of_where_the_network_forbids_it() -> None:
    others = (
        Copy("x:@globex", MARKET.lower(), None),
        Copy("x:@else", "Something else entirely, as it were", None),
    )
    (found,) = checked(copies, MARKET, copies=others, limits=RULED)
    assert found.message().startswith("x:@globex says the same;")
    assert checked(copies, MARKET, copies=others) == []
    assert checked(copies, MARKET, copies=others[1:], limits=RULED) == []
    assert checked(copies, content=Content(MARKET, reply_to="1"), copies=others, limits=RULED) == []


@given(st.text(max_size=80), st.text(max_size=80))
def test_no_text_breaks_a_check_and_every_span_lies_in_it(text: str, before: str) -> None:
    found = checked(handles, text, past=(before, text), ours=(GLOBEX,))
    found += checked(own_accounts, text + "@globex", ours=(GLOBEX,))
    found += checked(near_duplicate, text, recent=(posted(before),))
    found += checked(copies, text, copies=(Copy("x:@globex", before, None),), limits=RULED)
    for one in found:
        assert one.message()
        if one.span is not None:
            assert 0 <= one.span[0] < one.span[1] <= len(text) + len("@globex")
