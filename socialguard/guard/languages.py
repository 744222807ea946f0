"""Which languages an account writes in: those that its policy names for the check `language`, else its labels."""

from collections.abc import Mapping
from typing import Final

from socialguard.model import codes
from socialguard.model.account import Account
from socialguard.registry.policy_checks import CheckRules

# Labels that are taken for a language; not `eu`, `no` or `is`, which are more often something else.
_LABELS: Final = frozenset({"de", "en", "es", "fr", "it", "nl", "pt"})


def languages_of(account: Account, rules: Mapping[str, CheckRules]) -> tuple[str, ...]:
    """Return the languages of an account (`en`, `fr`), none where neither policy nor a label says."""
    said = rules["language"].parameters.get("languages", ()) if "language" in rules else ()
    if isinstance(said, tuple) and said:
        return tuple(dict.fromkeys(map(codes.language, said)))
    return tuple(sorted(_LABELS.intersection(account.labels)))
