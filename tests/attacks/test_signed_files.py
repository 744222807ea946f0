"""Files that leave the program, changed on their way: `audit check` says which word of them is not what was
signed."""

import hashlib
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from socialguard.canon import jcs
from socialguard.vault.keys import KeyPair
from tests.attacks.world import ACME, Firm
from tests.cli.shapes import AuditChecked, shown
from tests.people import joined
from tests.watch.world import happen, ready, seen

SIGNATURE = "SHA256SUMS.sig.json"
Files = dict[str, bytes]


@pytest.fixture
def bundle(firm: Firm) -> Path:
    """The evidence of a panic."""
    ready(firm.office, ACME)
    happen(firm.office, ACME, text="Send coins")
    assert len(seen(firm.office, ACME)) == 1
    done = firm.office.cli("panic", ACME, "--reason", "hacked", "--json")
    assert done.code == 0, done
    return Path(done.document["bundle"])


def repacked(path: Path, change: Callable[[Files], object]) -> None:
    """Unpack a bundle, change its files, and pack it again."""
    data = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes())
    with tarfile.open(fileobj=io.BytesIO(data)) as packed:
        files = {one.name: found.read() for one in packed if (found := packed.extractfile(one)) is not None}
    change(files)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as made:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    path.write_bytes(zstandard.ZstdCompressor().compress(out.getvalue()))


def _sign_anew(files: Files) -> None:
    """Change what was seen, list it anew and sign the list with a key of the attacker's."""
    files["sightings.jsonl"] = b""
    signed = json.loads(files[SIGNATURE])
    signed["body"]["files"]["sightings.jsonl"] = hashlib.sha256(b"").hexdigest()
    signed["signature"] = jcs.b64(KeyPair.generate().sign("evidence", signed["org"], signed["body"]))
    files[SIGNATURE] = jcs.encode(signed)


CHANGES: dict[str, tuple[Callable[[Files], object], str]] = {
    "a sighting taken out": (lambda files: files.update({"sightings.jsonl": b""}), "sightings.jsonl"),
    "a file taken out": (lambda files: files.pop("items.jsonl"), "items.jsonl"),
    "a file put in": (lambda files: files.update({"planted.txt": b"x"}), "planted.txt"),
    "the list changed": (lambda files: files.update({"SHA256SUMS": b""}), "SHA256SUMS"),
    "signed by nobody": (lambda files: files.pop(SIGNATURE), "no member"),
    "signed by a key of the attackers": (_sign_anew, "no member"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_evidence_changed_after_a_panic(firm: Firm, bundle: Path, what: str) -> None:
    """Found, and what is changed is named."""
    good = shown(firm.office.cli("audit", "check", str(bundle), "--json"), AuditChecked).checked
    assert (good.kind, good.name) == ("evidence", "Marie")
    change, said = CHANGES[what]
    repacked(bundle, change)
    done = firm.office.cli("audit", "check", str(bundle), "--json")
    assert done.code == 13, done
    assert said in done.error["message"]


def test_evidence_cut_short(firm: Firm, bundle: Path) -> None:
    """Found."""
    bundle.write_bytes(bundle.read_bytes()[:-100])
    assert firm.office.cli("audit", "check", str(bundle), "--json").code == 13


def test_a_report_on_a_person_changed_on_its_way(firm: Firm, tmp_path: Path) -> None:
    """Found: what they could do is signed by whoever made the report."""
    out = tmp_path / "jonas.json"
    assert firm.office.cli("audit", "person", "Jonas", "--out", str(out), "--json").code == 0
    good = shown(firm.office.cli("audit", "check", str(out), "--json"), AuditChecked).checked
    assert (good.kind, good.name, good.files) == ("person-report", "Marie", 1)
    value = json.loads(out.read_bytes())
    value["body"] = value["body"].replace("x:@acme", "x:@evil")
    out.write_bytes(jcs.encode(value))
    assert firm.office.cli("audit", "check", str(out), "--json").code == 13


def test_a_file_that_is_none_of_ours_is_told_as_that(firm: Firm, tmp_path: Path) -> None:
    """It is no attack, and no proof of anything."""
    out = tmp_path / "letter.txt"
    out.write_text("Dear auditor", encoding="utf-8")
    assert firm.office.cli("audit", "check", str(out), "--json").code == 2


def test_a_file_signed_by_somebody_who_left_says_so(firm: Firm, tmp_path: Path) -> None:
    """A key that was removed still signs, with any date that its holder likes."""
    there = joined(firm.office, "Petra", "owner", tmp_path / "petra")
    out = tmp_path / "report.json"
    assert there.cli("audit", "person", "Marie", "--out", str(out), "--json").code == 0
    check = ("audit", "check", str(out))
    assert shown(firm.office.cli(*check, "--json"), AuditChecked).checked.status == "active"
    assert firm.office.cli("member", "remove", "Petra", "--reason", "left", "--json").code in (0, 18)
    assert shown(firm.office.cli(*check, "--json"), AuditChecked).checked.status == "removed"
    assert "Petra is removed now." in firm.office.cli(*check).stderr
