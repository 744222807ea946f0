"""Limits and prices are dated data, and an operator's own numbers win."""

from datetime import date

import pytest

from socialguard import errors
from socialguard.model.activity import Stream
from socialguard.networks import limits
from socialguard.networks.limits import load_limits, load_prices, load_reading
from socialguard.networks.x import XAdapter


def test_the_figures_of_x_are_those_of_its_documentation() -> None:
    found = load_limits("x")
    assert (found.text, found.images, found.alt_text) == (280, 4, 1000)
    assert found.image_bytes == 5 * 1024 * 1024
    assert load_prices("x") == {
        "post": 15_000,
        "post_with_url": 200_000,
        "delete": 10_000,
        "read_post": 5_000,
        "read_own_post": 1_000,
        "read_user": 10_000,
        "describe_media": 5_000,
    }


def test_reading_own_posts_is_cheaper_only_for_those_who_own_the_app() -> None:
    found = load_reading("x")
    assert found.prices == {Stream.POSTS: 5_000, Stream.MENTIONS: 5_000}
    assert load_reading("x", {"own_app": 1}).prices == {Stream.POSTS: 1_000, Stream.MENTIONS: 5_000}
    assert load_reading("x", {"own_app": 1, "price_read_own_post": 7}).prices[Stream.POSTS] == 7
    assert found.reach == {Stream.POSTS: 3_200, Stream.MENTIONS: 800}
    assert (found.profile_price, found.metrics_price, found.metrics_batch) == (10_000, 5_000, 100)


def test_reading_facebook_is_free_and_has_no_end() -> None:
    found = load_reading("facebook")
    assert set(found.prices.values()) == {0}
    assert set(found.reach.values()) == {None}


def test_facebook_is_free_and_long() -> None:
    assert (load_limits("facebook").text, load_limits("facebook").images) == (63_206, 10)
    assert load_prices("facebook") == {}


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_every_figure_has_a_date(network: str) -> None:
    assert date.fromisoformat(load_limits(network).dated) >= date(2026, 8, 1)


def test_an_override_changes_one_number_and_no_other() -> None:
    before, after = load_limits("x"), load_limits("x", {"text": 4000})
    assert (after.text, after.images, after.dated) == (4000, before.images, before.dated)
    assert load_prices("x", {"price_post": 1})["post"] == 1
    assert load_prices("x", {"price_post": 1})["delete"] == 10_000


def test_the_settings_count_for_every_adapter_that_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_overrides", {})
    limits.use({"x": {"text": 25_000, "price_post_with_url": 7}})
    adapter = XAdapter()
    assert (adapter.limits.text, adapter.price("a", "https://example.com")) == (25_000, 7)
    assert load_limits("facebook").text == 63_206


@pytest.mark.parametrize(
    ("network", "numbers", "word"),
    [
        ("x", {"txt": 1}, "txt"),
        ("x", {"price_like": 1}, "price_like"),
        ("facebook", {"own_app": 1}, "own_app"),
        ("facebook", {"price_post": 1}, "price_post"),
        ("x", {"text": -1}, "negative"),
        ("y", {"text": 1}, "facebook, x"),
    ],
)
def test_a_setting_that_is_none_is_named(network: str, numbers: dict[str, int], word: str) -> None:
    with pytest.raises(errors.SettingsInvalid) as caught:
        limits.use({network: numbers})
    assert word in str(caught.value)
    assert f"[limits.{network}]" in str(caught.value)
