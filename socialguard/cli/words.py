"""The message catalogue: every sentence for a person, in English (which is its own key) and French.

`_` looks a sentence up, `say` also fills its fields, each made safe to show. The language is found at the first
sentence: the workspace's setting, else LANGUAGE, LC_ALL, LC_MESSAGES, LANG; what is not French is English."""

import os
from collections.abc import Callable, Iterable, Sequence
from gettext import NullTranslations
from pathlib import Path
from typing import Final

DOMAIN: Final = "socialguard"
LOCALE: Final = Path(__file__).parent / "locale"
PHRASE: Final = "phrase"
LANGUAGES: Final = ("en", "fr")
_VARIABLES: Final = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
_SETTINGS_LIMIT: Final = 1_000_000

_home: Callable[[], Path] | None = None
_language: str | None = None
_catalogue: NullTranslations | None = None


def look_in(home: Callable[[], Path]) -> None:
    """Take the language from the settings of the workspace in the directory that `home` returns."""
    global _home
    _home = home
    use_language(None)


def use_language(name: str | None) -> None:
    """Speak `name` (`en`, `fr`) from now on; None: find out again at the next sentence."""
    global _language, _catalogue
    _language = name if name in LANGUAGES else None
    _catalogue = None


def language() -> str:
    """Return the language that is spoken: `en` or `fr`."""
    global _language
    if _language is None:
        _language = _from_settings() or _from_environment()
    return _language


def _(sentence: str) -> str:
    """Return `sentence` in the person's language, its `{fields}` still open.

    The template of a phrase that another room marked is found too."""
    catalogue = _open_catalogue()
    found = catalogue.gettext(sentence) if sentence else ""
    return catalogue.pgettext(PHRASE, sentence) if found == sentence != "" else found


def plural(one: str, many: str, count: int) -> str:
    """Return the sentence that fits `count`, its `{fields}` still open."""
    return _open_catalogue().ngettext(one, many, count)


def counted(one: str, many: str, count: int, **fields: object) -> str:
    """Return the sentence that fits `count`, filled: `{count}` with its thousands apart, all else made safe."""
    return fill(plural(one, many, count), {"count": number(count), **fields})


def later(sentence: str) -> str:
    """Mark `sentence` for the catalogue where it is kept now and looked up later."""
    return sentence


def say(sentence: str, **fields: object) -> str:
    """Return `sentence` in the person's language; every field is escaped as text from outside."""
    return fill(_(sentence), fields)


def fill(template: str, fields: dict[str, object]) -> str:
    """Return `template` with each of its fields made safe to show."""
    from socialguard.model.text import visible

    return template.format_map({name: visible(value, 2000) for name, value in fields.items()})


def number(value: int) -> str:
    """Return a whole number with its thousands apart: 212,408 or 212 408."""
    shown = f"{value:,}"
    return shown.replace(",", " ") if language() == "fr" else shown


def decimal(value: float) -> str:
    """Return a number with one decimal: 82.7 or 82,7."""
    shown = f"{value:.1f}"
    return shown.replace(".", ",") if language() == "fr" else shown


def price(micros: int) -> str:
    """Return an amount of millionths of a US dollar: $0.015 or 0,015 $, cents at least."""
    return prices([micros])[0]


def prices(amounts: Sequence[int]) -> list[str]:
    """Return amounts as `price` does, with as many decimals each, so that a column of them can be read down."""
    from socialguard.model.money import dollars

    exact = [dollars(micros) for micros in amounts]
    most = max((len(one.partition(".")[2]) for one in exact), default=0)
    shown = [one + "0" * (most - len(one.partition(".")[2])) for one in exact]
    return [local_price(one) for one in shown]


def local_price(shown: str) -> str:
    """Return a price as the rooms below write it, $0.015, as the person's language does."""
    return f"{shown.replace('$', '').replace('.', ',')} $" if language() == "fr" else shown


def percent(part: float) -> str:
    """Return a part of one as a percentage with one decimal: 2.0% or 2,0 %."""
    shown = f"{part:.1%}"
    return shown.replace(".", ",").replace("%", " %") if language() == "fr" else shown


def quoted(text: str) -> str:
    """Return `text` between the language's quotation marks."""
    return f"« {text} »" if language() == "fr" else f'"{text}"'


def named_scope(scope: str) -> str:
    """Return what a freeze or a crisis is on, as a sentence says it: a selector stays as people type it."""
    return _("all accounts") if scope == "all" else scope


def listed(items: Iterable[str]) -> str:
    """Return names as a sentence lists them: a, b and c."""
    names = list(items)
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {_('and')} {names[-1]}"


def _open_catalogue() -> NullTranslations:
    global _catalogue
    if _catalogue is None:
        if language() == "en":
            _catalogue = NullTranslations()
        else:
            from gettext import translation

            _catalogue = translation(DOMAIN, LOCALE, [language()], fallback=True)
    return _catalogue


def _from_environment() -> str:
    for name in _VARIABLES:
        value = os.environ.get(name, "")
        if value:
            # LANGUAGE is a list in order of preference; of the others only the part before _ or . counts
            for wanted in value.split(":"):
                code = wanted.replace(".", "_").split("_")[0].lower()
                if code in LANGUAGES:
                    return code
            return "en"
    return "en"


def _from_settings() -> str | None:
    """Only this one key is read here: the settings as a whole are checked when a workspace is opened."""
    if _home is None:
        return None
    from socialguard.model import bounded
    from socialguard.settings import FILE_NAME

    try:
        text = bounded.read(_home() / FILE_NAME, _SETTINGS_LIMIT).decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "language" not in text:
        return None
    import tomllib

    try:
        named = tomllib.loads(text).get("language")
    except (ValueError, RecursionError):  # told where the settings are read
        return None
    return named if named in LANGUAGES else None
