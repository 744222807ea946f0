"""What was left in a post that is no part of it, and what clubs and offices write that only looks so."""

import time

import pytest

from socialguard.model.delivery import Content
from tests.guard.people import subject
from tests.guard.text_checks import findings, told


@pytest.mark.parametrize(
    "text",
    [
        "Certainly, here are three ideas for your spring campaign",
        "Absolutely! Here is a warm message for your followers",
        "Voici une courte légende pour votre photo : le printemps arrive",
        "Here's a LinkedIn post about the opening",
        "Our doors open at nine. Would you like me to shorten it?",
        "La fête commence à 20h. Souhaitez-vous que je propose une version plus courte ?",
        "I'm sorry, but I can't help with that.",
        "The report is out citeturn3search7",
        "More on https://acme.example/spring?utm_source=chatgpt.com",
        "Add a subheading\nSpring sale from Monday",
        "Ajoutez votre texte ici",
        "Your paragraph text",
        "Insert your title here",
        "BROUILLON Fête de la musique le 21 juin",
        "Draft\nThe new bridge opens on Friday",
        "La nocturne du 3 mai\nÀ valider",
        "À relire par Sophie : la nocturne du 3 mai",
        "v3_final: the new bridge opens on Friday",
        "[v2] The new bridge opens on Friday",
        "The new bridge opens on Friday @paul could you check?",
        "La nocturne, c'est jeudi ! @Sophie tu peux relire",
        "Embargoed until 6am: the results",
        "Sous embargo jusqu'à 9h : les résultats",
        "Rendez-vous samedi\nEnvoyé de mon iPhone",
        "See page Error! Reference source not found.",
        "Bonjour %%First Name%%, à bientôt",
        "Hello %firstname%, we are open",
        "Of course! Below are four posts about the fair",
        "Here's a shorter version: the fair opens on Friday",
        "La foire ouvre vendredi. N'hésitez pas si vous souhaitez des ajustements !",
        "The fair opens on Friday. Let me know if you want any tweaks",
        "Facebook version: the fair opens on Friday",
        "Draft v4\nThe fair opens on Friday",
        "La foire ouvre vendredi\nEn attente de validation",
        "Not for publication\nThe fair opens on Friday",
        "Placeholder text",
        "Dear {!Lead.Company}, thank you",
        "Rendez-vous le __/__ à la mairie",
        "Entrée : ___ €",
        "More on www.yourwebsite.com",
        "Follow @handle for more",
    ],
)
def test_what_is_no_part_of_a_post_is_held(text: str) -> None:
    assert {severity for severity, _ in told("placeholder", text)} == {"hold"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("<strong>Open</strong> on Sunday", "<strong>"),
        ("Caf&eacute; ouvert", "&eacute;"),
        ("La foire ouvre Ã  midi", "Ã  "),
        ("__Free entry__ on Sunday", "__Free entry__"),
        ("Fish &amp; chips tonight", "&amp;"),
        ("**Portes ouvertes** samedi", "**Portes ouvertes**"),
        ("Read [our report](https://acme.example/r)", "[our report](https://acme.example/r)"),
        ("La fÃªte de la musique", "Ãª"),
        ("Itâ€™s here", "â€™"),
        ("La f�te", "�"),
        ("Only NaN € today", "NaN €"),
        ("Attendance: #N/A", "#N/A"),
    ],
)
def test_signs_of_a_program_are_told(text: str, part: str) -> None:
    assert told("placeholder", text)[0] == ("warn", part)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("Join us on Saturday for the opening of the", "the"),
        ("Nous sommes heureux de vous annoncer l'arrivée des", "des"),
        ("La mairie sera fermée lundi, les services techniques et", "et"),
    ],
)
def test_a_text_that_breaks_off_is_told(text: str, last: str) -> None:
    assert told("placeholder", text) == [("warn", last)]


@pytest.mark.parametrize(
    "text", ["Test", "test test 123", "This is just a test, please ignore", "qsdfqsdf", "null"]
)
def test_a_text_that_only_tries_is_told_and_goes_on(text: str) -> None:
    assert told("placeholder", text) == [("warn", text)]


def test_a_part_of_a_thread_may_end_where_the_next_goes_on() -> None:
    text = "Join us on Saturday for the opening of the"
    for position, expected in ((0, 0), (1, 1)):
        part = subject(Content(text, thread_position=position, thread_size=2))
        assert len(findings("placeholder", "", given=part)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "This is a test of the Emergency Alert System at 2pm. No action is needed.",
        "Test your knowledge: which king was found under a car park?",
        "Test match: England 312-4 at stumps",
        "Draft pick: we take the quarterback at number 12",
        "The draft report is open for comments until Friday",
        "Brouillon ou chef-d'œuvre ? Le débat ce soir à 20h",
        "Quarter final v2 Paris: seats from 20 €",
        "V2 de notre application : elle est en ligne",
        "Final: France 2-1 Brazil",
        "« En tant qu'IA », un monologue de théâtre",
        "Kick-off time TBC, tickets from Friday",
        "Speakers: TBC. Doors: 7pm",
        "His return is TBD",
        "Votre texte a gagné le concours de nouvelles",
        "Your title defence begins tonight, champ",
        "Photos à venir ce soir",
        "Here is our latest post on the blog: ten years of the market",
        "Voici la dernière publication de l'observatoire : les loyers montent",
        "Would you like me to sing it live?",
        "Terms apply* and **see below",
        "R&D and Q&A; we do both",
        "3 < 4 and 5 > 2",
        "Summer is ____. Fill in the blank!",
        "What are we waiting for",
        "À retrouver demain dans le journal et à la une",
        "L'exposition est celle que vous attendiez, dites-le",
        "As an AI start-up from Lyon, we hire ten people",
        "À relire avec plaisir cet été : trois romans du Nord",
        "Photos by __sunset__ and _jo_",
        "MAÇÃ E UVA na feira de domingo",
        "Get 20%off, not 30%off",
        "{واعتصموا بحبل الله جميعا}",
    ],
)
def test_what_only_looks_so_passes(text: str) -> None:
    assert told("placeholder", text) == []


