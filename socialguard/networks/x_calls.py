"""One call to X through tweepy, and what its answer means.

Tweepy signs and sends; what an answer means is judged here from its status and body alone, since tweepy's own
exceptions fail on some bodies (a list, `errors: null`, a reset time that is no number) and hold the request.
For a write only a documented 4xx proves that nothing was done; every other failure is `OutcomeUnknown`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel

from socialguard import errors
from socialguard.model.credential import Credential
from socialguard.networks.charges import Meter, units_of
from socialguard.networks.http import ExchangeFailed, origin_session
from socialguard.networks.x_credential import OAUTH1
from socialguard.networks.x_refusals import PROVEN, TITLE, codes, is_closed, refusal, said
from socialguard.networks.x_replies import Unusable, parse

if TYPE_CHECKING:
    import tweepy

# Tweepy 4.17 has api.twitter.com in its code and knows api.x.com.
HOSTS: Final = ("api.x.com", "api.twitter.com")
NOT_FOUND: Final = "resource-not-found"

_Model = TypeVar("_Model", bound=BaseModel)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON object that X answered, its status, and the headers (names in lower case)."""

    status: int
    body: Mapping[str, object]
    headers: Mapping[str, str]

    @property
    def is_missing(self) -> bool:
        """Whether X says that what was asked for does not exist."""
        problems = self.body.get("errors")
        listed = problems if isinstance(problems, list) else []
        kinds = [str(entry.get("type", "")) for entry in listed if isinstance(entry, dict)]
        return self.status == 404 or ("data" not in self.body and any(k.endswith(NOT_FOUND) for k in kinds))


class Calls:
    """The calls with one credential at one origin; `meter` counts what they cost."""

    def __init__(self, credential: Credential, origin: str, account: str, meter: Meter) -> None:
        import tweepy

        self.account = account
        self.meter = meter
        self.session = origin_session(origin, account, TITLE, HOSTS)
        self.signs = credential.kind == OAUTH1
        names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
        keys: dict[str, str] = {name: credential.reveal(name) for name in names} if self.signs else {}
        bearer = None if self.signs else credential.reveal("access_token")
        # wait_on_rate_limit without a reset header would call again at once, for ever.
        self._client = tweepy.Client(bearer_token=bearer, return_type=dict, wait_on_rate_limit=False, **keys)
        self._client.session = self.session

    def read(self, call: Callable[["tweepy.Client"], object], operation: str, *, may_miss: bool = False) -> Answer:
        """Return the answer to a call that changes nothing public (an upload is one); `operation` is what it is
        booked as, `may_miss` lets 404 pass.

        Raises NotReached, NetworkRefused, RateLimited or AuthenticationNeeded."""
        units = 0
        try:
            answer = self._ask(call, write=False, may_miss=may_miss)
            units = units_of(answer.body)
        finally:
            self.meter.note(operation, units)
        return answer

    def write(self, call: Callable[["tweepy.Client"], object], *, may_miss: bool = False) -> Answer:
        """Return the answer to a call that changes something public; raises as `read`, and OutcomeUnknown."""
        return self._ask(call, write=True, may_miss=may_miss)

    def form(self, path: str, fields: Mapping[str, str], auth: tuple[str, str] | None, *, write: bool) -> Answer:
        """Return the answer to a form that is posted without the access token, as OAuth 2 wants it, whatever
        its status is; raises NotReached, and OutcomeUnknown or NetworkRefused where there is no JSON object."""
        headers = {"Accept": "application/json"}
        url = self.session.origin + path

        def call(_client: object) -> object:
            return self.session.request("POST", url, data=dict(fields), auth=auth, headers=headers)

        self._send(call, write=write)
        return self._parsed(write=write)

    def parsed(self, model: type[_Model], document: object, *, write: bool = False) -> _Model:
        """Return an answer, or a part of one, as a `model`; raises as `unusable` where it is none."""
        return self.understood(lambda: parse(model, document), write=write)

    def understood(self, make: Callable[[], _T], *, write: bool = False) -> _T:
        """Return what `make` makes of an answer; raises as `unusable` where that is Unusable."""
        problem = ""
        try:
            return make()
        except Unusable as found:
            problem = f"its answer is not understood ({found})"
        raise self.unusable(problem, write=write)

    def unusable(self, detail: str, *, write: bool) -> errors.SocialGuardError:
        """Return the error for an answer that does not say what it must."""
        if write:
            return errors.OutcomeUnknown(network=TITLE, account=self.account, detail=detail)
        return errors.NetworkRefused(
            network=TITLE, account=self.account, detail=detail + ".", reason="unavailable"
        )

    def without(self, answer: Answer, detail: str) -> errors.SocialGuardError:
        """Return the error for a read to which X, with a 2xx, gave problems instead of what was asked for: a
        refusal where the account is suspended, gone or hidden; else that of `unusable`, since it may pass."""
        words = said({"errors": answer.body.get("errors")}).removeprefix(": ").rstrip(".")
        if not is_closed(answer.body):
            return self.unusable(f"{words} ({answer.status})" if words else detail, write=False)
        return errors.NetworkRefused(
            network=TITLE, account=self.account, detail=f"{words} ({answer.status}).", reason="refused"
        )

    def codes(self) -> tuple[int, ...]:
        """Return the error codes (of API 1.1) that the newest answer holds."""
        return codes(self._document() if self.session.last is not None else None)

    def _ask(self, call: Callable[["tweepy.Client"], object], *, write: bool, may_miss: bool) -> Answer:
        self._send(call, write=write)
        answer = self.session.last
        assert answer is not None
        status = answer.status_code
        # A 404 in HTML is not X's word on a post.
        if 200 <= status < 300 or (may_miss and status == 404 and self._document() is not None):
            return self._parsed(write=write)
        if write and status not in PROVEN:
            raise self.unusable(f"it answered {status}{said(self._document())}", write=True)
        server_time = self.session.server_time
        raise refusal(status, self._document(), answer.headers, server_time, self.account, signed=self.signs)

    def _send(self, call: Callable[["tweepy.Client"], object], *, write: bool) -> None:
        import tweepy

        failure: errors.SocialGuardError | None = None
        self.session.last = None
        try:
            call(self._client)
        except ExchangeFailed as failed:
            failure = failed.as_error(TITLE, self.account, write=write)
        except (tweepy.TweepyException, ValueError, TypeError, AttributeError, RecursionError):
            if self.session.last is None:
                failure = errors.NotReached(
                    network=TITLE, account=self.account, detail="the request could not be made."
                )
        if failure is not None:
            raise failure

    def _parsed(self, *, write: bool) -> Answer:
        answer, document = self.session.last, self._document()
        assert answer is not None
        if document is None:
            raise self.unusable(f"its answer ({answer.status_code}) cannot be read", write=write)
        return Answer(answer.status_code, document, {k.lower(): v for k, v in answer.headers.items()})

    def _document(self) -> dict[str, Any] | None:
        assert self.session.last is not None
        try:
            document = json.loads(self.session.last.content)
        except (ValueError, RecursionError):
            return None
        return document if isinstance(document, dict) else None
