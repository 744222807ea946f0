"""What Graph answers, parsed: only fields that were asked for, and nothing of a reply in an exception.

Tokens in replies are `SecretStr`; a reply of another form is `None`, and the caller says what that means.
"""

from datetime import UTC, datetime
from typing import Annotated, TypeVar
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from socialguard.networks.plain import fitting, in_utc

Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], value: object) -> Model | None:
    """Return `value` as a `model`, or None where it is not one (pydantic's error would quote the reply)."""
    try:
        return model.model_validate(value)
    except ValidationError:
        return None


def _moment(value: object) -> object:
    """Graph writes `2026-11-23T12:00:00+0000`."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) and moment.tzinfo is None else moment


def _epoch(value: object) -> object:
    """Return the instant of epoch seconds; 0 means never."""
    if not isinstance(value, int):
        return value
    try:
        return datetime.fromtimestamp(value, UTC) if value else None
    except (OverflowError, OSError) as impossible:
        raise ValueError("not a time") from impossible


Moment = Annotated[datetime, BeforeValidator(_moment), AfterValidator(in_utc)]
Epoch = Annotated[datetime | None, BeforeValidator(_epoch)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9]+(_[A-Za-z0-9]+)?$", max_length=128)]
Text = Annotated[str, BeforeValidator(fitting)]


class Reply(BaseModel):
    """The base of all: unknown fields are left out, numbers may be ids."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)


class Trouble(Reply):
    """The inside of `{"error": …}`."""

    message: Text = ""
    error_user_msg: Text | None = None
    code: int | None = None
    error_subcode: int | None = None
    subcode: int | None = None
    is_transient: bool = False


class TroubleDocument(Reply):
    """`{"error": {"code", "error_subcode", "message", …}}`."""

    error: Trouble


class Created(Reply):
    """`{"id": …}` of a new post or photo."""

    id: Id


class Success(Reply):
    """`{"success": true}`."""

    success: bool


class PageReply(Reply):
    """A Page about itself, or as /me/accounts lists it."""

    id: Id
    name: Text = ""
    username: Text | None = None
    fan_count: int | None = None
    link: Text | None = None
    access_token: SecretStr | None = None


class Author(Reply):
    """Who wrote a post on the Page."""

    id: Text


class Attachment(Reply):
    """What hangs below a post."""

    type: Text = ""
    unshimmed_url: Text | None = None


class Attachments(Reply):
    """The attachments of a post."""

    data: list[Attachment] = []


class PostReply(Reply):
    """One post of a Page."""

    id: Id
    message: Text = ""
    created_time: Moment
    permalink_url: Text | None = None
    is_published: bool | None = None
    author: Author | None = Field(None, alias="from")
    attachments: Attachments = Attachments()

    @property
    def link(self) -> str | None:
        """The link that the post shares; photos have addresses too, but share none."""
        shared = (item.unshimmed_url for item in self.attachments.data if item.type in ("share", "link", ""))
        return next((url for url in shared if url), None)


class Cursors(Reply):
    """Where a page of a list ends."""

    after: Text | None = None


class Paging(Reply):
    """Whether and where a list goes on. `next` is a whole URL, with a host and a
    token of its own: it is never called."""

    cursors: Cursors = Cursors()
    next: SecretStr | None = None

    def following(self) -> dict[str, str] | None:
        """Return the parameters that lead to the next page, None at the end, and an empty dict where there is
        a next page that cannot be asked for."""
        if self.next is None:
            return None
        if self.cursors.after:
            return {"after": self.cursors.after}
        try:
            query = parse_qs(urlsplit(self.next.get_secret_value()).query)
        except ValueError:
            return {}
        return {"after": query["after"][0]} if "after" in query else {}


class PostList(Reply):
    """A page of /feed."""

    data: list[PostReply]
    paging: Paging = Paging()


class PageList(Reply):
    """A page of /me/accounts."""

    data: list[PageReply]
    paging: Paging = Paging()


class TokenFacts(Reply):
    """What debug_token says; a time that is 0 means never."""

    app_id: Text | None = None
    type: Text = ""
    is_valid: bool
    expires_at: Epoch = None
    data_access_expires_at: Epoch = None
    issued_at: Epoch = None
    scopes: list[Text] = []
    error: Trouble | None = None


class TokenFactsDocument(Reply):
    """`{"data": …}` of debug_token."""

    data: TokenFacts


class TokenReply(Reply):
    """What oauth/access_token grants; `expires_in` is in seconds."""

    access_token: SecretStr
    expires_in: int | None = None


class Usage(Reply):
    """One entry of X-Business-Use-Case-Usage; the time is in minutes."""

    estimated_time_to_regain_access: int = 0
