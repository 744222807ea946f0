"""The codes of countries, languages and time zones: one that nobody has, or that means another thing than people
take it for, is a slip, and a rule that names it would protect nothing."""

from typing import Final

# ISO 3166-1, and Kosovo's as it is used.
_COUNTRIES: Final = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES
    ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU
    NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE
    VG VI VN VU WF WS XK YE YT ZA ZM ZW
    """
# ISO 639-1.
_LANGUAGES: Final = """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv
    dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig
    ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh
    mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru
    rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug
    uk ur uz ve vi vo wa wo xh yi yo za zh zu
    """
# What is written in one way under several codes, or was once called otherwise.
_SAME: Final = {"nb": "no", "nn": "no", "iw": "he", "jw": "jv", "in": "id", "ji": "yi", "mo": "ro"}


WINTERS: Final = frozenset({"EST", "MST"})
"""What people call a time zone of North America all year, and the database takes for its winter's."""


def is_country(code: str) -> bool:
    """Return whether a country, or the one of a part (`CA-QC`), has this code."""
    return code.partition("-")[0] in _COUNTRIES.split()


def is_language(code: str) -> bool:
    """Return whether a language has this code of two letters."""
    return code in _LANGUAGES.split()


def language(code: str) -> str:
    """Return the code by which a language is compared: `no` for `nb`, `he` for the old `iw`."""
    return _SAME.get(code, code)
