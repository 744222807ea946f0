"""Posts as shops, museums, clubs and offices write them, that once were taken for something bad, and the bad ones
beside them that must still be found."""

from dataclasses import replace

import pytest

from socialguard.guard.checks import run_checks
from socialguard.guard.numbers import numbers_of_persons
from socialguard.model.delivery import Content
from socialguard.model.finding import Severity
from tests.guard.people import media, subject
from tests.guard.text_checks import findings, told

ORDINARY = {
    "fr": (
        "Pique-nique géant au parc dimanche, venez avec vos paniers !",
        "À la cantine ce midi : chili con carne et salade verte.",
        "Allegro con brio : l'orchestre ouvre la saison avec Beethoven.",
        "« Le Dîner de cons » revient au théâtre de la ville à 20h30",
        "[Date à retenir] 12 mars : portes ouvertes de l'école",
        "[Prix] Félicitations à notre équipe, lauréate du concours !",
        "[Produit de saison] La courge se cuisine de dix façons",
        "Lien en bio pour la billetterie [lien en bio]",
        "TODO LIST de la rentrée : dormir, lire, recommencer",
        "Nos tailles : XXL, XXX ou XS, il y en a pour tout le monde",
        "@musee_ville merci pour votre accueil !",
        "@lequipe_feminine toute la ville est derrière vous 💪 #rugby",
        "D'accord ou pas d'accord ? Votez !",
        "Je t'aime, moi non plus : le chanteur s'expose à la médiathèque",
        "Toi aussi tu as hâte d'être en vacances ? Moi oui ! 😎",
        "Bisous de Bretagne à toutes et à tous",
        "Commit et bière : FCK reçoit Brøndby ce soir, la FDP allemande regarde",
        "Réservations : boxoffice@theatre.example",
        "Code article 4012345678901, de retour en rayon",
    ),
    "en": (
        "DM us your order number and we will look into it!",
        "DM @acme_help for help with your order",
        "D is for dog, and today we meet three of them",
        "Good night, sweetie: a bedtime book for all ages",
        "We are on our way. I'm on my way to the World Cup 🏆",
        "@NASA congratulations! You did it 🚀",
        "[Price drop] Now only $9.99 until Sunday",
        "[City council] Meeting tonight at seven, all are welcome",
        "Love you all XXX",
        "Super Bowl XXX highlights, all evening long",
        "Carolina Hurricanes jerseys are on sale from noon",
        "“Hostages”, season two: available now on all devices",
        "Call our box office on (212) 555-0123 for reservations",
        "Commit 3f786850e387550fdab836ed7e6dc881de23001b mends the bug",
        "FCK 2-0 up at half time, what a start",
        "Slut-shaming has to stop, and our panel says how",
        "Prick the potatoes, bake them, then prick the skins again",
        "The winner is ticket 4471-9920-1182. Please come forward!",
        "IMEI 356938035643809 is printed under the battery",
    ),
}


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, all_ in ORDINARY.items() for text in all_])
def test_an_ordinary_post_gets_no_warning(language: str, text: str) -> None:

    given = replace(subject(Content(text), network="facebook"), languages=(language,))
    assert [
        (one.check, one.severity.value) for one in run_checks(given) if one.severity is not Severity.NOTE
    ] == []


@pytest.mark.parametrize(
    "number",
    [
        "4539.1488.0343.6467",
        "4539\u00a01488\u00a00343\u00a06467",
        "4539\u20111488\u20110343\u20116467",
        "４５３９ １４８８ ０３４３ ６４６７",
        "٤٥٣٩ ١٤٨٨ ٠٣٤٣ ٦٤٦٧",
        "3782 822463 10005",
        "3056 9309 0259 04",
        "fr76 3000 6000 0112 3456 7890 189",
        "FR76.3000.6000.0112.3456.7890.189",
        "FR76\u00a03000\u00a06000\u00a00112\u00a03456\u00a07890\u00a0189",
        "ES91 2100 0418 4502 0005 1332",
        "BE68 5390 0754 7034",
        "NO93 8601 1117 947",
    ],
)
def test_a_card_and_an_account_are_found_in_any_writing(number: str) -> None:
    """Also where a word in capitals of four letters stands behind: it is no part of the number."""
    for around in ("{}", "voilà : {} BANK", "le {}, merci", "{} 12/27"):
        assert told("personal", around.format(number)) == [("hold", number)], around


def test_the_number_of_a_person_in_frances_register_is_held_by_its_checksum() -> None:
    for body in ("1850575123456", "2990113055012"):
        key = f"{97 - int(body) % 97:02}"
        text = f"{body[0]} {body[1:3]} {body[3:5]} {body[5:7]} {body[7:10]} {body[10:]} {key}"
        assert told("personal", f"Dossier {text} reçu") == [("hold", text)]
        wrong = f"{body}{int(key) % 97 + 1:02}"
        assert list(numbers_of_persons(wrong)) == []


