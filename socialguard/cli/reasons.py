"""Why a delivery is held, as a list tells it: in the person's language, and without the delivery and the account
that stand beside it already. The ledger keeps the whole English sentence, and so does `--json`."""

from collections.abc import Mapping
from typing import Final

from socialguard import errors
from socialguard.cli.phrases import GIVEN, phrase, values_in
from socialguard.cli.words import _, later

BRIEF: Final[Mapping[type[errors.SocialGuardError], str]] = {
    errors.InCrisis: later("crisis of {since}: {reason}"),
    errors.Embargoed: later("embargo: {window}"),
    errors.Late: later("was due {due}, it was {now}"),
    errors.NeverReached: later("{network} could not be reached; was due {due}"),
    errors.HeldByRestore: later("queued in a backup: it may have been sent, moved or cancelled since"),
    errors.HeldByIncident: later("queued before the log was begun again: it may have been sent since"),
    errors.NoSecondFactor: later("second factor: {detail}"),
    errors.ClockWrong: later("this machine's clock differs from that of {network} by {difference}"),
    errors.HeldByBudget: later("{budget} does not allow it; it begins anew {anew}"),
    errors.NotApproved: later("{given} of {needed} approvals count now"),
    errors.ThreadStopped: later("part {before} of its thread, {delivery}, is {state}"),
    errors.OutcomeUnknown: later("{network} did not answer ({detail})"),
    errors.NotReached: later("{network} could not be reached: {detail}"),
    errors.NetworkRefused: later("{network} refused: {detail}"),
}


def reason_told(kept: str) -> str:
    """Return the reason of a delivery's state for people; one that is of no known form as it was kept."""
    for error, brief in BRIEF.items():
        values = values_in(errors.template_of(error), kept)
        if values is not None:
            return _(brief).format_map({name: _carried(name, value) for name, value in values.items()})
    return phrase(kept)


def _carried(name: str, value: str) -> str:
    if name in GIVEN:
        return value
    return _(value) if name == "state" else phrase(value)
