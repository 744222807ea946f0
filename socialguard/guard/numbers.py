"""Numbers that belong to one person, each known by its checksum: bank accounts, cards, and France's register."""

import re
from collections.abc import Iterator
from typing import Final

from socialguard.guard.reading import Span
from socialguard.model.text import marked

_IBAN: Final = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2})\d{2}(?=[ .-]?[A-Z0-9]{4})", re.IGNORECASE)
# How long an account number of each country is (the registry of ISO 13616).
_IBAN_LENGTHS: Final = {
    one[1]: int(one[2])
    for one in re.finditer(
        r"([A-Z]{2})(\d\d)",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 "
        "DJ27 DK18 DO28 DZ26 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 "
        "HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 "
        "MA28 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 "
        "QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SN28 SO23 ST25 SV28 TL23 TN24 "
        "TR26 UA29 VA22 VG24 XK20 BF28 BJ28 CI28 CM27 ML28 MG27 TG28 CF27 CG27 GA27 NE28 ",
    )
}
_CARD: Final = re.compile(
    r"(?<![\d.,€$£#])(?:\d{4}([ ._-])\d{4}\1\d{4}\1\d{2,4}|\d{4}([ ._-])\d{6}\2\d{4,5}|\d{14,16}|\d{19})"
    r"(?![\d%€$£])"
)
# By the first digits, and how many there are: the plans of the networks of cards.
_CARD_HEADS: Final = re.compile(
    r"3[47]\d{13}|35[2-8]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:4|5[1-5]|2(?:2[2-9]|[3-6]\d|7[01]|720)|6(?:011|"
    r"4[4-9]|5))\d+"
)
_LONG_CARDS: Final = (16, 19)
# The number of a person in France's register (INSEE): sex, year, month, place, order, and 97 minus the rest.
_REGISTERED: Final = re.compile(
    r"(?<!\d)([12])[ .]?(\d\d)[ .]?(0[1-9]|1[0-2])[ .]?(\d\d|2[AB])[ .]?(\d{3})[ .]?(\d{3})[ .]?(\d\d)(?!\d)"
)


def numbers_of_persons(text: str) -> Iterator[tuple[str, Span]]:
    """Yield what each such number in `text` is, as a sentence, and where it stands."""
    for found in _IBAN.finditer(text):
        end = _end_of_iban(text, found)
        if _is_iban(re.sub(r"[ .-]", "", text[found.start() : end]).upper()):
            yield marked("a bank account (IBAN) is in it"), (found.start(), end)
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if _is_card(digits) and len(set(digits)) > 1 and _is_luhn(digits):
            yield marked("the number of a card is in it"), found.span()
    for found in _REGISTERED.finditer(text):
        number = "".join(found.groups()[:-1]).replace("2A", "19").replace("2B", "18")
        if 97 - int(number) % 97 == int(found[7]):
            yield marked("the social security number of a person is in it"), found.span()


def _end_of_iban(text: str, head: re.Match[str]) -> int:
    """Where as many letters and digits end as an account of that country has; where it begins if they do not."""
    left, at = _IBAN_LENGTHS.get(head[1].upper(), 0) - 4, head.end()
    while left > 0 and at < len(text):
        if text[at].isascii() and text[at].isalnum():
            left -= 1
        elif text[at] not in " .-" or not text[at - 1].isalnum():
            return head.start()
        at += 1
    return head.start() if left or text[at : at + 1].isalnum() else at


def _is_card(digits: str) -> bool:
    return _CARD_HEADS.fullmatch(digits) is not None and (digits[0] == "3" or len(digits) in _LONG_CARDS)


def _is_iban(text: str) -> bool:
    """ISO 13616: the first four characters moved to the end, letters as numbers, modulo 97 is 1."""
    if len(text) < 15:
        return False
    moved = text[4:] + text[:4]
    return int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _is_luhn(digits: str) -> bool:
    """ISO/IEC 7812: every second digit from the right doubled, its digits added, modulo 10 is 0."""
    doubled = [int(char) * (1 + index % 2) for index, char in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0
