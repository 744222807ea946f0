"""`socialguard doctor`: what is not as it should be, and what to do about each."""

from dataclasses import asdict

from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.phrases import phrase
from socialguard.cli.words import _, later

_WORDS = (later("ok"), later("warn"), later("bad"))


@command("doctor")
def doctor(face: Face) -> int:
    """Look at clock, disk, permissions, keys, tokens, backups, anchors and daemon, with a remedy for each."""
    from socialguard.daemon import examining

    with open_workspace(face) as workspace:
        signs = examining.examine(workspace)
    is_bad = any(one.state == examining.BAD for one in signs)

    def people() -> None:
        for one in signs:
            face.printer.line(f"{_(one.state)}  {one.name}: {phrase(one.detail)}")
            if one.remedy:
                face.printer.line(f"    {phrase(one.remedy)}")

    document = {"well": not is_bad, "signs": [asdict(one) for one in signs]}
    face.printer.answer({"doctor": document}, people)
    return 1 if is_bad else 0
