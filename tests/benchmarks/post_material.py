"""Posts to measure the text checks with: ordinary ones in English and French, and the same with one fault put in.

Seeded, so that a figure can be had again; what is put in is drawn anew each time (tokens, numbers, names,
disguises), so that no check can have been written for it."""

import base64
import random
import string
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from socialguard.guard.checks.insults import sections

ORDINARY: Final[Mapping[str, tuple[str, ...]]] = {
    "en": (
        "Our {place} opens at {hour} on {day}. Come and say hello! {tag}",
        "{name} joins us as head of {team}. Welcome!",
        "Traffic works on {street} from {day} to {day}. Thank you for your patience.",
        "New on the blog: how {name} built a {thing} in {number} days. {link}",
        "We're hiring! {number} open jobs in {town}, from sales to {team}. {link} {tag}",
        "What a night! {number} people came to see {name} at the {place}. 🎉",
        "Did you know? One in {small} of you cycles to work. Tell us your best route 🚲 {tag}",
        "The results are out: revenue of ${number}m, up {small}% on last year. {link}",
        "Weather warning for {town}: heavy rain from {hour}. Stay safe and check on your neighbours.",
        "Thank you @{handle} for the lovely photo of our {place}.",
        "Full time: {town} {small}, {town} {small}. {name} with the winner in the last minute! {tag}",
        "Our {thing} is now available in {small} colours. Which one is yours? {link}",
        "Lines {small} and {small} are delayed by {small} minutes this morning. Sorry for the trouble.",
        "Happy {day}! Here is what {name} recommends for the weekend: {link}",
        "Council meets {day} at {hour}; the agenda is online, and the meeting is streamed. {link}",
        "“I never thought that we would win,” says {name}. Read the interview: {link}",
    ),
    "fr": (
        "La {lieu} ouvre {jour} à {heure}. Venez nombreux ! {tag}",
        "{name} rejoint l'équipe comme responsable {service}. Bienvenue !",
        "Travaux {rue} de {jour} à {jour} : merci de votre patience.",
        "À lire sur le site : comment {name} a construit un {objet} en {number} jours. {link}",
        "Nous recrutons ! {number} postes à {town}, du commerce à la {service}. {link} {tag}",
        "Quelle soirée ! Vous étiez {number} pour écouter {name} à la {lieu}. 🎉",
        "Le saviez-vous ? Un habitant sur {small} va au travail à vélo. Et vous ? 🚲 {tag}",
        "Résultats du trimestre : {number} millions d'euros, en hausse de {small} %. {link}",
        "Vigilance orange à {town} : fortes pluies à partir de {heure}. Restez prudents.",
        "Merci à @{handle} pour cette belle photo de notre {lieu}.",
        "Fin du match : {town} {small}, {town} {small}. But de {name} à la dernière minute ! {tag}",
        "Retards de {small} minutes sur les lignes {small} et {small} ce matin. Toutes nos excuses.",
        "Notre {objet} existe désormais en {small} couleurs. Laquelle préférez-vous ? {link}",
        "Conseil municipal {jour} à {heure} : l'ordre du jour est en ligne. {link}",
        "« Je n'aurais jamais cru gagner », raconte {name}. L'entretien : {link}",
        "Bonne rentrée à toutes et à tous ! Les inscriptions à la {lieu} sont ouvertes jusqu'à {jour}.",
    ),
}
_SLOTS: Final[Mapping[str, tuple[str, ...]]] = {
    "place": ("library", "museum", "shop", "swimming pool", "market hall", "town hall", "theatre", "stadium"),
    "lieu": ("médiathèque", "piscine", "mairie", "boutique", "salle des fêtes", "patinoire", "galerie"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "jour": ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    "hour": ("9am", "10:30", "noon", "2 pm", "18:00"),
    "heure": ("9h", "10h30", "midi", "14 h", "18h"),
    "name": ("Léa Martin", "Dick Cassidy", "Noah Smith", "Inès Petit", "Hugo Roux", "Priya Shah", "Tom Hancock"),
    "team": ("design", "engineering", "care", "data", "the archive"),
    "service": ("communication", "culture", "comptabilité", "sécurité", "petite enfance"),
    "town": ("Lyon", "Essex", "Lille", "Penistone", "Nice", "Leeds", "Clermont", "Dijon", "Sussex"),
    "street": ("Main Street", "Cock Lane", "Station Road", "the A43"),
    "rue": ("rue de la République", "avenue Foch", "cul-de-sac des Lilas", "place Bellecour"),
    "thing": ("bicycle", "garden", "podcast", "robot", "raincoat"),
    "objet": ("vélo", "jardin", "podcast", "robot", "manteau"),
    "tag": ("#Lyon", "#museumweek", "#JOP2024", "#rentrée", "#cyclinglife", "#LigueDesChampions", "", "", "#TBT"),
    "handle": ("lea_martin", "VilleLyon", "museumfan", "thomas75"),
}
_FAULTS_WORDS: Final = ("link", "name", "date", "price", "titre", "lien", "prénom", "ville")


def ordinary(seed: int, count: int, language: str) -> list[str]:
    """Return `count` posts without a fault."""
    rng = random.Random(seed)
    return [filled(rng, language) for _ in range(count)]


def filled(rng: random.Random, language: str) -> str:
    """Return one ordinary post."""
    text = rng.choice(ORDINARY[language])
    while "{" in text:
        slot = text[text.index("{") + 1 : text.index("}")]
        text = text.replace("{" + slot + "}", _slot(rng, slot), 1)
    return text.strip()


def faulty(seed: int, count: int) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield a check, a post that it must find fault with, and the languages of its account; `count` for each."""
    rng = random.Random(seed)
    for check, make in FAULTS.items():
        for _ in range(count):
            language = rng.choice(("en", "fr"))
            yield check, make(rng, language), (language,)


def _slot(rng: random.Random, slot: str) -> str:
    if slot == "number":
        return str(rng.randint(11, 4000))
    if slot == "small":
        return str(rng.randint(2, 15))
    if slot == "link":
        return f"https://acme.example/{rng.choice(('news', 'a', '2026/11'))}/{_letters(rng, 6)}"
    return rng.choice(_SLOTS[slot])


def _letters(rng: random.Random, count: int, of: str = string.ascii_letters + string.digits) -> str:
    return "".join(rng.choices(of, k=count))


def _within(rng: random.Random, language: str, words: str) -> str:
    """Put words before or after an ordinary post, or inside it."""
    text = filled(rng, language)
    cut = rng.choice([0, len(text), text.find(" ") + 1])
    return " ".join(f"{text[:cut]} {words} {text[cut:]}".split(" ")).strip()


def _secret(rng: random.Random, language: str) -> str:
    made = rng.choice(
        (
            lambda: "AKIA" + _letters(rng, 16, string.ascii_uppercase + string.digits),
            lambda: "ghp_" + _letters(rng, 36),
            lambda: "xoxb-" + _letters(rng, 12, string.digits) + "-" + _letters(rng, 24),
            lambda: "sk_live_" + _letters(rng, 24),
            lambda: "EAA" + _letters(rng, 60),
            lambda: "eyJ" + ".eyJ".join(_letters(rng, 24) for _ in range(2)) + "." + _letters(rng, 43),
            lambda: base64.b64encode(rng.randbytes(30)).decode("ascii"),
            lambda: rng.randbytes(20).hex(),
            lambda: rng.choice(("password: ", "mot de passe : ", "API key = ")) + _letters(rng, 9) + "7x",
        )
    )()
    return _within(rng, language, made)


def _personal(rng: random.Random, language: str) -> str:
    def iban() -> str:
        body = _letters(rng, 23, string.digits)
        check = 98 - int("".join(str(int(char, 36)) for char in f"{body}FR00")) % 97
        plain = f"FR{check:02}{body}"
        return " ".join(plain[at : at + 4] for at in range(0, len(plain), 4)) if rng.random() < 0.5 else plain

    def card() -> str:
        body = rng.choice("45") + rng.choice("12345") + _letters(rng, 13, string.digits)
        odd = [int(char) * (2 - index % 2) for index, char in enumerate(body)]
        last = -sum(value - 9 if value > 9 else value for value in odd) % 10
        return " ".join(f"{body}{last}"[at : at + 4] for at in range(0, 16, 4))

    def mobile() -> str:
        pairs = [
            "06",
            f"{rng.choice('1234568')}{_letters(rng, 1, string.digits)}",
            *(_letters(rng, 2, string.digits) for _ in range(3)),
        ]
        return rng.choice((" ", ".", "")).join(pairs)

    def mail() -> str:
        return f"{rng.choice(('lea.martin', 'noah_s', 'ines1987'))}@{rng.choice(('gmail.com', 'acme.example'))}"

    return _within(rng, language, rng.choice((iban, card, mobile, mail))())


def _insult(rng: random.Random, language: str) -> str:
    words = [word for word in sections()["strong any"] if word.isalpha() and len(word) > 3]
    word = rng.choice(words)
    at = rng.randint(1, len(word) - 2)
    leet = {"o": "0", "i": "1", "e": "3", "a": "@", "s": "$", "t": "7"}
    made = rng.choice(
        (
            word,
            word.upper(),
            f"{word[:at]}*{word[at + 1 :]}",
            word[0] + "*" * (len(word) - 2) + word[-1],
            rng.choice((" ", ".")).join(word),
            word[:at] + word[at] * 3 + word[at + 1 :],
            word[0] + "".join(leet.get(char, char) for char in word[1:]),
            word.replace("a", "а").replace("e", "е").replace("o", "о"),
        )
    )
    return _within(rng, language, made)


def _placeholder(rng: random.Random, language: str) -> str:
    word = rng.choice(_FAULTS_WORDS)
    forms = ("[{}]", "[{} here]", "{{{{{}}}}}", "<{}>", "[INSERT {}]")
    others = ("TODO", "lorem ipsum dolor", "XXX", "DD/MM/YYYY")
    return _within(rng, language, rng.choice((*(form.format(word.upper()) for form in forms), *others)))


def _private(rng: random.Random, language: str) -> str:
    handle = f"@{_letters(rng, 7, string.ascii_lowercase)}"
    english = (
        f"{handle} are you coming tonight?",
        f"{handle} can you send me the file before {_slot(rng, 'hour')}",
        f"d {handle} the code is {_slot(rng, 'number')}",
        "where are you",
        "I miss you babe, home soon",
        f"{handle} your mother called",
        "call me back when you can",
    )
    french = (
        f"{handle} tu viens ce soir ?",
        f"d {handle} le code est {_slot(rng, 'number')}",
        "je pense à toi, on se parle demain",
        "J'ai faim, tu ramènes quoi ?",
        f"{handle} tu m'as manqué hier",
        "Je rentre tard, ne m'attends pas, je t'embrasse",
        "bisous ma chérie",
    )
    return rng.choice(english if language == "en" else french)


def _shouting(rng: random.Random, language: str) -> str:
    words = (
        "{place} opens on {day} at {hour} do not miss it"
        if language == "en"
        else "la {lieu} ouvre {jour} venez vite"
    )
    for slot in ("place", "day", "hour", "lieu", "jour"):
        words = words.replace("{" + slot + "}", _slot(rng, slot))
    return words.upper()


def _tragedy(rng: random.Random, language: str) -> str:
    english = ("After the earthquake, {}% off everything!", "Riots downtown? Shop now, {}% off online")
    french = (
        "Après l'attentat, {}% de réduction en boutique",
        "Émeutes ? Nouvelle collection disponible en ligne, -{}%",
    )
    return rng.choice(english if language == "en" else french).format(rng.randint(10, 70))


FAULTS: Final[Mapping[str, Callable[[random.Random, str], str]]] = {
    "secrets": _secret,
    "personal": _personal,
    "insults": _insult,
    "placeholder": _placeholder,
    "private": _private,
    "language": lambda rng, language: filled(rng, "fr" if language == "en" else "en"),
    "tragedy": _tragedy,
    "hidden": lambda rng, language: _hidden(rng, filled(rng, language)),
    "scripts": lambda rng, language: _within(rng, language, rng.choice(("Lуon", "раypal", "Аcme", "tіckets"))),
    "hashtag": lambda rng, language: _within(
        rng,
        language,
        "#"
        + rng.choice(("susanalbumparty", "penisland", "expertsexchange", "whorepresents", "childrenslaughter")),
    ),
    "crowd": lambda rng, language: _within(
        rng, language, " ".join(f"#{_letters(rng, 5, string.ascii_lowercase)}" for _ in range(rng.randint(6, 12)))
    ),
    "cashtag": lambda rng, language: _within(rng, language, "$ACME $" + _letters(rng, 4, string.ascii_uppercase)),
    "shouting": _shouting,
}
"""What puts a fault into a post that one check must find."""


def _hidden(rng: random.Random, text: str) -> str:
    at = rng.randint(1, len(text) - 1)
    word = text.rfind(" ", 0, at) + 2
    return text[:word] + rng.choice("\u200b\u2060\u202e\ufeff\u2066") + text[word:]