@pytest.mark.parametrize("piece", ["\n", "- \n", ".", "draft\n", "« ", "**a", "@a ", " ", "_", "$"])
def test_a_long_page_of_signs_is_read_at_once(piece: str) -> None:
    """A Page takes 63,000 characters; a pattern that goes back over them all takes minutes for that."""
    began = time.perf_counter()
    for before in ("a", ""):
        given = subject(Content(before + piece * (60_000 // len(piece))), network="facebook")
        for check in ("placeholder", "secrets", "personal", "private", "insults"):
            findings(check, "", given=given)
    assert time.perf_counter() - began < 10


def test_what_is_meant_can_be_allowed() -> None:
    assert told("placeholder", "Test", settings={"allowed": ("Test",)}) == []
    assert told("placeholder", "Fish &amp; chips", settings={"allowed": ("&amp;",)}) == []


@pytest.mark.parametrize(
    "text",
    [
        "Kennwort: Winter2026!",
        "La contraseña del wifi es Mercado88",
        "WLAN-Passwort: Garten#77",
        "Your Lyft code is 5520",
        "553201 is your Facebook confirmation code",
        "Votre code de validation est 118822",
        "Enter 774411 to sign in",
        "user: presse pass: Zebre2026",
        "the login is team@acme.example / Zebre2026!",
        "le code de la porte c'est 4471",
        "wachtwoord: Fiets2026",
        "wifi key: 90817263",
        "Your Bank Hub code is: 443120",
        "Votre code Ameli : 118233",
        "Kestrel77 is the password",
    ],
)
def test_a_password_is_found_in_more_languages_and_messages(text: str) -> None:
    assert [one for one, _ in told("secrets", text)] == ["hold"]


@pytest.mark.parametrize(
    "text",
    [
        "pat-na1-" + "0a1b2c3d-1234-5678-9abc-0123456789ab",
        "NRAK-" + "A1B2C3D4E5F6G7H8I9J0K1L2M3N",
        "https://hooks.zapier.com/hooks/catch/" + "4433221/o0abc12",
    ],
)
def test_more_providers_are_known(text: str) -> None:
    assert [one for one, _ in told("secrets", text)] == ["block"]


@pytest.mark.parametrize(
    "text",
    [
        "Your discount code is 2026",
        "Votre code postal : 69001",
        "The magic word is the password",
        "Follow our Wifi key facts: 2026",
        "Use 1066 to answer, or write it down",
        "Your access to the API is free. Wachtwoord vergeten? Klik hier",
        "Gifts in ETH: 0x52908400098527886E0F7030069857D2E4169EE7",
        "Passwort vergessen? So geht es",
        "2026 est votre année",
    ],
)
def test_what_only_sounds_like_a_secret_passes(text: str) -> None:
    assert told("secrets", text) == []


def test_an_account_for_gifts_is_meant_to_be_known() -> None:
    account = "DE75 5121 0800 1245 1261 99"
    for text in (f"Spendenkonto: {account}", f"Donate now: {account}, ref FLOOD", f"Vos dons : {account}"):
        assert told("personal", text) == [("note", account)]
    assert told("personal", f"Mein Konto ist {account}") == [("hold", account)]
    assert told("personal", "Donate by card 4111 1111 1111 1111")[0][0] == "hold"


def test_one_word_at_an_own_domain_is_an_office_in_any_language() -> None:
    for mail in ("bewerbung@stadt.example", "entradas@museo.example", "bilety@teatr.example"):
        assert told("personal", f"→ {mail}") == [("note", mail)]
    for mail in ("sunflower@gmail.com", "jan.kowalski@teatr.example", "bewerbung88@web.de"):
        assert told("personal", f"→ {mail}") == [("warn", mail)]
    assert told("personal", "→ ana [at] gmail [dot] com") == [("warn", "ana [at] gmail [dot] com")]


@pytest.mark.parametrize(
    "text",
    [
        "@sncf_grandest annonce une grève mardi, vérifiez votre train",
        "@metoffice has issued a warning: check your route",
        "@acme_jobs recrute 12 cuisiniers, postulez vite, votre avenir commence ici",
        "@acme and we are giving you ten tickets",
    ],
)
def test_a_sentence_about_a_handle_is_public(text: str) -> None:
    assert told("private", text) == []


@pytest.mark.parametrize(
    "text",
    [
        "@lea are you there",
        "@paul ok pour jeudi",
        "ok thanks, see u",
        "Please send me the invoice",
        "@tom oui j'arrive",
    ],
)
def test_an_answer_to_one_person_is_held(text: str) -> None:
    assert [severity for severity, _ in told("private", text)] == ["hold"]
