"""Short names, handles and origins: what could be mistaken is refused or asks for a code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from socialguard import errors
from socialguard.model.account import AccountName, typed_client
from socialguard.registry import names, origin


@pytest.mark.parametrize("handle", ["acmé", "аcme", "ＡＣＭＥ", "アクメ", "acme‐fr"])
def test_a_handle_that_is_not_ascii_asks_for_a_code(handle: str) -> None:
    assert names.needs_code(handle)


def test_an_ascii_handle_asks_for_a_code_where_another_looks_the_same() -> None:
    assert not names.needs_code("paypal")
    for twin in ("paypa1", "paypaI", "PAYPA1"):
        assert names.needs_code("paypal", [twin])
        assert names.needs_code(twin, ["paypal"])
    assert names.needs_code("modern", ["rnodern"])
    assert not names.needs_code("acme", ["globex", "acme", "ACME"])


def test_confusable_handles_have_one_skeleton() -> None:
    assert names.skeleton("аcmе") == names.skeleton("acme")  # two Cyrillic letters
    assert names.skeleton("g00gle") == names.skeleton("google")
    assert names.skeleton("acme") != names.skeleton("acne")


def test_a_default_short_name_is_the_handle_then_handle_and_network() -> None:
    acme = AccountName("facebook", "acme")
    assert names.default_short_name(acme, []) == "acme"
    assert names.default_short_name(acme, ["acme"]) == "acme-facebook"
    assert names.default_short_name(acme, ["acne"]) == "acme-facebook"
    assert names.default_short_name(AccountName("x", "me"), []) == "me-x"


handles = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")), min_size=1)


@given(handles.filter(lambda h: not set(h) & set(":@,+#")), st.lists(st.from_regex(r"[a-z]{3,8}", fullmatch=True)))
def test_every_default_is_allowed_beside_the_others(handle: str, others: list[str]) -> None:
    found = names.default_short_name(AccountName("x", handle[:256]), others)
    assert names.require_short_name(found, others) == found
    assert all(OSA.distance(found.lower(), other) >= 2 for other in others)


def test_a_short_name_keeps_its_distance_whatever_the_case() -> None:
    for same in ("acme", "ACME"):
        with pytest.raises(errors.UsageError, match="is taken"):
            names.require_short_name(same, ["acne", "acme"])
    for near in ("acne", "acm", "acmes", "came"):
        with pytest.raises(errors.UsageError, match="too much like"):
            names.require_short_name(near, ["acme"])
    assert names.require_short_name("acme-fr", ["acme"]) == "acme-fr"


@pytest.mark.parametrize("wanted", ["", "ab", "--a", "a b c", "äbc", "x:@acme", "abc\n", "a" * 65, "..."])
def test_what_cannot_be_typed_is_no_short_name(wanted: str) -> None:
    with pytest.raises(errors.UsageError):
        names.require_short_name(wanted, [])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.x.com", "https://api.x.com"),
        ("HTTPS://API.X.COM:443/", "https://api.x.com"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:9000", "http://[::1]:9000"),
        ("https://proxy.example:8443", "https://proxy.example:8443"),
    ],
)
def test_an_origin_has_one_form(url: str, expected: str) -> None:
    assert origin.normalise(url) == expected
    assert origin.normalise(expected) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://api.x.com",
        "ftp://api.x.com",
        "api.x.com",
        "https://",
        "https://user@api.x.com",
        "https://api.x.com/v2",
        "https://api.x.com?a=1",
        "https://api.x.com:99999",
        "https://apі.x.com",
        "http://127.0.0.1.evil.example",
        "https://api.x.com\\@evil.example",
        "",
    ],
)
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(errors.UsageError):
        origin.normalise(url)


def test_loopback_is_this_machine_alone() -> None:
    assert all(map(origin.is_loopback, ("http://127.0.0.1:1", "http://[::1]", "http://localhost:5")))
    assert not any(map(origin.is_loopback, ("http://10.0.0.1", "https://localhost.example", "")))


@pytest.mark.parametrize("name", ["Musée d’Orsay", "Musée d'Orsay", "musée-d-orsay", "Muse\u0301e d’Orsay"])
def test_a_client_is_typed_as_a_keyboard_types_it(name: str) -> None:
    """A name that was pasted from a text could otherwise be confirmed by nobody."""
    assert typed_client(name) == "musée-d-orsay"
