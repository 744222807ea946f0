"""Inclusion proofs for many entries of one tree: every perfect subtree is hashed once."""

from collections.abc import Sequence

from socialguard.canon import merkle


class Prover:
    """Makes proofs (RFC 6962 §2.1.1) over the leaf hashes of one tree; holds about 64 bytes for each leaf."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        self.size = len(hashes)
        self._levels: list[list[bytes]] = [list(hashes)]
        while len(below := self._levels[-1]) > 1:
            pairs = zip(below[::2], below[1::2], strict=False)  # a last one without a partner stays below
            self._levels.append([merkle.node_hash(left, right) for left, right in pairs])
        self._edges: dict[tuple[int, int], bytes] = {}

    def root(self) -> bytes:
        """Return the root of the tree."""
        return self._range(0, self.size) if self.size else merkle.EMPTY_ROOT

    def proof(self, index: int) -> list[bytes]:
        """Return the audit path of the leaf at `index`, lowest node first; raises BadTree if there is none."""
        if not 0 <= index < self.size:
            raise merkle.BadTree("the tree has no leaf of this index")
        path: list[bytes] = []
        low, high = 0, self.size
        while high - low > 1:
            middle = low + (1 << ((high - low - 1).bit_length() - 1))
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        path.reverse()
        return path

    def _range(self, low: int, high: int) -> bytes:
        """Return the root over the leaves from `low` to `high`, which begin where a subtree of RFC 6962 does."""
        count = high - low
        if count & (count - 1) == 0:
            return self._levels[count.bit_length() - 1][low // count]
        known = self._edges.get((low, high))
        if known is None:
            middle = low + (1 << ((count - 1).bit_length() - 1))
            known = merkle.node_hash(self._range(low, middle), self._range(middle, high))
            self._edges[(low, high)] = known
        return known
