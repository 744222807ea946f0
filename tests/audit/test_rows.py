"""What the quick look at a row must not take for agreement."""

from hypothesis import given
from hypothesis import strategies as st

from socialguard.audit import leaf as leaves
from socialguard.audit.interface import Entry
from socialguard.audit.rows import COLUMNS, disagreements
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


@given(st.sampled_from(COLUMNS[3:]), st.integers(0, 150), st.booleans())
def test_no_column_swallows_what_stands_after_it_in_the_leaf(column: str, more: int, is_known: bool) -> None:
    """Whatever it goes on with, and whether or not a leaf with the same beginning was seen before."""
    whole = row(MARK)
    if is_known:
        assert disagreements([whole], ORG, deep=False) == []
    at = COLUMNS.index(column)
    value = str(whole[at])
    text = whole[1]
    assert isinstance(text, bytes)
    begin = text.index(f'"{value}"'.encode()) + 1
    longer = text[begin : begin + len(value) + more].decode()
    changed = (*whole[:at], longer, *whole[at + 1 :])
    assert bool(disagreements([changed], ORG, deep=False)) == (longer != value)


def test_entries_of_many_processes_agree() -> None:
    """What one says of where it ran does not count for another."""
    rows = []
    for number in range(4):
        seq, leaf, _, *rest = row(MARK)
        assert isinstance(leaf, bytes)
        moved = leaf.replace(b'"pid":', b'"pid":%d' % (number % 2 + 1))
        rows.append((seq, moved, merkle.leaf_hash(moved), *rest))
    assert disagreements(rows, ORG, deep=False) == []
    other = (*rows[0][:4], "m-other", *rows[0][5:])
    assert disagreements([other], ORG, deep=False) == [(7, "its columns do not say what its leaf says")]
