"""The credential documents of X: OAuth 1.0a with four keys, OAuth 2 with or without a refresh token."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from socialguard.model.credential import Credential

NETWORK: Final = "x"
OAUTH1: Final = "oauth1"
OAUTH2: Final = "oauth2"

_FIELD_NAME: Final = re.compile(r"[a-z_]{1,40}")
_REASONS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "literal_error": "must be oauth1 or oauth2",
    "string_type": "must be a text",
    "string_pattern_mismatch": "holds a space or a character that no token has",
    "string_too_short": "is empty",
}


def parse(document: Mapping[str, object]) -> Credential:
    """Return the credential of a document; ValueError that names fields and no values where it is none.

    `expires_at` is ISO 8601 with a zone or seconds since 1970; `scope` a list, or a text with spaces."""
    fields, problem = _parsed(document)
    # Outside any except block: pydantic's errors hold what was given.
    if problem:
        raise ValueError(problem)
    kind = fields.pop("kind")
    return Credential(NETWORK, kind, fields)


def expires_at(credential: Credential) -> datetime | None:
    """Return when the access token ends, as far as the document says."""
    value = credential.get("expires_at")
    return None if value is None else datetime.fromisoformat(value)


def scopes(credential: Credential) -> tuple[str, ...]:
    """Return the scopes that the document lists; empty where it lists none."""
    return tuple((credential.get("scope") or "").split())


def _parsed(document: Mapping[str, object]) -> tuple[dict[str, str], str]:
    from typing import Annotated, Literal

    from pydantic import (
        AwareDatetime,
        BaseModel,
        ConfigDict,
        StringConstraints,
        ValidationError,
        field_validator,
    )

    token = Annotated[str, StringConstraints(min_length=1, max_length=4096, pattern=r"^[!-~]+$")]

    class Strict(BaseModel):
        model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    class OAuth1(Strict):
        kind: Literal["oauth1"]
        consumer_key: token
        consumer_secret: token
        access_token: token
        access_token_secret: token

    class OAuth2(Strict):
        kind: Literal["oauth2"]
        client_id: token
        client_secret: token | None = None
        access_token: token
        refresh_token: token | None = None
        expires_at: AwareDatetime | None = None
        scope: tuple[token, ...] = ()

        @field_validator("scope", mode="before")
        @classmethod
        def _split(cls, value: object) -> object:
            return tuple(value.split()) if isinstance(value, str) else value

    model: type[OAuth1 | OAuth2] = OAuth1 if document.get("kind") == OAUTH1 else OAuth2
    try:
        # None is as good as absent; our own document never writes it.
        parsed = model.model_validate({key: value for key, value in document.items() if value is not None})
    except ValidationError as failed:
        return {}, _problem(failed.errors(include_url=False, include_input=False, include_context=False))
    fields = {}
    for name, value in parsed:
        if isinstance(value, datetime):
            fields[name] = value.astimezone(UTC).isoformat()
        elif isinstance(value, tuple):
            fields |= {name: " ".join(value)} if value else {}
        elif value is not None:
            fields[name] = str(value)
    return fields, ""


def _problem(found: object) -> str:
    assert isinstance(found, list)
    words = []
    for entry in found:
        name = str(entry["loc"][0]) if entry["loc"] else "the document"
        # A key that is no field name may be a token in the wrong place.
        name = name if _FIELD_NAME.fullmatch(name) else "an unnamed key"
        words.append(f"{name} {_REASONS.get(entry['type'], 'is not of the documented form')}")
    return "; ".join(dict.fromkeys(words))
