"""Asking a person for an act other than a post that is confirmed as a switch is: typed, or named by `--confirm`.

The three tries, the answer from /dev/tty and what a script is told are the same for each such act."""

from collections.abc import Sequence
from dataclasses import dataclass

from socialguard import errors
from socialguard.cli.face import Face


class AssentRequired(errors.ConfirmationRequired):
    """{act} needs confirmation. Nothing was changed."""

    @property
    def name(self) -> str:
        """The name that scripts know: it is a confirmation like any other."""
        return "confirmation_required"


@dataclass(frozen=True, slots=True)
class Assent:
    """What is asked. `told` is shown above the question, `question` a template over `wanted`, which is what a
    person types; `names` are what a script repeats by `--confirm`; `act` begins the sentence that refuses."""

    told: str
    question: str
    wanted: str
    names: Sequence[str]
    act: str


def require_assent(face: Face, asked: Assent, confirmed: Sequence[str], stopped: type[errors.Cancelled]) -> None:
    """Return where the person typed what is wanted, or a script did; else raises AssentRequired, `stopped`."""
    if not face.has_terminal:
        missing = [name for name in asked.names if name not in confirmed]
        if missing:
            words = " ".join(f"--confirm {name}" for name in missing)
            raise AssentRequired(act=asked.act, words=words, needs=missing)
        return
    from socialguard.cli import terminal
    from socialguard.cli.prompts import TRIES, not_that_name
    from socialguard.cli.words import say

    face.printer.note_line(asked.told)
    for attempt in range(1, TRIES + 1):
        answer = terminal.ask(say(asked.question, wanted=asked.wanted))
        if answer == asked.wanted:
            return
        if not answer:
            break
        if attempt < TRIES:
            face.printer.note_line(not_that_name(asked.wanted))
    raise stopped
