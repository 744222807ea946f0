"""What an owner declares when a log is begun again after an incident: entry 0 of the new incarnation.

The statement names the tree over the rows that were found, how much of it is intact, which entries are lost or not
to be believed, and the newest checkpoint that an anchor holds. It is signed by an owner or a recovery key, so that
whoever writes the database cannot excuse a gap. The rows themselves stay."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from socialguard.audit import leaf as leaves
from socialguard.audit.interface import Tree
from socialguard.canon import envelope, jcs

ACTION: Final = "incident.accept"
STATEMENT_TYPE: Final = "incident"
"""The envelope type of the statement."""

VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Gap:
    """Entries `first` to `last` of an incarnation, which are lost or not to be believed."""

    incarnation: int
    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is declared by the incarnation `incarnation` about the one before, `old`, whose first `intact`
    entries are proved."""

    incarnation: int
    old: Tree
    intact: int
    gaps: tuple[Gap, ...]
    anchored: Tree | None

    def excuses(self, tree: Tree) -> bool:
        """Return whether a tree that was signed but is not found ends within a declared gap."""
        return any(
            gap.incarnation == tree.incarnation and gap.first < tree.size <= gap.last + 1 for gap in self.gaps
        )

    def statement(self, org: str) -> bytes:
        """Return the bytes that are signed."""
        return jcs.encode(
            {
                "v": VERSION,
                "org": org,
                "incarnation": self.incarnation,
                "old": _plain(self.old),
                "intact": self.intact,
                "gaps": [{"incarnation": g.incarnation, "first": g.first, "last": g.last} for g in self.gaps],
                "anchored": None if self.anchored is None else _plain(self.anchored),
            }
        )


def read(entry_0: bytes, org: str, owners: Sequence[bytes]) -> Declaration:
    """Return what entry 0 of an incarnation declares, signed by one of the public keys `owners`.

    Raises leaves.BadLeaf if it is no such entry, or nobody who may has signed it."""
    fields = leaves.decode(entry_0)
    obj = fields.get("obj")
    if fields.get("action") != ACTION or not isinstance(obj, dict):
        raise leaves.BadLeaf("not the acceptance of an incident")
    try:
        stored = str(obj["statement"]).encode("utf-8")
        signature = jcs.unb64(str(obj["signature"]))
        body = _opened(owners, signature, org, stored)
        if body["v"] != VERSION or body["org"] != org:
            raise leaves.BadLeaf("of an unknown version or another organisation")
        return _parse(body)
    except (KeyError, TypeError, jcs.NotCanonical, UnicodeEncodeError):
        raise leaves.BadLeaf("an acceptance without its statement") from None


def old_tree(entry_0: object) -> Tree:
    """Return the tree that entry 0 of an incarnation names as the one before; see `proved`."""
    return proved(entry_0).old


def proved(entry_0: object) -> Declaration:
    """Return what entry 0 of an incarnation declares, without asking who signed it: for an entry that is proved to
    be in the log. Raises leaves.BadLeaf if it is no such entry."""
    if not isinstance(entry_0, bytes):
        raise leaves.BadLeaf("nothing")
    fields = leaves.decode(entry_0)
    obj = fields.get("obj")
    if fields.get("action") != ACTION or not isinstance(obj, dict):
        raise leaves.BadLeaf("not the acceptance of an incident")
    try:
        body = jcs.decode(str(obj["statement"]).encode("utf-8"))
        if not isinstance(body, dict):
            raise leaves.BadLeaf("an acceptance without its statement")
        return _parse(body)
    except (KeyError, TypeError, ValueError):
        raise leaves.BadLeaf("an acceptance without its statement") from None


def _opened(owners: Sequence[bytes], signature: bytes, org: str, stored: bytes) -> dict[str, Any]:
    for owner in owners:
        try:
            return envelope.opened(owner, signature, STATEMENT_TYPE, org, stored)
        except envelope.BadSignature:
            continue
    raise leaves.BadLeaf("an acceptance that no owner signed")


def _parse(body: dict[str, Any]) -> Declaration:
    gaps = tuple(Gap(int(g["incarnation"]), int(g["first"]), int(g["last"])) for g in body["gaps"])
    anchored = None if body["anchored"] is None else _tree(body["anchored"])
    return Declaration(int(body["incarnation"]), _tree(body["old"]), int(body["intact"]), gaps, anchored)


def _plain(tree: Tree) -> dict[str, object]:
    return {"incarnation": tree.incarnation, "size": tree.size, "root": jcs.b64(tree.root)}


def _tree(value: dict[str, Any]) -> Tree:
    return Tree(int(value["incarnation"]), int(value["size"]), jcs.unb64(str(value["root"])))
