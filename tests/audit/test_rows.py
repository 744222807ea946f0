"""What the quick look at a row must not take for agreement."""

from socialguard.audit import leaf as leaves
from socialguard.audit.interface import Entry
from socialguard.audit.rows import disagreements
from socialguard.canon import merkle
from tests.audit.conftest import ACTOR, ORG

MARK = "ab" * 32
TS = "2026-01-01T00:00:00.000000Z"


def row(fingerprint: str) -> tuple[object, ...]:
    entry = Entry("delivery.send", "sent", ACTOR, account="a-1", corr="c-1", fingerprint=MARK, obj={"url": "u"})
    leaf = leaves.encode(entry, org=ORG, seq=7, ts=TS)
    return 7, leaf, merkle.leaf_hash(leaf), TS, ACTOR.id, entry.action, "a-1", "sent", "c-1", fingerprint


def test_a_column_says_what_its_leaf_says_or_is_told() -> None:
    """The fingerprint itself agrees; one that goes on with the text of the leaf after it does not."""
    assert disagreements([row(MARK)], ORG, deep=False) == []
    beyond = f'{MARK}","url":"u'
    assert f'"fingerprint":"{beyond}"'.encode() in row(MARK)[1]  # type: ignore[operator]
    assert disagreements([row(beyond)], ORG, deep=False) == [(7, "its columns do not say what its leaf says")]
