"""What a credential may do, and how it is refreshed and revoked, whatever X answers."""

from datetime import UTC, datetime

import pytest
import time_machine

from socialguard import errors

from .wire import Answer, Wire, close, http, leaked
from .x_world import CONFIDENTIAL, PUBLIC, SECRETS, session

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
ME = {"data": {"id": "111", "name": "Acme", "username": "acme"}}


def problem(status: int, detail: str) -> bytes:
    """Return a refusal in X's shape."""
    return http({"detail": detail, "title": detail, "type": "about:blank", "status": status}, status)


@pytest.mark.parametrize(
    ("level", "scopes", "warnings"),
    [
        ("read-write-directmessages", ("read", "write", "directmessages"), 0),
        ("read-write", ("read", "write"), 0),
        ("read", ("read",), 1),
        (None, (), 1),
    ],
)
def test_what_oauth1_keys_may_do_is_read_from_the_header(
    wire: Wire, level: str | None, scopes: tuple[str, ...], warnings: int
) -> None:
    headers = {} if level is None else {"x-access-level": level}
    wire.answers = [http(ME, 200, **headers)]
    found = session(wire.origin).inspect()
    assert (found.scopes, len(found.warnings), found.api_version) == (scopes, warnings, "2")


def test_what_an_oauth2_token_may_do_is_what_its_document_says(wire: Wire) -> None:
    wire.answers = [http(ME)]
    document = {**PUBLIC, "scope": "tweet.read users.read", "expires_at": "2026-11-27T09:00:00Z"}
    found = session(wire.origin, document).inspect()
    assert found.scopes == ("tweet.read", "users.read")
    assert found.expires_at == NOW
    assert len(found.warnings) == 1
    assert "lacks a scope" in found.warnings[0]


def test_a_token_that_nothing_renews_is_warned_of(wire: Wire) -> None:
    wire.answers = [http(ME)]
    scope = "tweet.read tweet.write users.read media.write"
    document = {name: value for name, value in PUBLIC.items() if name != "refresh_token"}
    found = session(wire.origin, {**document, "scope": scope}).inspect()
    assert len(found.warnings) == 1
    assert "refresh token" in found.warnings[0]


def test_oauth1_keys_need_no_refresh(wire: Wire) -> None:
    assert session(wire.origin).refresh() is None
    assert wire.connections == 0


@pytest.mark.parametrize("document", [PUBLIC, CONFIDENTIAL], ids=["public", "confidential"])
def test_a_refresh_names_the_app_as_its_kind_must(wire: Wire, document: dict[str, str]) -> None:
    body = {"access_token": "New-access-1", "refresh_token": "New-refresh-1", "expires_in": 7200, "scope": "a b"}
    wire.answers = [http(body)]
    with time_machine.travel(NOW, tick=False):
        found = session(wire.origin, document).refresh()
    assert found is not None
    assert found.document() == {
        **document,
        "access_token": "New-access-1",
        "refresh_token": "New-refresh-1",
        "expires_at": "2026-11-27T11:00:00+00:00",
        "scope": "a b",
    }
    sent = wire.requests[0].body.decode()
    assert ("client_id=" in sent) == (document is PUBLIC)
    assert wire.requests[0].headers.get("authorization", "").startswith("Basic ") == (document is CONFIDENTIAL)


def test_a_refresh_without_rotation_keeps_the_refresh_token(wire: Wire) -> None:
    wire.answers = [http({"access_token": "New-access-2"})]
    found = session(wire.origin, PUBLIC).refresh()
    assert found is not None
    assert (found.reveal("access_token"), found.reveal("refresh_token")) == (
        "New-access-2",
        PUBLIC["refresh_token"],
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(close, errors.OutcomeUnknown, id="closed"),
        pytest.param(http(b"{}", 500), errors.OutcomeUnknown, id="500"),
        pytest.param(http(b"<html>", 502), errors.OutcomeUnknown, id="502 in HTML"),
        pytest.param(http({"token_type": "bearer"}), errors.OutcomeUnknown, id="200 without token"),
        pytest.param(http({"access_token": "a b"}), errors.OutcomeUnknown, id="200 with a token that is none"),
        pytest.param(http({"error": "invalid_grant"}, 400), errors.AuthenticationNeeded, id="invalid_grant"),
        pytest.param(
            http(
                {"error": "invalid_request", "error_description": "Value passed for the token was invalid."}, 400
            ),
            errors.AuthenticationNeeded,
            id="spent",
        ),
        pytest.param(http({"error": "unauthorized_client"}, 401), errors.AuthenticationNeeded, id="401"),
        pytest.param(http({}, 429), errors.RateLimited, id="429"),
        pytest.param(http({"error": "x"}, 403), errors.NetworkRefused, id="403"),
    ],
)
def test_a_refresh_that_failed_says_whether_the_token_may_be_spent(
    wire: Wire, answer: Answer, kind: type[errors.SocialGuardError]
) -> None:
    wire.answers = [answer]
    with pytest.raises(kind) as caught:
        session(wire.origin, CONFIDENTIAL).refresh()
    assert len(wire.requests) == 1
    assert "post of" not in str(caught.value)
    assert leaked(caught.value, SECRETS) == []


@pytest.mark.parametrize(
    ("answers", "confirmed"),
    [
        pytest.param([http({"revoked": True})], True, id="revoked"),
        pytest.param([http({"revoked": True}), close], False, id="second closed"),
        pytest.param([close, http({"revoked": True})], False, id="first closed"),
        pytest.param([http({"revoked": False})], False, id="not revoked"),
        pytest.param([http(b"{}", 503)], False, id="503"),
        pytest.param(
            [
                http(
                    {"error": "invalid_request", "error_description": "Value passed for the token was invalid."},
                    400,
                )
            ],
            True,
            id="known as invalid",
        ),
    ],
)
def test_a_revocation_is_confirmed_only_by_x(wire: Wire, answers: list[Answer], confirmed: bool) -> None:
    wire.answers = answers
    found = session(wire.origin, PUBLIC).revoke()
    assert found.confirmed is confirmed
    assert (found.page is None) is confirmed
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("answer", "confirmed"),
    [
        pytest.param(http({"access_token": "x"}), True, id="invalidated"),
        pytest.param(http({"errors": [{"code": 89, "message": "Invalid or expired token."}]}, 401), True, id="89"),
        pytest.param(problem(401, "Unauthorized"), True, id="401"),
        pytest.param(http({"errors": [{"code": 32, "message": "Could not."}]}, 401), False, id="wrong signature"),
        pytest.param(close, False, id="closed"),
    ],
)
def test_oauth1_keys_are_revoked_by_a_signed_call(wire: Wire, answer: Answer, confirmed: bool) -> None:
    wire.answers = [answer]
    assert session(wire.origin).revoke().confirmed is confirmed
    assert wire.requests[0].path == "/1.1/oauth/invalidate_token.json"


def test_a_wrong_clock_is_no_proof_that_a_token_was_revoked(wire: Wire) -> None:
    wire.answers = [http({"errors": [{"code": 135, "message": "Timestamp out of bounds."}]}, 401)]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin).revoke()


def test_an_app_that_x_does_not_know_cannot_revoke(wire: Wire) -> None:
    wire.answers = [http({"error": "unauthorized_client"}, 401)]
    with pytest.raises(errors.NetworkRefused):
        session(wire.origin, PUBLIC).revoke()
