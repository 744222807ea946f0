"""The Merkle tree: published roots, a second definition of it, proofs of every size up to 70."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.canon import merkle

# The reference tree of the Certificate Transparency test suite: eight leaves and the root at each size.
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = range(71)
HASHES = [merkle.leaf_hash(b"%d" % number) for number in SIZES]


@cache
def root_by_definition(low: int, high: int) -> bytes:
    """RFC 6962 §2.1, word for word."""
    size = high - low
    if size == 0:
        return hashlib.sha256(b"").digest()
    if size == 1:
        return hashlib.sha256(b"\x00" + b"%d" % low).digest()
    split = 1
    while split * 2 < size:
        split *= 2
    left, right = root_by_definition(low, low + split), root_by_definition(low + split, high)
    return hashlib.sha256(b"\x01" + left + right).digest()


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_certificate_transparency(size: int) -> None:
    assert merkle.root(merkle.leaf_hashes(CT_LEAVES[:size])).hex() == CT_ROOTS[size]


@pytest.mark.parametrize("size", SIZES)
def test_the_root_is_that_of_the_definition(size: int) -> None:
    assert merkle.root(HASHES[:size]) == root_by_definition(0, size)


def test_a_frontier_grown_leaf_by_leaf_has_the_root_of_the_whole() -> None:
    frontier = merkle.Frontier()
    for size in SIZES:
        assert frontier.size == size
        assert frontier.root() == root_by_definition(0, size)
        assert merkle.Frontier.from_bytes(frontier.to_bytes()) == frontier
        frontier = frontier.append(HASHES[size])


@given(st.lists(st.integers(0, 9000), min_size=1, max_size=4))
def test_a_frontier_extended_in_parts_equals_one_grown_at_once(parts: list[int]) -> None:
    hashes = [number.to_bytes(32, "big") for number in range(sum(parts))]
    frontier, at = merkle.Frontier(), 0
    for part in parts:
        frontier = frontier.extend(hashes[at : at + part])
        at += part
    assert frontier == merkle.Frontier().extend(iter(hashes))
    assert frontier.append(HASHES[0]) == frontier.extend(HASHES[:1])


@given(st.integers(0, 300), st.sets(st.integers(0, 5000), max_size=20))
def test_the_edges_on_the_way_are_those_of_frontiers(start: int, more: set[int]) -> None:
    hashes = [number.to_bytes(32, "big") for number in range(start + max(more, default=0))]
    sizes = sorted(start + number for number in more)
    begun = merkle.Frontier().extend(hashes[:start])
    found = list(merkle.edges(begun, hashes[start:], sizes))
    expected = [merkle.Frontier().extend(hashes[:size]) for size in sizes]
    assert found == [(each.size, each.root(), each.to_bytes()) for each in expected]


def test_a_batch_boundary_does_not_change_the_tree() -> None:
    hashes = [number.to_bytes(32, "big") for number in range(8200)]
    grown = merkle.Frontier()
    for each in hashes:
        grown = grown.append(each)
    assert grown == merkle.Frontier().extend(hashes)


def test_a_frontier_is_a_value_that_an_append_leaves_alone() -> None:
    before = merkle.Frontier().extend(HASHES[:5])
    stored = before.to_bytes()
    before.append(HASHES[5])
    assert before.to_bytes() == stored


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01",
        b"\x02" + bytes(8),
        b"\x01" + bytes(7) + b"\x01",
        b"\x01" + bytes(8) + bytes(32),
        b"\x01" + bytes(7) + b"\x01" + bytes(31),
        b"\x01" + b"\xff" * 8 + bytes(32 * 64),
    ],
)
def test_a_malformed_frontier_is_refused(data: bytes) -> None:
    with pytest.raises(merkle.BadTree):
        merkle.Frontier.from_bytes(data)


@pytest.mark.parametrize("count", [1, 4096])
def test_a_hash_of_another_length_is_refused(count: int) -> None:
    with pytest.raises(merkle.BadTree):
        merkle.Frontier().extend([b"short"] * count)
    with pytest.raises(merkle.BadTree):
        merkle.Frontier().append(bytes(33))
    with pytest.raises(merkle.BadTree):
        list(merkle.edges(merkle.Frontier(), [b"short"] * count, [count]))


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proved_at_its_place_only(size: int) -> None:
    root = root_by_definition(0, size)
    for index in range(size):
        proof = merkle.inclusion_proof(HASHES[:size], index)
        assert merkle.verify_inclusion(HASHES[index], index, size, proof, root)
        assert not merkle.verify_inclusion(HASHES[index - 1], index, size, proof, root) or size == 1
        # Where size and index are wrong in a way that leaves the shape alone, only the size's root shows it.
        assert not merkle.verify_inclusion(HASHES[index], index ^ 1, size, proof, root) or size == 1
        assert not merkle.verify_inclusion(HASHES[index], index, size, [*proof, root], root)
        if proof:
            assert not merkle.verify_inclusion(HASHES[index], index, size, proof[:-1], root)
            assert not merkle.verify_inclusion(HASHES[index], index, size, [*proof[:-1], root], root)


@pytest.mark.parametrize("second", SIZES)
def test_every_earlier_tree_is_proved_a_prefix(second: int) -> None:
    new = root_by_definition(0, second)
    for first in range(second + 1):
        old = root_by_definition(0, first)
        proof = merkle.consistency_proof(HASHES[:second], first)
        assert merkle.verify_consistency(first, old, second, new, proof)
        assert not merkle.verify_consistency(first, old, second, new, [*proof, new])
        assert not merkle.verify_consistency(first, bytes(32), second, new, proof)
        if first:
            assert not merkle.verify_consistency(first, old, second, bytes(32), proof)
        if proof:
            assert not merkle.verify_consistency(first, old, second, new, proof[1:])
            assert not merkle.verify_consistency(first, old, second, new, proof[:-1])


@given(st.integers(1, 70), st.data())
def test_a_tree_with_one_leaf_changed_is_not_proved_a_prefix(second: int, draw: st.DataObject) -> None:
    first = draw.draw(st.integers(1, second))
    changed = draw.draw(st.integers(0, first - 1))
    forged = [*HASHES[:changed], bytes(32), *HASHES[changed + 1 : second]]
    old = root_by_definition(0, first)
    for hashes in (forged, HASHES[:second]):
        proof = merkle.consistency_proof(hashes, first)
        assert not merkle.verify_consistency(first, old, second, merkle.root(forged), proof)


@given(st.integers(0, 70), st.integers(0, 70), st.lists(st.sampled_from(HASHES), max_size=8))
def test_random_proofs_prove_nothing_and_end(index: int, size: int, proof: list[bytes]) -> None:
    assert not merkle.verify_inclusion(HASHES[0], index, size, proof, bytes(32))
    if size and index:
        assert not merkle.verify_consistency(index, HASHES[0], size, bytes(32), proof)


def test_a_proof_outside_the_tree_is_refused() -> None:
    with pytest.raises(merkle.BadTree):
        merkle.inclusion_proof(HASHES[:3], 3)
    with pytest.raises(merkle.BadTree):
        merkle.consistency_proof(HASHES[:3], 4)
