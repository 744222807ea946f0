"""What the detector learns from and judges: the text of one post and its circumstances."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Post:
    """One post. `link` is what it links to besides the links in its text (an address or a bare domain); `media`
    is whether it carries a picture or a film, None where that is not known; `at` is when it is public, in the
    zone of its account (its hour counts), None where that is not known. Raises TypeError where one is none."""

    text: str
    link: str | None = None
    media: bool | None = None
    at: datetime | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or not isinstance(self.link, str | None):
            raise TypeError("the text of a post, and what it links to, is a str")
        if not isinstance(self.at, datetime | None):
            raise TypeError("the time of a post is a datetime")
