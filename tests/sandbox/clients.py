"""The seed of these tests, and real client libraries pointed at the sandbox."""

from __future__ import annotations

import base64
from typing import Any

import requests

ACME, GLOBEX, PAGE, OTHER_PAGE = "1450000000000000001", "1450000000000000002", "210000000000001", "210000000000002"
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAEElEQVR4nGP4z8AAQQxwFgBB0gX7h/C5SAAAAABJRU5ErkJggg=="
)


def oauth1(name: str) -> dict[str, str]:
    """Return the OAuth 1.0a credential of an account."""
    return {
        "kind": "oauth1",
        "consumer_key": f"consumer-{name}",
        "consumer_secret": f"consumer-secret-{name}",
        "access_token": f"access-{name}",
        "access_token_secret": f"access-secret-{name}",
    }


OAUTH2 = {
    "kind": "oauth2",
    "client_id": "client-confidential",
    "client_secret": "client secret/+%",
    "access_token": "bearer-acme",
    "refresh_token": "refresh-acme",
}
SEED: dict[str, Any] = {
    "accounts": [
        {
            "network": "x",
            "handle": "acme",
            "user_id": ACME,
            "display_name": "Acme",
            "followers_count": 1200,
            "credential": oauth1("acme"),
            "credentials": [OAUTH2],
            "bearer_token": "app-only-token",
            "posts": [
                {"text": "First & <best>", "created_at": "2026-01-02T03:04:05Z", "metrics": {"like_count": 7}}
            ],
        },
        {
            "network": "x",
            "handle": "globex",
            "user_id": GLOBEX,
            "display_name": "Globex",
            "subscriber": True,
            "credential": oauth1("globex"),
            "credentials": [
                {"kind": "oauth2", "client_id": "client-public", "access_token": "bearer-globex"},
            ],
            "scopes": ["tweet.read", "users.read"],
        },
        {
            "network": "facebook",
            "handle": "acme",
            "user_id": PAGE,
            "display_name": "Acme Page",
            "followers_count": 5,
            "credential": {
                "kind": "page",
                "page_token": "page-token-acme",
                "app_id": "4200",
                "app_secret": "app-secret",
            },
            "user_token": "user-token",
        },
        {
            "network": "facebook",
            "handle": "globex",
            "user_id": OTHER_PAGE,
            "display_name": "Globex Page",
            "credential": {"kind": "page", "page_token": "page-token-globex", "app_id": "4200"},
            "user_token": "user-token",
        },
    ]
}


class ElsewhereSession(requests.Session):
    """A session that goes to the sandbox wherever it is sent, before anything is signed."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self.origin = origin
        self.trust_env = False

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Replace scheme and host, keep the rest."""
        path = str(url).partition("://")[2].partition("/")[2]
        return super().request(method, f"{self.origin}/{path}", *args, **kwargs)


def tweepy_client(origin: str, name: str) -> Any:
    """Return tweepy's client for an account of the seed."""
    import tweepy

    keys = {key: value for key, value in oauth1(name).items() if key != "kind"}
    client = tweepy.Client(**keys, return_type=dict)
    client.session = ElsewhereSession(origin)
    return client


def facebook_client(origin: str, token: str) -> Any:
    """Return facebook-sdk's client for a token."""
    import facebook

    session = ElsewhereSession(origin)
    client = facebook.GraphAPI(token, session=session)
    client.version = "v26.0"
    return client


def bearer(token: str) -> dict[str, str]:
    """Return the header of a bearer token."""
    return {"Authorization": f"Bearer {token}"}
