"""facebook-sdk 3.1.0 (2018) made fit for use: pinned version, checked answers, tokens kept out of URLs.

The SDK never looks at the HTTP status (a 500 with `{}` is a success to it), stumbles over a missing content
type, and puts tokens into addresses. So its session is `GraphTransport`, which sends the account's token as an
Authorization header and raises `GraphProblem` for whatever is not a JSON answer that Graph means well. Import it
inside functions only: it loads `requests`.
"""

import hashlib
import hmac
import json
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from socialguard.model.credential import redact
from socialguard.networks.facebook_replies import Trouble, TroubleDocument, Usage, parse
from socialguard.networks.http import CONNECT_SECONDS, READ_SECONDS

if TYPE_CHECKING:
    import requests

    from socialguard.networks.http_session import OriginSession

with warnings.catch_warnings():
    # facebook-sdk 3.1.0 has a non-raw "\d" (a SyntaxWarning, an error under -W error without a .pyc)
    warnings.filterwarnings("ignore", ".*invalid escape sequence", module=".*facebook")
    import facebook

API_VERSION: Final = "v26.0"
_MAX_SAID: Final = 300
HOST: Final = "graph.facebook.com"


class GraphProblem(Exception):
    """Graph answered something else than a result. `understood` says whether it was an error document of
    Graph itself; `regain_minutes` is the wait that it named."""

    def __init__(self, status: int, trouble: Trouble | None, regain_minutes: int | None) -> None:
        self.status = status
        self.understood = trouble is not None and trouble.code is not None
        self.code = trouble.code if trouble else None
        self.subcode = trouble.error_subcode if trouble else None
        self.transient = trouble.is_transient if trouble else False
        # What an app is told is often no more than "Invalid parameter"; what the person is told says which.
        told = (trouble.message, trouble.error_user_msg) if trouble else ()
        self.message = " – ".join(redact(words)[:_MAX_SAID] for words in told if words)
        self.regain_minutes = regain_minutes
        super().__init__(f"HTTP {status}, code {self.code}, subcode {self.subcode}")


class GraphTransport:
    """What the SDK uses as its session: one origin, one token."""

    def __init__(self, origin: "OriginSession", token: str | None = None, app_secret: str | None = None) -> None:
        self.origin = origin
        self.answered_version: str | None = None
        self._token = token
        self._app_secret = app_secret

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, object] | None = None,
        data: Mapping[str, object] | None = None,
        files: Mapping[str, object] | None = None,
        **_sdk: object,
    ) -> "requests.Response":
        """Send one request; raises GraphProblem or ExchangeFailed for anything but a usable JSON answer.

        The account's own token leaves as `Authorization: Bearer` (an app's token only where the SDK puts it:
        debug_token documents no other way). The proof is made of the one token that the request carries."""
        query, form, headers = dict(params or {}), dict(data or {}), {}
        token = form.get("access_token") or query.get("access_token")
        if token and token == self._token:
            form.pop("access_token", None)
            query.pop("access_token", None)
            headers["Authorization"] = f"Bearer {token}"
        if token and self._app_secret:
            proof = appsecret_proof(str(token), self._app_secret)
            (form if method == "POST" else query)["appsecret_proof"] = proof
        answer = self.origin.request(method, url, params=query, data=form or None, files=files, headers=headers)
        self.answered_version = answer.headers.get("facebook-api-version") or self.answered_version
        return checked(answer)


def appsecret_proof(token: str, app_secret: str) -> str:
    """Return Graph's proof that the caller knows the app's secret: hex HMAC-SHA256 of the token under it."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def checked(answer: "requests.Response") -> "requests.Response":
    """Return `answer` if it is a 2xx with a JSON object, or `true`, that is no error; else raise GraphProblem."""
    document: object = None
    with suppress(ValueError, RecursionError):  # HTML from a gateway, or a body that was cut
        document = json.loads(answer.content)
    trouble = parse(TroubleDocument, document)
    usable = document is True or isinstance(document, dict)
    if not 200 <= answer.status_code < 300 or trouble is not None or not usable:
        raise GraphProblem(answer.status_code, trouble.error if trouble else None, _regain(answer.headers))
    answer.encoding = json.detect_encoding(answer.content)  # not what a header says: the SDK reads it again
    if "json" not in answer.headers.get("content-type", ""):
        answer.headers["content-type"] = "application/json"  # the SDK reads nothing else
    return answer


def _regain(headers: Mapping[str, str]) -> int | None:
    """Return the longest wait, in minutes, that X-Business-Use-Case-Usage names; None where it names none."""
    try:
        document = json.loads(headers.get("X-Business-Use-Case-Usage", "{}"))
    except (ValueError, RecursionError):
        return None
    groups = document.values() if isinstance(document, dict) else ()
    entries = [parse(Usage, entry) for group in groups if isinstance(group, list) for entry in group]
    return max((e.estimated_time_to_regain_access for e in entries if e), default=0) or None


class Graph(facebook.GraphAPI):  # type: ignore[misc] # the SDK has no types
    """The SDK, pinned to a living version of the API."""

    def __init__(self, transport: GraphTransport, token: str | None = None) -> None:
        super().__init__(access_token=token, timeout=(CONNECT_SECONDS, READ_SECONDS), session=transport)
        self.version = API_VERSION  # the constructor takes versions up to 3.1 only

    def update_object(self, object_id: str, **data: str) -> Any:
        """Change an object; the SDK has no call for it."""
        return self.request(f"{self.version}/{object_id}", post_args=data, method="POST")

    def grant(self, **data: str) -> Any:
        """Ask for a token. By POST, since the SDK's GET would put secret and code into an address."""
        return self.request(f"{self.version}/oauth/access_token", post_args=data, method="POST")
