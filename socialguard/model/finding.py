"""What a check says about a delivery."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from socialguard.model.text import visible


class Severity(StrEnum):
    """How much a finding weighs: `block` stops, `hold` needs an approval or an override, `warn` is shown."""

    NOTE = "note"
    WARN = "warn"
    HOLD = "hold"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: which check, how grave, on which account (`x:@acme`), and in words.

    `template` and `remedy` are entries of the message catalogue over `fields`; `span` is the offending part of
    the text (start, end in characters), of that `part` of a thread (from 1); `overridden` is the reason a person
    gave to pass it."""

    check: str
    severity: Severity
    account: str
    template: str
    fields: Mapping[str, object] = field(default_factory=dict)
    remedy: str = ""
    span: tuple[int, int] | None = None
    overridden: str | None = None
    part: int | None = None

    @property
    def stops(self) -> bool:
        """Whether the delivery may not go out as it is: a block, or a hold that nobody overrode."""
        return self.severity is Severity.BLOCK or (self.severity is Severity.HOLD and self.overridden is None)

    def message(self, template: str | None = None) -> str:
        """Return the sentence, in English or over a translated `template`, with every field escaped."""
        shown = {key: visible(value, 200) for key, value in self.fields.items()}
        return (template or self.template).format_map(shown)
