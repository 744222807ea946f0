"""What the detector learns from and judges: the text of one post and its circumstances."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `link` is what it links to besides the links in its text (an address or a bare domain); `media`
    is whether it carries a picture or a film, None where that is not known; `at` is when it is public, in the
    zone of its account (its hour counts), None where that is not known."""

    text: str
    link: str | None = None
    media: bool | None = None
    at: datetime | None = None
