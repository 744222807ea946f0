"""A workspace that a Unix group shares: what one member writes another can read; private keys stay private."""

import grp
import stat
from pathlib import Path

from PIL import Image

from tests.cli.shapes import Offboarded, shown
from tests.office import Office
from tests.people import Colleague


def shared(office: Office) -> None:
    """Share the workspace as docs/operations.md says."""
    for path in (office.home, *office.home.rglob("*")):
        path.chmod(0o2770 if path.is_dir() else 0o660)


def mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def posted_picture(who: Office, base: Path) -> Path:
    """Queue a post with a picture and return where its bytes lie."""
    picture = base / "picture.png"
    Image.new("RGB", (64, 64), "red").save(picture)
    words = ("--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 2 hours", "--json")
    done = who.cli("post", "A picture", "--media", str(picture), "--alt", "red", *words)
    assert done.code == 0, done
    return next((who.home / "media").iterdir())


def test_the_worker_can_read_the_media_of_a_member(office: Office, jonas: Colleague, tmp_path: Path) -> None:
    """It is another user of the same group."""
    shared(office)
    kept = posted_picture(jonas, tmp_path)
    assert mode(kept) == 0o660
    assert mode(kept.parent) & 0o770 == 0o770


def test_a_workspace_of_one_person_stays_closed(office: Office, tmp_path: Path) -> None:
    """Nobody else reads what waits."""
    kept = posted_picture(office, tmp_path)
    assert mode(kept) == 0o600


def test_private_keys_are_never_shared(office: Office, jonas: Colleague) -> None:
    """The identity directory is its owner's alone."""
    shared(office)
    jonas.post("Something", "x:@acme")
    files = [path for path in jonas.identity.rglob("*") if path.is_file()]
    assert files
    assert all(mode(path) & 0o077 == 0 for path in files)


def test_the_log_of_a_workspace_whose_owner_left_still_verifies(office: Office, jonas: Colleague) -> None:
    """Members come and go; every entry and checkpoint stands."""
    office.cli("member", "remove", "Jonas", "--reason", "left", "--json")
    done = office.cli("audit", "verify", "--deep", "--json")
    assert done.code == 0, done


def test_who_leaves_is_to_be_taken_out_of_the_group(office: Office, jonas: Colleague) -> None:
    """Keys open nothing any more; files are the group's affair."""
    assert jonas.id
    shared(office)
    group = grp.getgrgid(office.home.stat().st_gid).gr_name
    done = office.cli("offboard", "Jonas", "--reason", "left", "--json")
    assert shown(done, Offboarded).offboarded.group == group


def test_a_closed_workspace_names_no_group(office: Office, jonas: Colleague) -> None:
    """There is none to take anybody out of."""
    assert jonas.id
    said = office.cli("offboard", "Jonas", "--reason", "left").stdout
    assert "The group" not in said
