"""What belongs to one person: phone numbers, e-mail addresses, bank accounts and cards. A number counts only where
its checksum, or the plan of the numbers of its country, says that it is one."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import LINK, Span, without
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "allowed": Texts(form="a list of phone numbers, addresses or @domains of your own"),
    "countries": Texts(("FR", "GB", "US"), form="a list of countries in two letters (FR)", pattern="[A-Z]{2}"),
}

_MAIL: Final = re.compile(r"(?<![\w.+-])([\w.+-]{1,64})@((?:[\w-]{1,63}\.)+[A-Za-z]{2,24})(?![\w-])")
# Addresses of an office, not of a person.
_OFFICE: Final = re.compile(
    r"(?:info|contact|hello|bonjour|press[e]?|media|support|help|aide|service|sales|office|team|equipe|jobs|recrut\w*|"
    r"careers|accueil|mairie|booking|reservations?|events?|news|newsletter|events|marketing|communication|com|admin|"
    r"commercial|rh|hr|sav|shop|boutique|feedback|tips|submissions?|casting|tickets?|billetterie|privacy|dpo|legal|"
    r"webmaster|redaction|editor(?:ial)?|letters)(?:[._+-].*)?",
    re.IGNORECASE,
)
_IBAN: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,4})?(?![A-Za-z0-9])"
)
_CARD: Final = re.compile(
    r"(?<![\d.,€$£#])(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5}|\d{13,19})(?![\d%€$£])"
)
_CARD_HEADS: Final = re.compile(r"3[47]|4|5[1-5]|2[2-7]|6(?:011|4|5)|3(?:0|6|8)|35")
_DIGITS: Final = re.compile(r"(?:\d\W{0,2}){7,}")


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for a bank account or a card, a warning for a mobile number or a person's address, a note for
    the numbers and addresses of an office."""
    text = without(LINK, subject.content.text)
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
    remedy = marked("Take it out.")
    for found in _IBAN.finditer(text):
        if _is_iban(re.sub(r"[ -]", "", found[0])):
            yield marked("a bank account (IBAN) is in it"), Severity.HOLD, found.span(), remedy
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if _CARD_HEADS.match(digits) and len(set(digits)) > 1 and _is_luhn(digits):
            yield marked("the number of a card is in it"), Severity.HOLD, found.span(), remedy


def _mails(text: str) -> Iterator[tuple[str, Severity, Span, str]]:
    for found in _MAIL.finditer(text):
        if _OFFICE.fullmatch(found[1]):
            yield (
                marked("an e-mail address is in it"),
                Severity.NOTE,
                found.span(),
                marked("Make sure that it is yours."),
            )
        else:
            words = marked("the e-mail address of a person is in it")
            yield words, Severity.WARN, found.span(), marked("Give the address of an office, or none.")


def _phones(subject: Subject, text: str) -> Iterator[tuple[str, Severity, Span, str]]:
    if not _DIGITS.search(text):
        return  # most texts: the plans of numbers are not even read
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
            for one in found:
                if phonenumbers.number_type(one.number) in (
                    PhoneNumberType.MOBILE,
                    PhoneNumberType.FIXED_LINE_OR_MOBILE,
                ):
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


def _bare(text: str) -> str:
    """A number or an address without what only makes it readable."""
    return re.sub(r"[\s().-]", "", text).casefold() if "@" not in text else text.casefold()


def _is_iban(text: str) -> bool:
    """ISO 13616: the first four characters moved to the end, letters as numbers, modulo 97 is 1."""
    moved = text[4:] + text[:4]
    return 15 <= len(text) <= 34 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _is_luhn(digits: str) -> bool:
    """ISO/IEC 7812: every second digit from the right doubled, its digits added, modulo 10 is 0."""
    doubled = [int(char) * (1 + index % 2) for index, char in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
