"""How a foreign item is judged: by what is usual on its account, and by nothing else."""

from socialguard.archive.watching import OwnItem
from socialguard.model.activity import Kind
from socialguard.watch.baseline import Baseline
from socialguard.watch.interface import Seen, Severity, Sighting

_KINDS = {Kind.POST: Seen.POST, Kind.REPOST: Seen.REPOST}


def foreign(one: OwnItem, usual: Baseline | None, before: int) -> Sighting:
    """Return the sighting of an item that nothing of ours made. `before` is how much somebody else wrote in the
    hour before it. Without a baseline nothing by another hand is usual."""
    reasons = () if usual is None else _reasons(one, usual, before)
    return Sighting(
        _KINDS.get(one.kind, Seen.REPLY),
        one.network_id,
        _severity(usual, reasons),
        one.created_at,
        one.evidence,
        one.url,
        one.source,
        reasons=reasons,
    )


def _reasons(one: OwnItem, usual: Baseline, before: int) -> tuple[str, ...]:
    found = (
        ("source", not usual.knows_source(one.source)),
        ("hour", not usual.knows_hour(one.created_at)),
        ("burst", before + 1 > usual.most_in_an_hour),
    )
    return tuple(name for name, holds in found if holds)


def _severity(usual: Baseline | None, reasons: tuple[str, ...]) -> Severity:
    if usual is None or "source" in reasons or len(reasons) > 1:
        return Severity.CRITICAL
    return Severity.WARN if reasons else Severity.NOTE