def test_an_address_hidden_from_robots_is_an_address() -> None:
    for mail in ("lea.martin [at] gmail.com", "lea.martin(at)gmail.com", "lea.martin＠gmail.com"):
        assert told("personal", f"écrivez à {mail} vite") == [("warn", mail)]


def test_a_north_american_number_is_of_an_office_where_the_words_around_say_so() -> None:
    assert told("personal", "text (415) 555-2671 tonight") == [("warn", "(415) 555-2671")]
    assert told("personal", "Tickets: (415) 555-2671") == [("note", "(415) 555-2671")]


def test_a_number_of_a_country_without_a_first_zero_is_found_with_hyphens() -> None:
    assert told("personal", "llama 612-345-678 ya", settings={"countries": ("ES",)}) == [("warn", "612-345-678")]


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("https://discord.com/api/webhooks/123456789012345678/" + "AbCdEfGh12" * 6, "block"),
        ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "block"),
        ("lin_api_" + "aB3d" * 9, "block"),
        ("figd_" + "aB3d_" * 8, "block"),
        ("dckr_pat_" + "aB3d-" * 5, "block"),
        ("rubygems_" + "0a" * 24, "block"),
        ("aws_secret_access_key = wJalrXUtn" + "FEMI/K7MDENG/bPxRfiCY", "hold"),
        ("mot de passe du wifi : Bienvenue2024", "hold"),
        ("password=correcthorse", "hold"),
        ("Login: admin / Admin123!", "hold"),
        ("Authorization: Basic " + "YWRtaW46aHVudGVyMg==", "hold"),
        ("Your verification code is 482913", "hold"),
        ("code PIN : 4821", "hold"),
        ("Le code wifi est Azerty123!", "hold"),
        ("mon mdp c'est Soleil2024!", "hold"),
        ("clé sous le pot, digicode 45A12", "hold"),
        ("the door code is 4821", "hold"),
        ("0x" + "4c0883a69102937d" * 4, "hold"),
    ],
)
def test_a_secret_is_found_in_more_forms(text: str, severity: str) -> None:
    assert [one for one, _ in told("secrets", text)] == [severity]


@pytest.mark.parametrize(
    "text",
    [
        "Un bon mot de passe : 12 caractères, chiffres et symboles",
        "WiFi password: ask at the bar",
        "Basic information for all",
        "Pin 12 badges and win",
    ],
)
def test_talk_of_passwords_is_no_password(text: str) -> None:
    assert told("secrets", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "fu.ck this",
        "quel con-nard",
        "en-cul-é",
        "encul* va",
        "🅵🆄🅲🅺 it",
        "fvck",
        "fu¢k",
        "f'ing awful",
        "Tais-toi fdp",
        "nik ta mère",
        "mother-fucker",
    ],
)
def test_an_insult_is_held_in_more_disguises(text: str) -> None:
    assert [severity for severity, _ in told("insults", text, languages=("fr",))][:1] == ["hold"]


@pytest.mark.parametrize("text", ["push-it", "bit.ly", "price* and fine*", "TG voyages", "Suprême NTM"])
def test_what_is_joined_by_a_sign_is_no_insult(text: str) -> None:
    assert told("insults", text, languages=("fr",)) == []


@pytest.mark.parametrize(
    "text",
    [
        "Hi [client name], see you",
        "Hello {0}, welcome",
        "Bonjour %s, merci",
        "le XX mars",
        "only XX €",
        "Dear undefined, your order",
        "[INSERT LINK] Come and see",
        "[Nom du client] Bonjour",
        "As an AI language model, I cannot post",
        "Sure! Here's your caption for today",
        "Réponse : À COMPLÉTER",
        "Great news #hashtag1 #hashtag2",
    ],
)
def test_a_template_is_held_in_more_forms(text: str) -> None:
    assert {severity for severity, _ in told("placeholder", text)} == {"hold"}


@pytest.mark.parametrize(
    "text",
    [
        "@lea on se voit ce soir ?",
        "@lea meet me at the hotel, room 12",
        "Hey @lea, are you coming tonight?",
        "@lea ok",
        "Can you approve this before five?",
        "Peux-tu valider le visuel stp ?",
        "on my way home",
        "DM @lea tu viens ?",
        "d lea see you tonight",
    ],
)
def test_a_private_message_is_held_in_more_forms(text: str) -> None:
    assert [severity for severity, _ in told("private", text)] == ["hold"]


def test_an_address_of_a_file_or_without_slashes_leads_nowhere() -> None:
    for link in ("https:acme.com/spring", "file:///Users/lea/a.png"):
        assert told("links", f"see {link} now") == [("warn", link)]


def test_a_template_in_what_an_image_shows_is_held_without_a_place_in_the_text() -> None:
    given = subject(Content("Look", media=(media(alt="A cup on [insert place]"),)))
    (found,) = findings("placeholder", "", given=given)
    assert (found.severity, found.span) == (Severity.HOLD, None)
