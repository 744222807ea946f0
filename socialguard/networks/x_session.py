"""The session of one X account. Import it inside functions only (pydantic, tweepy, requests)."""

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from socialguard import clock, errors
from socialguard.model.activity import ActivityPage, Charge, Mark, Profile, Stream
from socialguard.model.credential import Credential
from socialguard.model.delivery import Receipt
from socialguard.model.text import marked
from socialguard.networks import x_activity, x_credential, x_handles, x_text, x_tokens
from socialguard.networks.charges import Meter
from socialguard.networks.http import PUBLISH_SECONDS
from socialguard.networks.interface import (
    Identity,
    Inspection,
    Outgoing,
    Reading,
    RemotePost,
    Revocation,
    Upload,
)
from socialguard.networks.plain import plain_text
from socialguard.networks.x_calls import Answer, Calls
from socialguard.networks.x_items import SITE, content_of, flat
from socialguard.networks.x_refusals import TITLE
from socialguard.networks.x_replies import Created, Deleted, Post, Timeline, User

API_VERSION: Final = "2"
PAGE_SIZE: Final = 100

# What calls are booked as: the names under which X charges for them.
POSTS_READ: Final = "posts.read"
OWN_POSTS_READ: Final = "own_posts.read"
USER_READ: Final = "user.read"
MEDIA_UPLOAD: Final = "media.upload"
MEDIA_DESCRIBE: Final = "media.describe"

# The names of API 2.166, which tweepy sends; answers are read under both names.
_POST_FIELDS: Final = "created_at,entities,note_tweet,referenced_tweets"
_PROFILE_FIELDS: Final = (
    "created_at,description,entities,location,name,pinned_tweet_id,profile_banner_url,profile_image_url,protected,"
    "public_metrics,url,username,verified,verified_type"
)
_PROFILE_ELSEWHERE: Final = frozenset({"id", "name", "username"})
# A Date has whole seconds and takes time to arrive.
_CLOCKS_AGREE: Final = timedelta(seconds=3)
_POST_ID: Final = re.compile(r"[0-9]{1,19}")
_NEEDED_SCOPES: Final = ("tweet.read", "tweet.write", "users.read", "media.write")

SCOPES_UNKNOWN: Final = marked("X does not tell what this credential may do.")
READ_ONLY: Final = marked("The app may only read: allow it to write, then make new access tokens.")
SCOPES_MISSING: Final = marked(
    "The token lacks a scope that posting needs: tweet.read, tweet.write, users.read or media.write."
)
NO_REFRESH: Final = marked("Without a refresh token this credential ends when its access token expires.")


