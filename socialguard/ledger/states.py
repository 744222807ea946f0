"""Which state of a delivery may follow which; every other change is a defect and is refused."""

from typing import Final

from socialguard.model.delivery import State

_NEXT: Final[dict[State, frozenset[State]]] = {
    State.DRAFT: frozenset({State.HELD, State.AWAITING, State.QUEUED, State.CANCELLED}),
    State.HELD: frozenset({State.QUEUED, State.CANCELLED, State.EXPIRED}),
    State.AWAITING: frozenset({State.QUEUED, State.HELD, State.CANCELLED, State.EXPIRED}),
    State.QUEUED: frozenset({State.SENDING, State.HELD, State.CANCELLED, State.EXPIRED}),
    # QUEUED: the network proved that nothing was made and named a time, or a two-step create is not public.
    # HELD: nothing was sent, since the network's answer showed that our clock is wrong.
    State.SENDING: frozenset({State.SENT, State.FAILED, State.UNKNOWN, State.QUEUED, State.HELD}),
    State.UNKNOWN: frozenset({State.SENT, State.FAILED, State.QUEUED, State.HELD}),
    State.SENT: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}

FINAL: Final = frozenset(state for state, following in _NEXT.items() if not following)
WAITING: Final = frozenset({State.DRAFT, State.HELD, State.AWAITING, State.QUEUED})


def may_follow(old: State, new: State) -> bool:
    """Return whether a delivery in `old` may become `new`."""
    return new in _NEXT[old]
