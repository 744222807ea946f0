"""A challenge, as a person meets it: the card, the question and the answer in a real terminal."""

from collections.abc import Callable

import pytest

from tests.cli.spawned import Spawned

DIALOGUE = """
from datetime import UTC, datetime
from socialguard import errors
from socialguard.cli import prompts, progress
from socialguard.cli.face import Face
from socialguard.model.challenge import Challenge, Target

target = Target("x:@ville-lyon", "ville-lyon", "Ville de Lyon", "Ville de Lyon", 212408, 720, (), "Fermeture",
                9, 280, (), None, 10, 15000, "Europe/Paris")
challenge = Challenge("switch", "facebook:@acme", "Acme", (target,), "ville-lyon", None)
face = Face()
try:
    print("CONFIRMED", prompts.confirm(challenge, "d-31", face.printer).typed)
except errors.SocialGuardError as stopped:
    from socialguard.cli import output
    raise SystemExit(output.tell(stopped, face))
"""
Start = Callable[..., Spawned]


def test_the_right_name_confirms(in_terminal: Start) -> None:
    person = in_terminal(DIALOGUE)
    card = person.expect("Type ville-lyon to post. Enter stops: ")
    assert "SWITCH  facebook:@acme → x:@ville-lyon   (Acme → Ville de Lyon)" in card
    assert " who    Ville de Lyon · 212,408 followers · archive 12 min old" in card
    person.child.sendline("ville-lyon")
    said, code = person.ends()
    assert ("CONFIRMED ville-lyon" in said, code) == (True, 0)


def test_three_wrong_names_stop_in_the_words_of_the_language(in_terminal: Start) -> None:
    person = in_terminal(DIALOGUE, LANG="fr_FR.UTF-8")
    for _try in range(3):
        person.expect("Tapez ville-lyon pour publier. Entrée arrête : ")
        person.child.sendline("acme")
    said, code = person.ends()
    assert "Ce n'est pas ville-lyon. Rien n'est parti. Brouillon d-31 conservé." in said
    assert code == 3


@pytest.mark.parametrize("shell", ["v", "ville-lyon x", "VILLE-LYON", "ville\u2011lyon"])
def test_nothing_but_the_exact_name_is_the_name(in_terminal: Start, shell: str) -> None:
    person = in_terminal(DIALOGUE)
    person.expect("Enter stops: ")
    person.child.sendline(shell)
    person.expect("Not ville-lyon. Nothing was sent.")
    person.expect("Enter stops: ")
    person.child.sendline("")
    said, code = person.ends()
    assert ("Stopped. Nothing was sent. Draft d-31 kept." in said, code) == (True, 3)


PROGRESS = """
import sys
from socialguard.cli import progress
from socialguard.cli.face import Face
face = Face()
face.as_json = AS_JSON
with progress.over(face, "Sealing \\x1b[31m[red]", total=2) as step:
    step(); step()
print("DONE")
"""


def test_progress_shows_in_a_terminal_and_nowhere_else(in_terminal: Start) -> None:
    shown, _code = in_terminal(PROGRESS.replace("AS_JSON", "False")).ends()
    assert "Sealing \\x1b[31m[red]" in shown
    hidden, _code = in_terminal(PROGRESS.replace("AS_JSON", "True")).ends()
    assert hidden == "DONE\r\n"
    piped, _code = in_terminal(
        "import os\nos.dup2(os.open('/dev/null', 1), 2)\n" + PROGRESS.replace("AS_JSON", "False")
    ).ends()
    assert piped == "DONE\r\n"
