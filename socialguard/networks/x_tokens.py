"""Refreshing and revoking X's tokens: forms of OAuth 2 (RFC 6749 §6, RFC 7009) and one signed call of OAuth 1.0a.

A refresh uses the refresh token up: X rotates it, so a call whose answer never came may have spent it. That is
told apart from a refusal, and the old credential is never called dead without X having said so."""

from datetime import timedelta
from typing import Final

from socialguard import clock, errors
from socialguard.model.credential import Credential
from socialguard.networks.interface import Revocation
from socialguard.networks.x_calls import Answer, Calls
from socialguard.networks.x_refusals import TITLE, refusal, said
from socialguard.networks.x_replies import Tokens, Unusable, parse

TOKEN_PATH: Final = "/2/oauth2/token"  # noqa: S105 # a path
REVOKE_PATH: Final = "/2/oauth2/revoke"
SETTINGS_PAGE: Final = "https://x.com/settings/connected_apps"

_BAD_SIGNATURE: Final = 32


class RefreshUnknown(errors.OutcomeUnknown):
    """{network} did not answer; whether the token of {account} was renewed is not known ({detail})."""

    remedy = "Run: socialguard account verify {account}"


def client(credential: Credential) -> tuple[dict[str, str], tuple[str, str] | None]:
    """Return how the app names itself: a public one in the form, a confidential one by Basic authentication."""
    client_id, secret = credential.reveal("client_id"), credential.get("client_secret")
    return ({"client_id": client_id}, None) if secret is None else ({}, (client_id, secret))


def refresh(calls: Calls, credential: Credential) -> Credential | None:
    """Return the credential with new tokens, or None where it needs no refresh.

    Raises AuthenticationNeeded (X does not take the refresh token any more), RefreshUnknown (it may be spent),
    NotReached, NetworkRefused, RateLimited."""
    token = credential.get("refresh_token")
    if token is None:
        return None
    named, auth = client(credential)
    fields = {"grant_type": "refresh_token", "refresh_token": token, **named}
    unknown = ""
    try:
        answer = calls.form(TOKEN_PATH, fields, auth, write=True)
    except errors.OutcomeUnknown as failed:
        unknown = str(failed.fields["detail"])
    if unknown:
        raise RefreshUnknown(network=TITLE, account=calls.account, detail=unknown)
    if not 200 <= answer.status < 300:
        raise _refresh_refused(calls, answer)
    return renewed(calls, credential, answer)


def renewed(calls: Calls, credential: Credential, answer: Answer) -> Credential:
    """Return `credential` with the tokens that a token endpoint answered; RefreshUnknown if it holds none."""
    problem = ""
    try:
        tokens = parse(Tokens, answer.body)
    except Unusable as unusable:
        problem = f"its answer is not understood ({unusable})"
    if problem:
        raise RefreshUnknown(network=TITLE, account=calls.account, detail=problem)
    return credential.replace(**token_fields(tokens))


def token_fields(tokens: Tokens) -> dict[str, str]:
    """Return the fields of a credential document that the answer sets. The expiry counts from our clock."""
    fields = {"access_token": tokens.access_token}
    if tokens.refresh_token is not None:
        fields["refresh_token"] = tokens.refresh_token
    if tokens.expires_in is not None:
        fields["expires_at"] = (clock.now() + timedelta(seconds=tokens.expires_in)).isoformat()
    if scope := " ".join(tokens.scope.split()):
        fields["scope"] = scope
    return fields


def revoke(calls: Calls, credential: Credential) -> Revocation:
    """Ask X to forget the tokens. Confirmed where X says so, or says that a token is invalid already; where no
    answer came it is not. Raises NotReached, RateLimited, NetworkRefused."""
    confirmed = _revoke_oauth1(calls) if calls.signs else _revoke_oauth2(calls, credential)
    return Revocation(confirmed, None if confirmed else SETTINGS_PAGE)


def _revoke_oauth1(calls: Calls) -> bool:
    try:
        calls.write(lambda c: c.request("POST", "/1.1/oauth/invalidate_token.json", user_auth=True))
    except errors.OutcomeUnknown:
        return False
    except errors.AuthenticationNeeded:
        # Code 32 is a wrong signature: that says nothing about the token.
        return _BAD_SIGNATURE not in calls.codes()
    return True


def _revoke_oauth2(calls: Calls, credential: Credential) -> bool:
    named, auth = client(credential)
    # The refresh token first: while it lives, it makes new access tokens.
    tokens = [value for name in ("refresh_token", "access_token") if (value := credential.get(name)) is not None]
    answers = [_revoke_token(calls, {"token": token, **named}, auth) for token in tokens]
    return all(answers)


def _revoke_token(calls: Calls, fields: dict[str, str], auth: tuple[str, str] | None) -> bool:
    try:
        answer = calls.form(REVOKE_PATH, fields, auth, write=True)
    except errors.OutcomeUnknown:
        return False
    if 200 <= answer.status < 300:
        return answer.body.get("revoked", True) is True
    if answer.status == 400 and "token was invalid" in said(answer.body):
        return True
    if answer.status >= 500:
        return False
    if answer.status == 401:
        # Here 401 is about the app (its id or secret), not about the token.
        raise errors.NetworkRefused(
            network=TITLE, account=calls.account, detail=f"it does not know the app (401{said(answer.body)})."
        )
    raise refusal(answer.status, answer.body, answer.headers, calls.session.server_time, calls.account)


def _refresh_refused(calls: Calls, answer: Answer) -> errors.SocialGuardError:
    """X answers a spent or revoked refresh token with 400 invalid_request, where RFC 6749 says invalid_grant."""
    if answer.status in (400, 401):
        detail = f"it does not take the refresh token ({answer.status}{said(answer.body)})."
        return errors.AuthenticationNeeded(network=TITLE, account=calls.account, detail=detail)
    if answer.status not in (402, 403, 404, 405, 415, 429):
        detail = f"it answered {answer.status}{said(answer.body)}"
        return RefreshUnknown(network=TITLE, account=calls.account, detail=detail)
    return refusal(answer.status, answer.body, answer.headers, calls.session.server_time, calls.account)
