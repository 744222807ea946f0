"""What belongs to one person: phone numbers, e-mail addresses, bank accounts and cards. A number counts only where
its checksum, or the plan of the numbers of its country, says that it is one."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.numbers import numbers_of_persons
from socialguard.guard.reading import LINK, Span, without
from socialguard.model.codes import is_country
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "allowed": Texts(form="a list of phone numbers, addresses or @domains of your own"),
    "countries": Texts(
        ("FR", "GB", "US"),
        form="a list of countries by their ISO 3166 codes (FR, GB)",
        pattern="[A-Z]{2}",
        known=is_country,
    ),
}

_DOT: Final = r"(?:\.|\s?[\[(](?:dot|point|punkt|punto)[\])]\s?)"
_MAIL: Final = re.compile(
    r"(?<![\w.+-])([\w.+-]{1,64})(?:@|\s?[\[(](?:at|arobase|ät)[\])]\s?)"
    rf"((?:[\w-]{{1,63}}{_DOT})+[A-Za-z]{{2,24}})(?![\w-])"
)
# Where anybody may have an address; elsewhere one word without a name's parts is a desk (reservas@, bewerbung@).
_ANYBODYS: Final = re.compile(
    r"(?:gmail|googlemail|hotmail|outlook|live|msn|yahoo|ymail|aol|icloud|me|mac|proton(?:mail)?|pm|gmx|web|mail|"
    r"orange|wanadoo|free|sfr|laposte|neuf|bbox|numericable|club-internet|btinternet|sky|virginmedia|ntlworld|"
    r"talktalk|t-online|freenet|posteo|mailbox|libero|virgilio|tiscali|alice|telefonica|ziggo|kpnmail|planet|"
    r"xs4all|telenet|skynet|bluewin|wp|o2|onet|interia|op|poczta|sapo|uol|bol|terra|qq|163|126|naver|daum|"
    r"comcast|verizon|att|sbcglobal|cox|charter|bellsouth|fastmail|hey|tutanota|tuta|zoho|yandex|rambler|ya|"
    r"seznam|centrum)(?:\.[a-z]{2,3}){1,2}",
    re.IGNORECASE,
)
_ONE_WORD: Final = re.compile(r"[^\W\d_]{4,}")
# Addresses of an office, not of a person.
_OFFICE: Final = re.compile(
    r"(?:info|box[._-]?office|members(?:hip)?|customer\w*|care|orders?|enquir(?:y|ies)|inquir(?:y|ies)|ask|"
    r"donat\w*|dons|"
    r"mecenat|m[eé]diation|biblioth[eè]que|library|museum|mus[eé]e|visit\w*|groupe?s|education|volunteer\w*|"
    r"benevol\w*|"
    r"inscriptions?|clients?|relation\w*|secretariat|studio|shows?|theat(?:re|er)|contact|hello|bonjour|"
    r"press[e]?|media|support|help|aide|service|sales|office|team|equipe|jobs|recrut\w*|"
    r"careers|accueil|mairie|booking|reservations?|events?|news|newsletter|events|marketing|communication|com|"
    r"admin|"
    r"commercial|rh|hr|sav|shop|boutique|feedback|tips|submissions?|casting|tickets?|billetterie|privacy|dpo|"
    r"legal|abonne\w*|accessibilite|animation\w*|ateliers?|candidatures?|commandes?|compta\w*|concours|direction|"
    r"emplois?|evenement\w*|expo\w*|factur\w*|festival|jeux?|jury|librairie|locations?|magasins?|partenariats?|"
    r"privatisation\w*|programm\w*|projets?|reclamations?|restaurant|scolaires?|stages?|"
    r"webmaster|redaction|editor(?:ial)?|letters)(?:[._+-].*)?",
    re.IGNORECASE,
)
_DESK: Final = re.compile(
    r"\b(?:box office|reserv\w+|tickets?|info(?:rmation)?|book(?:ings?)?|orders?|office|desk|hotline|helpline|"
    r"toll[- ]free|customer \w+|front desk|call (?:us|our|the|now)|contact us|visit us)\b",
    re.IGNORECASE,
)
# Who asks for gifts wants the account to be known.
_GIFT: Final = re.compile(
    r"\b(?:donat\w*|donors?|fundrais\w*|(?:relief|emergency|flood|charity) (?:fund|appeal)|dons?|donner|cagnotte|"
    r"collecte|mécénat|spend(?:e|en|et)\b|spendenkonto|spendenaktion|donativos?|donacion(?:es)?|donaciones|donar|"
    r"doneer|doneren|donatie|giften|giro|donazion[ei]|donare|doações|doação|doar|zbiórk\w*|darowizn\w*|wpłat\w*)\b",
    re.IGNORECASE,
)
_NEAR: Final = 120
_DIGITS: Final = re.compile(r"(?:\d\W{0,2}){7,}")


# Kept for films and manuals (Ofcom, Arcep), so no plan knows them: in a post they stand for one that was to come.
_OF_FILMS: Final = re.compile(
    r"(?<![\d+])(?:(?:\+|00)44[ .-]?(?:\(0\))?|0)7700[ .-]?900[ .-]?\d{3}(?!\d)|"
    r"(?<![\d+])(?:(?:\+|00)33[ .-]?(?:\(0\)[ .-]?)?|0)6[ .-]?39[ .-]?98(?:[ .-]?\d\d){2}(?!\d)"
)


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for a bank account or a card, a warning for a mobile number or a person's address, a note for
    the numbers and addresses of an office."""
    text = _plain(without(LINK, subject.content.text))
    allowed = tuple(_bare(one) for one in subject.settings.texts("allowed"))
    taken: list[Span] = []
    for words, severity, span, remedy in (*_numbers(text), *_mails(text), *_phones(subject, text)):
        if any(span[0] < end and start < span[1] for start, end in taken):
            continue
        taken.append(span)
        if _bare(text[slice(*span)]).endswith(allowed) and allowed:
            continue
        yield Finding("personal", severity, str(subject.account), words, remedy=remedy, span=span)


