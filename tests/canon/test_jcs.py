"""Canonical JSON: the published example, what is refused, and decoding as the exact inverse."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from socialguard.canon import jcs

scalars = st.none() | st.booleans() | st.integers(-jcs.MAX_INTEGER, jcs.MAX_INTEGER) | st.text()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


def test_keys_are_sorted_by_utf_16_units_as_in_rfc_8785_section_3_2_3() -> None:
    unordered = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert jcs.encode(unordered).decode() == (
        '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}'
    )


def test_strings_are_escaped_as_in_rfc_8785_section_3_2_2_2() -> None:
    assert jcs.encode('\u20ac$\u000f\nA\'B"\\\\"/\u007f\u2028') == (
        b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/\x7f\xe2\x80\xa8"'
    )


@given(values)
def test_the_bytes_are_those_of_the_reference_library(value: object) -> None:
    assert jcs.encode(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(values)
def test_decoding_gives_the_value_back(value: object) -> None:
    assert jcs.decode(jcs.encode(value)) == value


@given(st.binary(max_size=40) | values.map(jcs.encode), st.data())
def test_whatever_decodes_is_what_encoding_writes(data: bytes, draw: st.DataObject) -> None:
    if data:
        at = draw.draw(st.integers(0, len(data) - 1))
        data = data[:at] + bytes([draw.draw(st.integers(0, 255))]) + data[at + 1 :]
    try:
        value = jcs.decode(data)
    except jcs.NotCanonical:
        return
    assert jcs.encode(value) == data


@pytest.mark.parametrize(
    "value",
    [1.0, float("nan"), 2**53, -(2**53), b"x", {1: 2}, {"a": {3}}, "\ud800", {"\udfff": 1}, {"a\ud83d": 1}],
    ids=repr,
)
def test_a_value_without_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(jcs.NotCanonical):
        jcs.encode([value])


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" 1",
        b"1\n",
        b"-0",
        b"1.0",
        b"1e3",
        b"NaN",
        b"9007199254740992",
        b"9" * 5000,
        b'{"b":1,"a":2}',
        b'{"a":1,"a":1}',
        b'{"a": 1}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b'"\xff"',
        b"\xef\xbb\xbf1",
        '"a"'.encode("utf-16"),
        b"[" * 100_000,
        b"[" * 70 + b"]" * 70,
    ],
    ids=lambda data: repr(data[:16]),
)
def test_bytes_that_are_not_canonical_are_refused(data: bytes) -> None:
    with pytest.raises(jcs.NotCanonical):
        jcs.decode(data)


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(jcs.NotCanonical) as refusal:
        jcs.encode({"token": "hunter2\ud800"})
    assert "hunter2" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


@given(st.binary())
def test_base64_is_padded_and_comes_back(data: bytes) -> None:
    text = jcs.b64(data)
    assert len(text) % 4 == 0
    assert jcs.unb64(text) == data


@pytest.mark.parametrize("text", ["QQ", "QR==", "QQ==\n", " QQ==", "QQ=", "QQ==QQ==", "_w==", "é===", "="])
def test_base64_of_another_writing_is_refused(text: str) -> None:
    with pytest.raises(jcs.NotCanonical):
        jcs.unb64(text)


def test_a_time_is_written_with_all_six_digits() -> None:
    assert jcs.timestamp(datetime(2026, 3, 1, 9, 5, tzinfo=UTC)) == "2026-03-01T09:05:00.000000Z"
    assert jcs.timestamp(datetime(33, 1, 1, tzinfo=UTC)) == "0033-01-01T00:00:00.000000Z"


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_comes_back(moment: datetime) -> None:
    assert jcs.parse_timestamp(jcs.timestamp(moment)) == moment


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 1, 1), datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1)))],  # noqa: DTZ001 - refused
)
def test_a_time_that_is_not_utc_is_refused(moment: datetime) -> None:
    with pytest.raises(jcs.NotCanonical):
        jcs.timestamp(moment)


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:00.000000",
        "2026-01-01T00:00:00.000000+00:00",
        "2026-01-01 00:00:00.000000Z",
        "2026-02-29T00:00:00.000000Z",
        "2026-01-01T24:00:00.000000Z",
        "2026-01-01T00:00:60.000000Z",
        "2026-01-01T00:00:00.000000Z\n",
        "２026-01-01T00:00:00.000000Z",
    ],
)
def test_a_time_of_another_writing_is_refused(text: str) -> None:
    with pytest.raises(jcs.NotCanonical):
        jcs.parse_timestamp(text)