class XSession:
    """The calls on one account (`interface.Session`). X is resolved by reading its timeline: a post call that
    broke is `OutcomeUnknown` and never repeated here."""

    def __init__(
        self, credential: Credential, origin: str, account: str, meter: Meter, reading: Reading, own_posts: str
    ) -> None:
        """`own_posts` is what reading the account's own posts is booked as."""
        self._credential = credential
        self._account = account
        self._calls = Calls(credential, origin, account, meter)
        self._reading = reading
        self._own_posts = own_posts
        self._identity: Identity | None = None
        self._posts: int | None = None

    @property
    def calls(self) -> int:
        """How many HTTP requests were made so far."""
        return self._calls.session.calls

    @property
    def server_time(self) -> datetime | None:
        """The `Date` of X's newest answer."""
        return self._calls.session.server_time

    def identity(self) -> Identity:
        """Return who the credential belongs to."""
        return self._known(self._calls.parsed(User, self._me().body.get("data")))

    def publish(self, post: Outgoing, on_step: Callable[[str], None]) -> Receipt:
        """Upload the images, then post; only the post itself can leave an unknown outcome. `on_step` is never
        called: X gives no id before the post is public. After `PUBLISH_SECONDS` nothing more is sent."""
        with self._calls.session.within(PUBLISH_SECONDS):
            return self._publish(post)

    def _publish(self, post: Outgoing) -> Receipt:
        body: dict[str, Any] = {}
        if text := x_text.compose(post.text, post.link):
            body["text"] = text
        if post.reply_to is not None:
            body["reply"] = {"in_reply_to_tweet_id": self._checked_id(post.reply_to)}
        if post.uploads:
            body["media"] = {"media_ids": [self._upload(upload) for upload in post.uploads]}
        signs = self._calls.signs
        answer = self._calls.write(lambda c: c.request("POST", "/2/tweets", json=body, user_auth=signs))
        created = self._calls.parsed(Created, answer.body.get("data"), write=True)
        made_at = self.server_time or clock.now()
        return Receipt(created.id, self._url(created.id), made_at.astimezone(UTC))

    def delete(self, network_id: str) -> None:
        """Delete a post; one that is already gone counts as deleted."""
        post_id, signs = self._checked_id(network_id), self._calls.signs
        answer = self._calls.write(lambda c: c.delete_tweet(post_id, user_auth=signs), may_miss=True)
        if answer.is_missing:
            return
        if not self._calls.parsed(Deleted, answer.body.get("data"), write=True).deleted and self.find(post_id):
            raise self._calls.unusable("it did not delete the post", write=False)

    def timeline(self, since: datetime) -> Iterator[RemotePost]:
        """Yield the account's own posts (no reposts) made at `since` or later, newest first.

        X keeps whole seconds, so the second in which `since` lies belongs to it. `since` is of our clock: where
        that is ahead of X's, as much earlier is read."""
        user_id, signs = (self._identity or self.identity()).user_id, self._calls.signs
        ahead = self._calls.session.ahead
        start = (since - (ahead if ahead > _CLOCKS_AGREE else timedelta(0))).astimezone(UTC).replace(microsecond=0)
        token: str | None = None
        seen: set[str] = set()
        while True:
            answer = self._calls.read(
                lambda c, at=token: c.get_users_tweets(  # type: ignore[misc] # mypy: lambda default
                    user_id,
                    user_auth=signs,
                    start_time=start,
                    max_results=PAGE_SIZE,
                    exclude="retweets",
                    tweet_fields=_POST_FIELDS,
                    pagination_token=at,
                ),
                self._own_posts,
            )
            page = self._calls.parsed(Timeline, answer.body, write=False)
            if page.meta is None and not page.data:
                raise self._calls.without(answer, "its answer holds no posts and does not say that there are none")
            for post in page.data:
                if post.created_at >= start and not post.refers("retweeted"):
                    yield self._remote(post)
            token = page.meta.next_token if page.meta else None
            if token is None:
                return
            if token in seen:
                raise self._calls.unusable("its pages of posts go round in a circle", write=False)
            seen.add(token)

    def find(self, network_id: str) -> RemotePost | None:
        """Return one post, or None where X says that there is none."""
        post_id, signs = self._checked_id(network_id), self._calls.signs
        answer = self._calls.read(
            lambda c: c.get_tweet(post_id, user_auth=signs, tweet_fields=_POST_FIELDS), POSTS_READ, may_miss=True
        )
        if answer.is_missing:
            return None
        if "data" not in answer.body:
            raise self._calls.without(answer, "its answer holds no post")
        return self._remote(self._calls.parsed(Post, answer.body["data"], write=False))

    def assume(self, user_id: str, handle: str) -> None:
        """Take it as known whose credential this is. How many posts the account has is not known then: whether X
        shows no more of them is guessed from how many came."""
        self._identity = Identity(user_id, handle, "", None, f"{SITE}/{handle}")

    def activity(self, stream: Stream, *, since: Mark | None, at: str | None) -> ActivityPage:
        """Return one page of posts or mentions; see `x_activity`. The first one also asks whose token it is."""
        who = self._identity or self.identity()
        whose = x_activity.Whose(who.user_id, who.handle, self._posts)
        operation = self._own_posts if stream is Stream.POSTS else POSTS_READ
        return x_activity.activity(self._calls, operation, stream, whose, self._reading, since, at)

    def metrics(self, network_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Return the metrics of own posts, those of the last 30 days with what only their author sees. It takes a
        second call where both younger and older posts are asked for."""
        if len(network_ids) > self._reading.metrics_batch:
            raise ValueError(f"more than {self._reading.metrics_batch} ids")
        ids = [self._checked_id(network_id) for network_id in network_ids]
        return x_activity.metrics(self._calls, POSTS_READ, ids)

    def profile(self) -> Profile:
        """Return the account as X shows it now."""
        row: Any = self._me(_PROFILE_FIELDS).body.get("data")
        user = self._calls.parsed(User, row)
        who = self._known(user)
        return Profile(
            user_id=who.user_id,
            handle=who.handle,
            display_name=plain_text(who.display_name),
            followers=who.followers,
            posts=user.posts,
            content=self._calls.understood(lambda: content_of(row, without=_PROFILE_ELSEWHERE)),
            metrics=flat(user.public_metrics),
        )

    def which_exist(self, handles: Sequence[str]) -> Mapping[str, bool]:
        """Return which handles somebody has; see `x_handles`."""
        return x_handles.which_exist(self._calls, USER_READ, handles)

    def take_charges(self) -> tuple[Charge, ...]:
        """Return what the calls since the last time cost; X's own count of a day may be lower, since it charges
        the same post or user once a day."""
        return self._calls.meter.take()

    def inspect(self) -> Inspection:
        """Return scopes and expiry. X tells the access level of OAuth 1.0a keys in a header, and nothing about
        an OAuth 2 token: there it is what the document says. X has no apps in development whose posts others
        cannot see, so `app_live` is True."""
        answer = self._me()
        if self._calls.signs:
            scopes = tuple(part for part in answer.headers.get("x-access-level", "").split("-") if part)
            lacking = READ_ONLY if "write" not in scopes else ""
        else:
            scopes = x_credential.scopes(self._credential)
            lacking = SCOPES_MISSING if not set(scopes).issuperset(_NEEDED_SCOPES) else ""
        ends = not self._calls.signs and self._credential.get("refresh_token") is None
        warnings = [lacking if scopes else SCOPES_UNKNOWN, NO_REFRESH if ends else ""]
        return Inspection(
            scopes=scopes,
            expires_at=x_credential.expires_at(self._credential),
            issued_at=None,
            api_version=API_VERSION,
            app_live=True,
            warnings=tuple(filter(None, warnings)),
        )

    def refresh(self) -> Credential | None:
        """Return a refreshed credential; None for OAuth 1.0a keys, or without a refresh token.

        Raises AuthenticationNeeded where X no longer takes the refresh token, and OutcomeUnknown where it may
        have been used up by a call whose answer never came."""
        return x_tokens.refresh(self._calls, self._credential)

    def revoke(self) -> Revocation:
        """Ask X to forget the credential; a token that X rejects as invalid counts as forgotten."""
        return x_tokens.revoke(self._calls, self._credential)

    def _me(self, fields: str = "public_metrics") -> Answer:
        signs = self._calls.signs
        answer = self._calls.read(lambda c: c.get_me(user_auth=signs, user_fields=fields), USER_READ)
        if "data" not in answer.body:
            raise self._calls.without(answer, "its answer holds no user")
        return answer

    def _known(self, user: User) -> Identity:
        """Remember whom the credential belongs to."""
        self._posts = user.posts
        self._identity = Identity(
            user_id=user.id,
            handle=user.username,
            display_name=user.name,
            followers=user.public_metrics.get("followers_count"),
            url=f"{SITE}/{user.username}",
        )
        return self._identity

    def _upload(self, upload: Upload) -> str:
        """Upload one image and its alt text; return its id. Nothing is public yet, whatever goes wrong."""
        signs = self._calls.signs
        body = {
            "media": base64.b64encode(upload.data).decode("ascii"),
            "media_category": "tweet_image",
            "media_type": upload.content_type,
        }
        answer = self._calls.read(
            lambda c: c.request("POST", "/2/media/upload", json=body, user_auth=signs), MEDIA_UPLOAD
        )
        if "data" not in answer.body:
            raise self._calls.without(answer, "its answer holds no image")
        media_id = self._calls.parsed(Created, answer.body["data"], write=False).id
        if upload.alt:
            described = {"id": media_id, "metadata": {"alt_text": {"text": upload.alt}}}
            answer = self._calls.read(
                lambda c: c.request("POST", "/2/media/metadata", json=described, user_auth=signs), MEDIA_DESCRIBE
            )
            if answer.body.get("errors") and not answer.body.get("data"):
                raise self._calls.unusable("it did not take the alt text", write=False)
        return media_id

    def _remote(self, post: Post) -> RemotePost:
        return RemotePost(
            network_id=post.id,
            text=x_text.restored(post.whole_text, post.links),
            created_at=post.created_at.astimezone(UTC),
            url=self._url(post.id),
            reply_to=post.refers("replied_to"),
        )

    def _checked_id(self, network_id: str) -> str:
        if _POST_ID.fullmatch(network_id):
            return network_id
        raise errors.NetworkRefused(
            network=TITLE, account=self._account, detail=f"{network_id} is not the id of a post on X."
        )

    def _url(self, post_id: str) -> str:
        handle = self._identity.handle if self._identity else self._account.rpartition("@")[2]
        return f"{SITE}/{handle or 'i'}/status/{post_id}"