def _numbers(text: str) -> Iterator[tuple[str, Severity, Span, str]]:
    for words, span in numbers_of_persons(text):
        around = text[max(0, span[0] - _NEAR) : span[0]] + " " + text[span[1] : span[1] + _NEAR]
        if text[span[0]].isalpha() and _GIFT.search(around):
            yield (
                marked("a bank account (IBAN) for gifts is in it"),
                Severity.NOTE,
                span,
                marked("Make sure that it is yours."),
            )
        else:
            yield words, Severity.HOLD, span, marked("Take it out.")


def _mails(text: str) -> Iterator[tuple[str, Severity, Span, str]]:
    for found in _MAIL.finditer(text):
        if _is_office(found[1], found[2]):
            yield (
                marked("an e-mail address is in it"),
                Severity.NOTE,
                found.span(),
                marked("Make sure that it is yours."),
            )
        else:
            words = marked("the e-mail address of a person is in it")
            yield words, Severity.WARN, found.span(), marked("Give the address of an office, or none.")


def _is_office(name: str, host: str) -> bool:
    """Whether an address is that of an office: by its name, or one word at a domain that is somebody's own."""
    if _OFFICE.fullmatch(name):
        return True
    return _ONE_WORD.fullmatch(name) is not None and _ANYBODYS.fullmatch(re.sub(_DOT, ".", host)) is None


def _phones(subject: Subject, text: str) -> Iterator[tuple[str, Severity, Span, str]]:
    if not _DIGITS.search(text):
        return  # most texts: the plans of numbers are not even read
    for made_up in _OF_FILMS.finditer(text):
        remedy = marked("Make sure that it may be public.")
        yield marked("a mobile number is in it"), Severity.WARN, made_up.span(), remedy
    import phonenumbers
    from phonenumbers import Leniency, PhoneNumberMatcher, PhoneNumberType

    for digits in _DIGITS.finditer(text):
        # Three characters before it hold a + and brackets, some after it an extension.
        start = max(0, digits.start() - 3)
        around = text[start : digits.end() + 10]
        for country in subject.settings.texts("countries"):
            found = list(PhoneNumberMatcher(around, country, leniency=Leniency.VALID, max_tries=20))
            # Ten digits without a sign are more often something else than a number of the United States.
            found = [one for one in found if country != "US" or not one.raw_string.isdigit()]
            # Nor does 4471-9920-1182 begin with the prefix of Great Britain: a ticket, an order.
            found = [
                one
                for one in found
                if not ("-" in one.raw_string and _is_bare(one.raw_string, one.number.country_code))
            ]
            for one in found:
                kind = phonenumbers.number_type(one.number)
                # Where a number does not tell what it is (North America), the words around it do.
                office = kind == PhoneNumberType.FIXED_LINE_OR_MOBILE and _DESK.search(
                    text[max(0, start + one.start - 60) : start + one.end + 30]
                )
                if not office and kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE):
                    words, severity = marked("a mobile number is in it"), Severity.WARN
                else:
                    words, severity = marked("a phone number is in it"), Severity.NOTE
                yield (
                    words,
                    severity,
                    (start + one.start, start + one.end),
                    marked("Make sure that it may be public."),
                )
            if found:
                break


def _is_bare(raw: str, code: int | None) -> bool:
    """Whether a number begins with the code of its country, and neither + nor 00 says so; 1-800-… is how North
    America writes its own."""
    return code != 1 and "+" not in raw and re.sub(r"\D", "", raw).startswith(str(code))


@lru_cache(maxsize=64)
def _plain(text: str) -> str:
    """The text with digits, spaces, hyphens and @ of every alphabet as ASCII ones, each character at its place."""
    return text if text.isascii() else "".join(map(_ascii, text))


@lru_cache(maxsize=4096)
def _ascii(char: str) -> str:
    decimal = unicodedata.decimal(char, None)
    if decimal is not None:
        return str(decimal)
    folded = unicodedata.normalize("NFKC", char)
    if len(folded) == 1 and folded.isascii():
        return folded
    return {"Zs": " ", "Pd": "-"}.get(unicodedata.category(char), char)


def _bare(text: str) -> str:
    """A number or an address without what only makes it readable."""
    return re.sub(r"[\s().-]", "", text).casefold() if "@" not in text else text.casefold()
