"""The credential document of a Facebook Page, checked: strings that can stand in a header, and nothing else."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from socialguard.model.credential import Credential, redact
from socialguard.model.text import visible

NETWORK: Final = "facebook"
PAGE: Final = "page"

# Printable ASCII without blanks: a token stands in a header and, like ids and secrets, in forms.
Word = Annotated[str, Field(pattern=r"^[!-~]+$", max_length=4096)]
_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this document",
    "string_type": "must be text",
    "literal_error": 'must be "page"',
    "string_too_long": "is too long",
    "string_pattern_mismatch": "holds characters that it cannot have",
}


class PageDocument(BaseModel):
    """`{"kind": "page", "page_token", "app_id"?, "app_secret"?}`. With the app's secret every call carries its
    proof; with its id too, the token can be inspected."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)

    kind: Literal["page"]
    page_token: Word
    app_id: Annotated[str, Field(pattern=r"^[0-9]+$", max_length=32)] | None = None
    app_secret: Word | None = None


def parse_document(document: Mapping[str, object]) -> Credential:
    """Return the credential that the document holds; ValueError, naming fields but no values, if it is not one."""
    wrong: list[str] = []
    try:
        parsed = PageDocument.model_validate(dict(document))
    except ValidationError as invalid:
        wrong = [
            f"{_name(error['loc'])} {_WORDS.get(error['type'], 'is not usable')}"
            for error in invalid.errors(include_input=False, include_url=False, include_context=False)
        ]
    if wrong:
        raise ValueError("; ".join(sorted(wrong)) + ".")  # outside the except block: pydantic's error holds values
    fields = parsed.model_dump(exclude={"kind"}, exclude_none=True)
    return Credential(NETWORK, PAGE, fields)


def _name(place: tuple[int | str, ...]) -> str:
    return redact(visible(place[0] if place else "the document", 40))
