"""What a check says about a delivery."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding weighs: `block` stops, `hold` needs an approval or an override, `warn` is shown."""

    NOTE = "note"
    WARN = "warn"
    HOLD = "hold"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: which check, how grave, in words, where in the text (start, end in characters), and the
    remedy. `account` is the account that it concerns, as `x:@acme`."""

    check: str
    severity: Severity
    message: str
    account: str
    span: tuple[int, int] | None = None
    remedy: str = ""

    @property
    def stops(self) -> bool:
        """Whether the delivery may not go out as it is."""
        return self.severity in (Severity.HOLD, Severity.BLOCK)
