"""The checks of links: slips, disguises, near misses, missing parameters, prices, and where links lead."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.guard.checks import (
    CHECKS,
    campaign,
    disguise,
    link_price,
    links,
    lookalike,
    redirect,
    unreachable,
)
from socialguard.guard.interface import Reached
from socialguard.guard.links import host_of, links_of, registered
from socialguard.model.delivery import Content
from socialguard.model.finding import Severity
from tests.guard.people import checked, posted

OURS = ("See https://acme.com/a", "Look: www.acme.com/b", "https://shop.acme.com now")


@pytest.mark.parametrize(
    "text",
    [
        "Read http:/acme.com/news",
        "Read https//acme.com/news",
        "Read htp://acme.com",
        "Read https://https://acme.com",
        "Read https:///acme.com",
        "Go to www. acme.com",
        "Read https://acme.cmo/news today",
        "Read https://acme/news",
        "Read https:\\\\acme.com",
    ],
)
def test_a_link_with_a_slip_is_warned_of_and_marked(text: str) -> None:
    found = checked(links, text)
    assert [one.severity for one in found] == [Severity.WARN], found
    assert found[0].span is not None
    start, end = found[0].span
    assert text[start:end].lower().startswith(("h", "www"))


@pytest.mark.parametrize(
    "text",
    [
        "Read https://acme.com/news?a=b#c, now",
        "acme.com and www.acme.co.uk/x",
        "HTTP/2 and https are protocols",
        "Our test page: https://acme.example/x",
        "cut by the network: https://t…",
        "see (https://acme.com/a_(b))",
        "mail press@acme.com",
        "either/or, w/o links",
    ],
)
def test_a_sound_link_and_ordinary_text_are_left_alone(text: str) -> None:
    assert checked(links, text) == []


@pytest.mark.parametrize(
    "link", ["http://localhost:3000/new", "https://127.0.0.1/x", "http://192.168.1.10/preview", "http://10.0.0.3"]
)
def test_a_page_that_only_its_author_can_reach_is_noted(link: str) -> None:
    (found,) = checked(links, f"Our new page: {link} !")
    assert (found.severity, found.span) == (Severity.NOTE, (14, 14 + len(link)))
    assert len(checked(links, "Our new page", link=link)) == 1
    assert checked(links, "The resolver is http://9.9.9.9/ and http://999.1.1.1/") == []


@pytest.mark.parametrize(
    ("link", "is_sound"),
    [
        ("https://acme.com/a", True),
        ("https://acme.example", True),
        ("acme.com/a", False),
        ("https://acme.com/a b", False),
        ("https://acme.cmo", False),
        ("ftp://acme.com", False),
        ("javascript:alert(1)", False),
        ("http://[", False),
    ],
)
def test_the_link_beside_the_text_is_one_whole_address(link: str, is_sound: bool) -> None:
    assert (checked(links, "Hello", link=link) == []) is is_sound


@pytest.mark.parametrize(
    "url",
    [
        "https://аcme.com",  # a Cyrillic a among Latin letters
        "https://www.аррӏе.com/x",  # Cyrillic throughout
        "https://xn--80ak6aa92e.com",  # the same, encoded
        "https://goоgle.com",
    ],
)
def test_a_domain_in_disguise_is_held(url: str) -> None:
    assert [one.severity for one in checked(disguise, f"Visit {url} now")] == [Severity.HOLD]


@pytest.mark.parametrize("url", ["https://école.fr", "https://münchen.de", "https://сору.рф", "https://acme.com"])
def test_letters_with_marks_and_whole_foreign_domains_are_no_disguise(url: str) -> None:
    assert checked(disguise, f"Visit {url} now") == []


def test_an_encoded_domain_is_told_in_letters() -> None:
    (found,) = checked(disguise, "Visit https://xn--mnchen-3ya.de")
    assert found.severity is Severity.NOTE
    assert "münchen.de" in found.message()


@pytest.mark.parametrize("label", ["xn--ib9b", "xn--5a", "xn--abc-4q0a", "xn--1ug", "xn--acme-", "xn--"])
def test_an_encoded_label_that_nobody_can_read_in_letters_stays_encoded(label: str) -> None:
    """A surrogate, marks that turn the line or join letters, a control character, and what is plain ASCII."""
    assert host_of(f"https://{label}.com") == f"{label}.com"


@pytest.mark.parametrize("domain", ["acmee.com", "acm.com", "amce.com", "acme.co", "acrne.com", "www.acmme.com"])
def test_a_domain_one_slip_from_one_of_ours_is_held(domain: str) -> None:
    (found,) = checked(lookalike, f"Buy at https://{domain}/sale", domains=("acme.com",))
    assert found.severity is Severity.HOLD


def test_domains_that_own_posts_link_to_often_are_ours() -> None:
    text = "Buy at https://acrnetools.com/sale"
    past = tuple(one.replace("acme.com", "acmetools.com") for one in OURS)
    (found,) = checked(lookalike, text, past=past)
    assert "acrnetools.com is one slip away from acmetools.com" in found.message()
    assert text[slice(*found.span or ())] == "https://acrnetools.com/sale"
    assert checked(lookalike, text, past=past[:2]) == []
    assert checked(lookalike, text, past=(*past, text)) == []  # it was linked to before
    assert checked(lookalike, "https://acmetools.com/other", past=past) == []


@pytest.mark.parametrize("host", ["acme.com.evil.example.org", "acme.com.fr", "www.acme.com.shop.net"])
def test_our_domain_inside_that_of_another_is_held(host: str) -> None:
    text = f"Buy at https://{host}/sale"
    (found,) = checked(lookalike, text, domains=("acme.com",))
    assert f"{host} is no address of acme.com" in found.message()
    assert text[slice(*found.span or ())] == f"https://{host}/sale"
    assert (
        checked(lookalike, "https://www.shop.acme.com/sale and https://evil.com/acme.com", domains=("acme.com",))
        == []
    )


def test_our_domain_with_an_end_that_no_network_links_is_held() -> None:
    text = "Visit acme.con, or acme.cmo. Mail lea@acme.con; we open.Come at nine"
    found = checked(lookalike, text, domains=("acme.com",))
    assert [text[slice(*one.span or ())] for one in found] == ["acme.con", "acme.cmo"]


def test_short_and_distant_names_are_no_near_miss() -> None:
    assert checked(lookalike, "https://x.com and https://t.co/abc", domains=("a.co", "t.com", "co.co")) == []
    assert checked(lookalike, "https://lemonde.fr", domains=("acmetools.com",)) == []


def test_missing_campaign_parameters_are_named_where_policy_asks_for_them() -> None:
    text = "https://acme.com/a?utm_source=x and https://other.com"
    assert checked(campaign, text) == []
    required = ("utm_source", "utm_campaign")
    found = checked(campaign, text, required=required, domains=("acme.com",))
    assert [one.fields["missing"] for one in found] == ["utm_campaign"]
    assert len(checked(campaign, text, required=required)) == 2
    whole = "https://acme.com/a?utm_source=x&utm_campaign=spring"
    assert checked(campaign, whole, required=required) == []
    assert checked(campaign, "https://acme.com/?utm_source=&utm_campaign=a", required=required) != []


def test_the_price_of_a_link_is_a_note() -> None:
    (found,) = checked(link_price, "See acme.com", link_price=185_000)
    assert (found.severity, found.message()) == (Severity.NOTE, "a link makes this post $0.185 dearer")
    assert checked(link_price, "See acme.com") == []


def test_a_link_that_leads_to_an_error_or_nowhere_is_warned_of_once_it_was_looked_up() -> None:
    text = "https://acme.com/gone"
    assert checked(unreachable, text) == []
    for reached, words in (
        (Reached("https://acme.com/gone", 404), "the server answers 404"),
        (Reached("", problem="its name could not be resolved"), "could not be reached: its name"),
    ):
        (found,) = checked(unreachable, text, reached={text: reached})
        assert words in found.message()
    for status in (200, 403, 429):
        assert checked(unreachable, text, reached={text: Reached(text, status)}) == []


def test_where_a_link_leads_elsewhere_is_said_and_a_shortener_is_resolved() -> None:
    text = "https://acme.com/a"
    (found,) = checked(redirect, text, reached={text: Reached("https://evil.com/b", 200)})
    assert (found.severity, found.message()) == (Severity.WARN, f"{text} leads elsewhere, to https://evil.com/b")
    assert checked(redirect, text, reached={text: Reached("https://www.acme.com/b", 200)}) == []
    short = "https://bit.ly/3x"
    (found,) = checked(redirect, short, reached={short: Reached("https://acme.com/", 200)})
    assert (found.severity, found.message()) == (Severity.NOTE, f"{short} leads to https://acme.com/")


def test_what_asks_servers_is_off_until_a_policy_says_more() -> None:
    assert {name for name, check in CHECKS.items() if check.KIND == "network"} == {
        "unreachable",
        "redirect",
        "missing_handle",
    }
    assert all(CHECKS[name].LEVEL is None for name in ("unreachable", "redirect", "missing_handle"))


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.acme.co.uk", "acme.co.uk"),
        ("a.b.acme.com", "acme.com"),
        ("acme.com", "acme.com"),
        ("www.impots.gouv.fr", "impots.gouv.fr"),
        ("", ""),
    ],
)
def test_the_registered_domain_of_a_host(host: str, domain: str) -> None:
    assert registered(host) == domain


def test_a_link_beside_the_text_counts_once() -> None:
    both = Content("Read https://acme.com/a", link="https://acme.com/a")
    assert [one.span for one in links_of(both)] == [(5, 23)]
    assert [one.url for one in links_of(Content("Read acme.com", link="https://other.com"))] == [
        "acme.com",
        "https://other.com",
    ]


_PIECES: Any = st.lists(
    st.sampled_from(
        [
            "https://",
            "http:/",
            "www.",
            "acme",
            ".com",
            ".cmo",
            "xn--",
            "аррӏе",
            "/a?b=c",
            " ",
            "[",
            "]",
            "@",
            "…",
            "％",
        ]
    ),
    max_size=8,
).map("".join)


@given(st.one_of(st.text(max_size=60), _PIECES), st.one_of(st.none(), st.text(max_size=30), _PIECES))
def test_no_text_breaks_a_check_and_every_span_lies_in_it(text: str, link: str | None) -> None:
    host_of(text)
    for check in (links, disguise, lookalike, campaign, link_price):
        for one in checked(check, text, link=link, link_price=1, domains=("acme.com",), required=("utm_source",)):
            assert one.message()
            if one.span is not None:
                assert 0 <= one.span[0] < one.span[1] <= len(text)


def test_recent_posts_count_as_past_ones_too() -> None:
    recent = tuple(posted("News", link="https://acmetools.com/a") for _ in range(3))
    assert checked(lookalike, "https://acmetool.com", recent=recent) != []
