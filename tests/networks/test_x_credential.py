"""The credential documents of X: what is taken, and that a refusal names fields and no values."""

from datetime import UTC, datetime
from typing import Any

import pytest

from socialguard.networks import x_credential
from socialguard.networks.x import XAdapter

from .wire import leaked
from .x_world import CONFIDENTIAL, OAUTH1, PUBLIC, SECRETS

VALUE = "A-secret-in-the-wrong-place"


@pytest.mark.parametrize("document", [OAUTH1, PUBLIC, CONFIDENTIAL])
def test_a_documented_form_survives_sealing_and_opening(document: dict[str, str]) -> None:
    once = XAdapter().credential(document)
    assert once.document() == document
    assert XAdapter().credential(once.document()) == once


@pytest.mark.parametrize("given", ["2026-11-27T10:00:00+01:00", "2026-11-27T09:00:00Z", 1795770000])
def test_an_expiry_is_read_as_iso_time_or_seconds(given: object) -> None:
    found = XAdapter().credential({**PUBLIC, "expires_at": given})
    assert x_credential.expires_at(found) == datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
    assert XAdapter().credential(found.document()) == found


@pytest.mark.parametrize("given", [["tweet.read", "users.read"], "tweet.read users.read"])
def test_scopes_are_a_list_or_a_text(given: object) -> None:
    found = XAdapter().credential({**PUBLIC, "scope": given})
    assert x_credential.scopes(found) == ("tweet.read", "users.read")


@pytest.mark.parametrize("field", ["client_secret", "refresh_token", "expires_at"])
def test_null_is_as_good_as_absent(field: str) -> None:
    assert XAdapter().credential({**PUBLIC, field: None}).get(field) is None


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({}, "kind"),
        ({**OAUTH1, "kind": VALUE}, "kind must be oauth1 or oauth2"),
        ({**OAUTH1, "kind": 1}, "kind"),
        ({name: value for name, value in OAUTH1.items() if name != "consumer_key"}, "consumer_key is missing"),
        ({**OAUTH1, "refresh_token": VALUE}, "refresh_token is not known"),
        ({**PUBLIC, VALUE: "x"}, "an unnamed key is not known"),
        ({**PUBLIC, "access_token": 4711}, "access_token must be a text"),
        ({**PUBLIC, "access_token": VALUE + "\n"}, "access_token holds a space"),
        ({**PUBLIC, "access_token": VALUE + "é"}, "access_token holds a space"),
        ({**PUBLIC, "access_token": ""}, "access_token is empty"),
        ({**PUBLIC, "access_token": [VALUE]}, "access_token must be a text"),
        ({**PUBLIC, "expires_at": "2026-11-27T09:00:00"}, "expires_at"),
        ({**PUBLIC, "expires_at": VALUE}, "expires_at"),
        ({**PUBLIC, "scope": [1]}, "scope"),
    ],
)
def test_any_other_document_is_refused_by_field_and_without_values(document: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        XAdapter().credential(document)
    assert leaked(caught.value, [VALUE, *SECRETS]) == []
