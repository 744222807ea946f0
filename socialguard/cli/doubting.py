"""How a person is told that a text does not sound like the account that it is meant for."""

import textwrap

from socialguard.cli.words import _, counted, say
from socialguard.model.challenge import Challenge
from socialguard.model.doubt import Doubt, Reason
from socialguard.model.text import visible

_INDENT = "       "
_VALUE = 40


def doubts_told(challenge: Challenge, width: int) -> list[str]:
    """Return the lines that stand below the card, none where there is no doubt."""
    return [line for doubt in challenge.doubts for line in _told(doubt, width)]


def _told(doubt: Doubt, width: int) -> list[str]:
    if doubt.reads_like is None:
        first = say("CHECK  This reads like none of our accounts, least like {account}.", account=doubt.account)
    else:
        first = say(
            "CHECK  This reads like {other}, not {account}.", other=doubt.reads_like, account=doubt.account
        )
    reasons = " ".join(reason_told(reason, alone=doubt.reads_like is None) for reason in doubt.reasons)
    return [first, *textwrap.wrap(reasons, max(width, 20), initial_indent=_INDENT, subsequent_indent=_INDENT)]


def reason_told(reason: Reason, *, alone: bool) -> str:
    """Return one reason as a sentence; `alone`: there is no other account to compare with."""
    if reason.sign == "style":
        return _("Length, punctuation and spelling are not as usual here.")
    value = visible(reason.value, _VALUE)
    if reason.sign == "language":
        value = say("Language {code}", code=value)
    if alone:
        return say("{value}: never here.", value=value)
    if reason.here:
        return counted(
            "{value}: {count} time there, {here} here.",
            "{value}: {count} times there, {here} here.",
            reason.there,
            value=value,
            here=reason.here,
        )
    return counted(
        "{value}: {count} time there, never here.",
        "{value}: {count} times there, never here.",
        reason.there,
        value=value,
    )
