"""Which handles somebody has on X. Import it inside functions only (pydantic)."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from socialguard.networks.x_calls import NOT_FOUND, Calls
from socialguard.networks.x_replies import FoundUsers

SECONDS: Final = 5.0
AT_ONCE: Final = 100  # what X takes in one request
_FORM: Final = re.compile(r"[A-Za-z0-9_]{1,15}")


def which_exist(calls: Calls, operation: str, handles: Sequence[str]) -> Mapping[str, bool]:
    """Return of each handle whether somebody has it; X says of a suspended account neither. What is no handle of
    X's form nobody has: X refuses a request that names one. All of it is over in `SECONDS`."""
    found = {name: False for name in handles if not _FORM.fullmatch(name)}
    asked = [name for name in dict.fromkeys(handles) if name not in found]
    with calls.session.within(SECONDS):
        for start in range(0, len(asked), AT_ONCE):
            found |= _told(calls, operation, asked[start : start + AT_ONCE])
    return found


def _told(calls: Calls, operation: str, names: list[str]) -> dict[str, bool]:
    answer = calls.read(lambda c: c.get_users(usernames=names, user_auth=calls.signs), operation)
    said = calls.parsed(FoundUsers, answer.body)
    has = {user.username.lower() for user in said.data}
    lacks = {one.value.lower() for one in said.errors if one.type.endswith(NOT_FOUND) and not one.is_suspended}
    return {name: name.lower() in has for name in names if name.lower() in has | lacks}
