"""The Merkle tree of RFC 6962: hashes, roots, proofs, and a frontier that grows without the log.

A `Frontier` holds the roots of the perfect subtrees on the right edge of a tree (at most 64 hashes), which
is all that an append or a root needs; it is a value, stored beside the log as bytes. Proofs are made from
the leaf hashes and checked without them. Sizes and indexes count leaves; every hash is 32 bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""The root of a tree without leaves (RFC 6962 §2.1)."""

MAX_SIZE = 2**63 - 1
"""Most leaves of a stored tree: a signed 64-bit column holds it."""

_FORMAT = b"\x01"
_SIZE_BYTES = 8
_BATCH = 1 << 12  # a power of two, so that a full batch of leaves is one perfect subtree
_FEW = 64  # from here on a batch is worth its preparation

# Begun hashes, to be copied: half the time of beginning each anew, for which OpenSSL looks SHA-256 up again.
_LEAF = hashlib.sha256(b"\x00")
_NODE = hashlib.sha256(b"\x01")


class BadTree(ValueError):
    """A stored frontier is malformed, or a proof was asked for something that the tree does not hold."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ leaf)."""
    found = _LEAF.copy()
    found.update(leaf)
    return found.digest()


def leaf_hashes(leaves: Iterable[bytes]) -> list[bytes]:
    """Return the hash of each leaf, in one pass without a function call per leaf."""
    begun, hashes = _LEAF.copy, []
    for leaf in leaves:
        found = begun()
        found.update(leaf)
        hashes.append(found.digest())
    return hashes


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right)."""
    found = _NODE.copy()
    found.update(left + right)
    return found.digest()


def root(hashes: Iterable[bytes]) -> bytes:
    """Return the root over leaf hashes, reading them once and holding only a batch in memory."""
    return Frontier().extend(hashes).root()


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: its size and the roots of its perfect subtrees, largest first."""

    size: int = 0
    subtrees: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise BadTree("a frontier has an impossible size")
        if len(self.subtrees) != self.size.bit_count():
            raise BadTree("a frontier has one hash per set bit of its size")
        if not {HASH_BYTES}.issuperset(map(len, self.subtrees)):
            raise BadTree("a hash of a frontier is not 32 bytes")

    def append(self, hash_of_leaf: bytes) -> Frontier:
        """Return the frontier with one more leaf hash; raises BadTree unless that is 32 bytes."""
        subtrees = list(self.subtrees)
        _push(subtrees, self.size, hash_of_leaf)
        return Frontier(self.size + 1, tuple(subtrees))

    def extend(self, hashes: Iterable[bytes]) -> Frontier:
        """Return the frontier with all these leaf hashes more, in their order."""
        size, subtrees = self.size, list(self.subtrees)
        source = iter(hashes)
        # A batch may only be folded whole where it starts at a multiple of its length.
        for hash_of_leaf in islice(source, -size % _BATCH):
            _push(subtrees, size, hash_of_leaf)
            size += 1
        while len(batch := list(islice(source, _BATCH))) == _BATCH:
            _refuse_odd_lengths(batch)
            _push(subtrees, size // _BATCH, _perfect_root(batch))
            size += _BATCH
        for hash_of_leaf in batch:
            _push(subtrees, size, hash_of_leaf)
            size += 1
        return Frontier(size, tuple(subtrees))

    def root(self) -> bytes:
        """Return the root of the tree."""
        if not self.subtrees:
            return EMPTY_ROOT
        result = self.subtrees[-1]
        for subtree in self.subtrees[-2::-1]:
            result = node_hash(subtree, result)
        return result

    def to_bytes(self) -> bytes:
        """Return version 0x01 ‖ size (8 bytes, big-endian) ‖ subtree roots, largest first."""
        return _FORMAT + self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(self.subtrees)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Return a stored frontier; raises BadTree for an unknown version or a wrong length."""
        header = 1 + _SIZE_BYTES
        if data[:1] != _FORMAT or len(data) < header or (len(data) - header) % HASH_BYTES:
            raise BadTree("not a frontier of a version that this program knows")
        size = int.from_bytes(data[1:header], "big")
        return cls(size, tuple(data[at : at + HASH_BYTES] for at in range(header, len(data), HASH_BYTES)))


class Edge(NamedTuple):
    """What a `Frontier` says: its size, the root of the tree, and its stored form."""

    size: int
    root: bytes
    stored: bytes


def edges(start: Frontier, hashes: Sequence[bytes], sizes: Sequence[int]) -> Iterator[Edge]:
    """Yield the edge at each of `sizes`, which rise from `start.size` to at most `len(hashes)` more.

    One loop with everything written out: a verification asks for the edge at every checkpoint, and a value made
    for each costs more than the hashing. Raises BadTree for a leaf hash that is not 32 bytes."""
    _refuse_odd_lengths(hashes)
    begun, size, subtrees, at = _NODE.copy, start.size, list(start.subtrees), 0
    for wanted in sizes:
        if wanted - size > _FEW:
            grown = Frontier(size, tuple(subtrees)).extend(hashes[at : at + wanted - size])
            at, size, subtrees = at + wanted - size, wanted, list(grown.subtrees)
        while size < wanted:
            subtree, count = hashes[at], size
            while count & 1:
                node = begun()
                node.update(subtrees.pop() + subtree)
                subtree = node.digest()
                count >>= 1
            subtrees.append(subtree)
            at, size = at + 1, size + 1
        root = subtrees[-1] if subtrees else EMPTY_ROOT
        for subtree in subtrees[-2::-1]:
            node = begun()
            node.update(subtree + root)
            root = node.digest()
        yield Edge(size, root, _FORMAT + size.to_bytes(_SIZE_BYTES, "big") + b"".join(subtrees))


def inclusion_proof(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of leaf `index`, lowest node first (RFC 6962 §2.1.1).

    Raises BadTree if there is no such leaf.
    """
    if not 0 <= index < len(hashes):
        raise BadTree("the tree has no leaf of this index")
    path: list[bytes] = []
    low, high = 0, len(hashes)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append(root(hashes[middle:high]))
            high = middle
        else:
            path.append(root(hashes[low:middle]))
            low = middle
    path.reverse()
    return path


def verify_inclusion(
    hash_of_leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes
) -> bool:
    """Return whether the proof shows the leaf at `index` of the tree of `size` leaves (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([hash_of_leaf, *proof, expected_root]):
        return False
    node, last, result = index, size - 1, hash_of_leaf
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and result == expected_root


def consistency_proof(hashes: Sequence[bytes], first: int) -> list[bytes]:
    """Return the proof that the tree over the first `first` leaves is a prefix (RFC 6962 §2.1.2).

    `first` = 0 and `first` = all give an empty proof. Raises BadTree if `first` is outside.
    """
    if not 0 <= first <= len(hashes):
        raise BadTree("the tree was never of this size")
    if first == 0:
        return []
    proof: list[bytes] = []
    low, high, whole = 0, len(hashes), True
    while first != high:
        middle = low + _split(high - low)
        if first <= middle:
            proof.append(root(hashes[middle:high]))
            high = middle
        else:
            proof.append(root(hashes[low:middle]))
            low, whole = middle, False
    if not whole:
        proof.append(root(hashes[low:high]))
    proof.reverse()
    return proof


def verify_consistency(
    first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Return whether the proof shows that the first tree is a prefix of the second (RFC 9162 §2.1.4.2)."""
    if not 0 <= first <= second or not _are_hashes([first_root, *proof, second_root]):
        return False
    if first == 0:
        return not proof and first_root == EMPTY_ROOT and (second > 0 or second_root == EMPTY_ROOT)
    if first == second:
        return not proof and first_root == second_root
    # A first tree that is perfect is a node of the second: its root need not be sent.
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node >>= 1
        last >>= 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        node >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root


def _push(subtrees: list[bytes], count: int, subtree: bytes) -> None:
    """Add a subtree of the smallest kind to a right edge that holds `count` of that kind's leaves."""
    if len(subtree) != HASH_BYTES:
        raise BadTree("a leaf hash is not 32 bytes")
    while count & 1:
        subtree = node_hash(subtrees.pop(), subtree)
        count >>= 1
    subtrees.append(subtree)


def _perfect_root(hashes: list[bytes]) -> bytes:
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


def _split(size: int) -> int:
    """Return the largest power of two below `size` (RFC 6962 §2.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _are_hashes(values: Iterable[bytes]) -> bool:
    return {HASH_BYTES}.issuperset(map(len, values))


def _refuse_odd_lengths(hashes: Sequence[bytes]) -> None:
    if not _are_hashes(hashes):
        raise BadTree("a leaf hash is not 32 bytes")
