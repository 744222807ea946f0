"""One call to Graph, what its failure means, and how many were made.

Import it inside functions only (pydantic, requests)."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from socialguard import errors
from socialguard.networks.charges import Meter
from socialguard.networks.facebook_errors import TITLE, meaning, not_understood
from socialguard.networks.facebook_graph import GraphProblem
from socialguard.networks.facebook_replies import Created, Success, parse
from socialguard.networks.http import ExchangeFailed

Model = TypeVar("Model", bound=BaseModel)


class Calls:
    """The calls of one session. Graph counts calls, so `meter` counts one unit for each, and nothing costs."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.meter = Meter({})

    def read(self, operation: str, call: Callable[[], Any]) -> object:
        """Return what a call that changes nothing answered; `operation` is what it is booked as.

        Raises NotReached, NetworkRefused, RateLimited or AuthenticationNeeded."""
        self.meter.note(operation, 1)
        return self._ask(call, write=False)

    def get(self, model: type[Model], operation: str, call: Callable[[], Any]) -> Model:
        """Return such an answer as a `model`; NetworkRefused where it is none."""
        reply = parse(model, self.read(operation, call))
        if reply is None:
            raise self.not_understood()
        return reply

    def made(self, call: Callable[[], Any]) -> str:
        """Return the id of what a call made; raises OutcomeUnknown too."""
        created = parse(Created, self._ask(call, write=True))
        if created is None:
            raise not_understood(self.account, write=True)
        return created.id

    def confirmed(self, call: Callable[[], Any]) -> None:
        """Make a change that Graph answers with `true` or `{"success": true}`; raises OutcomeUnknown too."""
        result = self._ask(call, write=True)
        success = parse(Success, result)
        if result is not True and not (success and success.success):
            raise not_understood(self.account, write=True)

    def not_understood(self) -> errors.SocialGuardError:
        """Return the error for an answer to a read that is of another form."""
        return not_understood(self.account, write=False)

    def _ask(self, call: Callable[[], Any], *, write: bool) -> object:
        failure: errors.SocialGuardError | None = None
        result: object = None
        try:
            result = call()
        except GraphProblem as problem:
            failure = meaning(problem, self.account, write=write)
        except ExchangeFailed as failed:
            failure = failed.as_error(TITLE, self.account, write=write)
        if failure is not None:
            raise failure  # outside the except block: an error drags no cause along
        return result
