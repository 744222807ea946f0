"""The words at the moments that matter, letter by letter, in English and French."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest

from socialguard import errors
from socialguard.cli import prompts, terminal, words
from socialguard.cli.printing import Printer
from socialguard.model.challenge import Challenge, Target
from socialguard.model.doubt import Doubt, Reason
from socialguard.publishing.interface import Answer

NOW = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
LYON = Target(
    account="x:@ville-lyon",
    short_name="ville-lyon",
    client="Ville de Lyon",
    display_name="Ville de Lyon",
    followers=212_408,
    archive_age_s=720,
    last_posts=(
        ("Travaux quai Perrache…", datetime(2026, 11, 27, 7, 12, tzinfo=UTC)),
        ("Conseil en direct", NOW - timedelta(days=1)),
    ),
    text="Fermeture du tunnel ce soir à 22 h.",
    length=35,
    limit=280,
    media=(("plan.png", NOW - timedelta(minutes=3), "Plan de déviation"),),
    when=None,
    grace_s=10,
    price_micros=15_000,
    zone="Europe/Paris",
)
SWITCH = Challenge("switch", "facebook:@acme", "Acme", (LYON,), "ville-lyon", None)
DOUBTED = replace(
    SWITCH,
    doubts=(Doubt("x:@ville-lyon", "x:@sport", (Reason("hashtag", "#Ligue1", 0, 214),)),),
    sure="x:@ville-lyon",
)


def shown(challenge: Challenge, width: int = 80) -> list[str]:
    """Return the whole of what a person reads before typing."""
    return [*prompts.card(challenge, now=NOW, width=width), prompts.question(challenge)]


def test_a_switch_shows_from_where_to_where_and_everything_that_would_be_public() -> None:
    assert shown(SWITCH) == [
        "SWITCH  facebook:@acme → x:@ville-lyon   (Acme → Ville de Lyon)",
        " who    Ville de Lyon · 212,408 followers · archive 12 min old",
        ' last   "Travaux quai Perrache…" 08:12 · "Conseil en direct" yesterday',
        " text   Fermeture du tunnel ce soir à 22 h.      35/280",
        ' media  plan.png, changed 3 min ago, alt: "Plan de déviation"',
        " when   now, 10 s to undo · $0.015",
        "Type ville-lyon to post. Enter stops:",
    ]


def test_a_thread_is_shown_whole_part_by_part() -> None:
    following = (("Et demain ?\nDès 5 h.", 20), ("Merci.", 6))
    thread = replace(LYON, text="Fermé.", length=6, of=4, part=2, following=following, price_micros=45_000)
    lines = shown(replace(SWITCH, targets=(thread,)))
    assert lines[3:] == [
        " 2/4    Fermé.      6/280",
        ' media  plan.png, changed 3 min ago, alt: "Plan de déviation"',
        " 3/4    Et demain ?",
        "        Dès 5 h.      20/280",
        " 4/4    Merci.      6/280",
        " when   now, 10 s to undo · $0.045",
        "Type ville-lyon to post. Enter stops:",
    ]


def test_accounts_whose_threads_begin_alike_are_shown_apart() -> None:
    one = replace(LYON, of=2, following=(("Same", 4),))
    two = replace(one, account="x:@lyon-2", following=(("Other", 5),))
    card = shown(replace(SWITCH, kind="several", targets=(one, two), expected="2 ville-de-lyon"))
    assert sum("Same" in line for line in card) == sum("Other" in line for line in card) == 1


def test_a_switch_in_french() -> None:
    words.use_language("fr")
    assert shown(SWITCH) == [
        "CHANGEMENT  facebook:@acme → x:@ville-lyon   (Acme → Ville de Lyon)",
        " qui       Ville de Lyon · 212 408 abonnés · archive vieille de 12 min",
        " derniers  « Travaux quai Perrache… » 08:12 · « Conseil en direct » hier",
        " texte     Fermeture du tunnel ce soir à 22 h.      35/280",
        " média     plan.png, modifié il y a 3 min, texte alternatif : « Plan de",
        "           déviation »",
        " quand     maintenant, 10 s pour annuler · 0,015 $",
        "Tapez ville-lyon pour publier. Entrée arrête :",
    ]


def test_a_secure_account_asks_for_the_whole_handle() -> None:
    secure = replace(SWITCH, kind="secure", previous=None, expected="x:@ville-lyon")
    english = "SECURE  x:@ville-lyon asks every time. Type x:@ville-lyon to post. Enter stops:"
    assert shown(secure)[-1] == english
    assert " text   Fermeture du tunnel ce soir à 22 h.      35/280" in shown(secure)
    words.use_language("fr")
    assert shown(secure)[-1] == (
        "COMPTE SENSIBLE  x:@ville-lyon demande à chaque fois. Tapez x:@ville-lyon pour publier. Entrée arrête :"
    )


def several() -> Challenge:
    """Fourteen accounts of two clients, one text."""
    names = ["x:@acme", "x:@acme-fr", *(f"facebook:@acme-{number}" for number in range(11))]
    one = replace(LYON, client="acme", media=(), price_micros=0)
    targets = [replace(one, account=name, price_micros=15_000 if name.startswith("x:") else 0) for name in names]
    lyon = replace(one, account="facebook:@ville-lyon", client="ville-lyon")
    return Challenge("several", "x:@acme", "acme", (*targets, lyon), "14 acme ville-lyon", None)


def test_several_accounts_are_counted_by_client_and_the_odd_one_is_marked() -> None:
    lines = shown(several(), width=300)
    assert lines[0] == "14 ACCOUNTS, 2 CLIENTS"
    assert lines[1].startswith(" acme (13)       x:@acme  x:@acme-fr  facebook:@acme-0  ")
    assert lines[2] == " ville-lyon (1)  facebook:@ville-lyon   ← the only one outside acme"
    assert " text   Fermeture du tunnel ce soir à 22 h.      35/280" in lines
    assert lines[-2] == " X forbids one text on x:@acme and x:@acme-fr.   Total $0.03"
    assert lines[-1] == "Type 14 acme ville-lyon to post. Enter stops:"
    words.use_language("fr")
    lines = shown(several(), width=300)
    assert lines[0] == "14 COMPTES, 2 CLIENTS"
    assert lines[2] == " ville-lyon (1)  facebook:@ville-lyon   ← le seul hors acme"
    assert lines[-1] == "Tapez 14 acme ville-lyon pour publier. Entrée arrête :"


def test_each_client_with_one_account_is_marked_where_there_are_more_of_them() -> None:
    challenge = several()
    paris = replace(challenge.targets[-1], account="x:@ville-paris", client="ville-paris")
    lines = shown(replace(challenge, targets=(*challenge.targets, paris)), width=300)
    assert lines[0] == "15 ACCOUNTS, 3 CLIENTS"
    assert lines[2].endswith("facebook:@ville-lyon   ← the only one of ville-lyon")
    assert lines[3].endswith("x:@ville-paris   ← the only one of ville-paris")


def test_among_several_a_handle_that_can_be_mistaken_is_spelled() -> None:
    challenge = several()
    odd = replace(challenge.targets[0], account="x:@\u0430cme")
    lines = shown(replace(challenge, targets=(odd, *challenge.targets[1:]), code="K7Q2"), width=300)
    assert " code   a handle can be mistaken for another: \\u0430cme" in lines
    assert lines[-1] == "Type 14 acme ville-lyon K7Q2 to post. Enter stops:"


def test_in_a_narrow_terminal_no_account_is_left_out() -> None:
    text = "\n".join(shown(several(), width=60))
    assert all(target.account in text for target in several().targets)
    assert all(len(line) <= 60 for line in shown(several(), width=60))


def test_a_handle_that_can_be_mistaken_shows_its_letters_and_asks_for_a_code() -> None:
    odd = replace(SWITCH, targets=(replace(LYON, account="x:@\u0430cme"),), code="K7Q2", expected="acme")
    assert " code   this handle can be mistaken for another: \\u0430cme" in shown(odd)
    assert shown(odd)[-1] == "Type acme K7Q2 to post. Enter stops:"
    assert odd.is_met_by("acme K7Q2")
    assert not odd.is_met_by("acme")
    assert not odd.is_met_by("\u0430cme K7Q2")


def test_no_line_of_a_text_can_pass_for_a_line_of_the_card() -> None:
    text = "Hello\nType acme to post. Enter stops:\n" + "x " * 200 + "Type acme to post."
    lines = prompts.card(replace(SWITCH, targets=(replace(LYON, text=text),)), now=NOW, width=60)
    assert not [line for line in lines if line.startswith("Type")]
    assert all(line.startswith(("SWITCH", " ")) for line in lines)


def test_a_text_too_long_to_show_says_how_much_is_missing() -> None:
    lines = prompts.card(replace(SWITCH, targets=(replace(LYON, text="é" * 1_000_000),)), now=NOW, width=80)
    assert any("… and 996,000 more characters" in line for line in lines)
    assert len(lines) < 100


def test_a_scheduled_post_says_weekday_time_zone_and_instant() -> None:
    later = replace(SWITCH, targets=(replace(LYON, when=datetime(2026, 12, 4, 8, 0, tzinfo=UTC)),))
    assert " when   Friday 2026-12-04 09:00 Europe/Paris (08:00 UTC) · $0.015" in shown(later)
    words.use_language("fr")
    assert " quand     vendredi 2026-12-04 09:00 Europe/Paris (08:00 UTC) · 0,015 $" in shown(later)


def test_what_is_not_known_is_said() -> None:
    bare = replace(
        LYON,
        followers=None,
        archive_age_s=None,
        last_posts=(),
        media=(("a.png", None, ""),),
        price_micros=0,
        grace_s=0,
    )
    lines = shown(replace(SWITCH, previous=None, previous_client=None, targets=(bare,)))
    assert lines[0] == "SWITCH  – → x:@ville-lyon   (Ville de Lyon)"
    assert lines[1:4] == [
        " who    Ville de Lyon",
        " last   no post in the archive",
        " text   Fermeture du tunnel ce soir à 22 h.      35/280",
    ]
    assert lines[4:6] == [" media  a.png, no alt text", " when   now, no time to undo · free"]


def test_what_is_said_when_the_outcome_is_unknown() -> None:
    assert prompts.unknown("X", "https://x.com/ville-lyon", "8f2c") == [
        "UNKNOWN  X did not answer; the post may be public. Do not post it again.",
        " Look: https://x.com/ville-lyon   We look too, for 10 min.",
        " There:     socialguard queue settle 8f2c --sent URL",
        " Not there: socialguard queue settle 8f2c --not-sent --reason …",
    ]
    assert prompts.outcome_unknown(["8f2c"]) == (
        "Outcome unknown: 8f2c. Do not retry. Run: socialguard queue reconcile"
    )
    words.use_language("fr")
    assert prompts.unknown("X", "https://x.com/ville-lyon", "8f2c") == [
        "INCERTAIN  X n'a pas répondu ; le message est peut-être public. Ne le republiez pas.",
        " Regardez : https://x.com/ville-lyon   Nous regardons aussi, 10 min.",
        " Présent : socialguard queue settle 8f2c --sent URL",
        " Absent :  socialguard queue settle 8f2c --not-sent --reason …",
    ]
    assert prompts.outcome_unknown(["8f2c"]) == (
        "Résultat inconnu : 8f2c. Ne pas relancer. Exécutez : socialguard queue reconcile"
    )


def test_stopped_and_wrong_names() -> None:
    assert prompts.stopped("d-31") == "Stopped. Nothing was sent. Draft d-31 kept."
    assert prompts.wrong_name("ville-lyon") == "Not ville-lyon. Nothing was sent."
    words.use_language("fr")
    assert prompts.stopped("d-31") == "Arrêté. Rien n'est parti. Brouillon d-31 conservé."
    assert prompts.wrong_name("ville-lyon") == "Ce n'est pas ville-lyon. Rien n'est parti."


def answering(
    monkeypatch: pytest.MonkeyPatch, *answers: str, challenge: Challenge = SWITCH
) -> Callable[[], Answer]:
    """Let a person type `answers` one after the other; return a call that asks."""
    left = list(answers)
    monkeypatch.setattr(terminal, "ask", lambda question: left.pop(0))
    return lambda: prompts.confirm(challenge, "d-31", Printer(err=StringIO()))


def test_the_third_name_may_still_be_right(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answering(monkeypatch, "acme", "Ville-Lyon", "ville-lyon")() == Answer(typed="ville-lyon")


def test_a_doubt_beside_a_switch_is_a_question_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    told = prompts.card(DOUBTED, now=NOW, width=80)
    assert not [line for line in told if line.startswith("CHECK")], "the first question is about the account"
    assert prompts.question(DOUBTED) == "Type ville-lyon to post. Enter stops:"
    assert prompts.second_question(DOUBTED) == "Still x:@ville-lyon? Type x:@ville-lyon. Enter stops:"
    both = ("ville-lyon", "ville-lyon", "x:@ville-lyon")
    found = answering(monkeypatch, *both, challenge=DOUBTED)()
    assert found == Answer(typed="ville-lyon", sure="x:@ville-lyon")
    with pytest.raises(errors.WrongName, match=r"Not x:@ville-lyon\."):
        answering(monkeypatch, *["ville-lyon"] * 4, challenge=DOUBTED)()
    with pytest.raises(errors.Cancelled):
        answering(monkeypatch, "ville-lyon", "", challenge=DOUBTED)()


def test_several_doubts_are_asked_about_at_once() -> None:
    several = replace(DOUBTED, doubts=DOUBTED.doubts * 2, sure="2 x:@ville-lyon")
    assert prompts.second_question(several) == "Still all of these? Type 2 x:@ville-lyon. Enter stops:"
    words.use_language("fr")
    assert prompts.second_question(several) == "Toujours tous ceux-ci ? Tapez 2 x:@ville-lyon. Entrée arrête :"


@pytest.mark.parametrize("answers", [("",), ("acme", ""), ("acme", "ville", "")])
def test_enter_stops_and_names_the_draft(monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...]) -> None:
    with pytest.raises(errors.Cancelled, match=r"Stopped\. Nothing was sent\. Draft d-31 kept\.") as stopped:
        answering(monkeypatch, *answers)()
    assert stopped.value.exit_code == 3


def test_three_wrong_names_are_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = ("acme", "ville-lyo", "ville\u2010lyon", "ville-lyon")
    with pytest.raises(errors.WrongName, match=r"Not ville-lyon\. Nothing was sent\."):
        answering(monkeypatch, *wrong)()
