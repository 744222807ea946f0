"""The calls on one Facebook Page.

Publishing takes two steps, since Graph has no idempotency key: the post is made with `published=false` and its
id handed to `on_step`; then `is_published=true` is set on that id, which can be repeated without a second post.
Whatever fails before that last step left nothing that anybody can see, and says so: `OutcomeUnknown` carries
`fields["public_possible"] = False`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from socialguard import clock, errors
from socialguard.model.activity import ActivityPage, Charge, Mark, Profile, Stream
from socialguard.model.credential import Credential
from socialguard.model.delivery import Receipt
from socialguard.networks import facebook_activity, facebook_metrics
from socialguard.networks.facebook_calls import Calls
from socialguard.networks.facebook_errors import TITLE
from socialguard.networks.facebook_graph import HOST, Graph, GraphTransport
from socialguard.networks.facebook_replies import (
    Created,
    PageReply,
    Paging,
    PostList,
    PostReply,
    parse,
)
from socialguard.networks.facebook_text import SITE, identity_of, normal, post_url, remote_post, url_of
from socialguard.networks.http import PUBLISH_SECONDS, origin_session
from socialguard.networks.interface import Identity, Inspection, Outgoing, RemotePost, Revocation, Upload

PAGE_FIELDS: Final = "id,name,username,fan_count,link"
POST_FIELDS: Final = "id,message,created_time,permalink_url,is_published,from,attachments{type,unshimmed_url}"
INTEGRATIONS: Final = f"{SITE}/settings?tab=business_tools"
_PAGE_SIZE: Final = 100  # Graph's maximum for /feed
_MAX_PAGES: Final = 100
# Errors 459 and 464 lock a token only until the person has logged in: it is not dead.
_SLEEPING_SUBCODES: Final = frozenset({459, 464})


class FacebookSession:
    """One Page's token at one origin (`networks.interface.Session`)."""

    def __init__(self, credential: Credential, origin: str, account: str) -> None:
        self._credential = credential
        self._account = account
        token = credential.reveal("page_token")
        self._http = origin_session(origin, account, TITLE, (HOST,))
        self._transport = GraphTransport(self._http, token, credential.get("app_secret"))
        self._graph = Graph(self._transport, token)
        self._calls = Calls(account)
        self._page_id: str | None = None
        self._dead: set[str] = set()

    def __repr__(self) -> str:
        return f"FacebookSession({self._account})"

    @property
    def calls(self) -> int:
        """How many HTTP requests were made so far."""
        return self._http.calls

    @property
    def server_time(self) -> datetime | None:
        """The `Date` of the newest answer."""
        return self._http.server_time

    def identity(self) -> Identity:
        """Return which Page the token belongs to; a Page without a user name has its id as handle."""
        page = self._calls.get(PageReply, "page.read", lambda: self._graph.get_object("me", fields=PAGE_FIELDS))
        self._page_id = page.id
        return identity_of(page)

    def publish(self, post: Outgoing, on_step: Callable[[str], None]) -> Receipt:
        """Publish, or finish what `post.resume` names. Raises NetworkRefused, before any call, for a reply,
        for nothing to post, and for images with a link, of which Graph shows only one. After `PUBLISH_SECONDS`
        nothing more is sent."""
        with self._http.within(PUBLISH_SECONDS):
            return self._publish(post, on_step)

    def _publish(self, post: Outgoing, on_step: Callable[[str], None]) -> Receipt:
        if post.resume is not None:
            return self._finish(post, post.resume)
        self._refuse_impossible(post)
        try:
            photos = [self._photo(upload) for upload in post.uploads]
            post_id = self._create(post, photos)
        except errors.OutcomeUnknown as unknown:
            unknown.fields["public_possible"] = False
            raise
        on_step(post_id)
        return self._release(post_id)

    def delete(self, network_id: str) -> None:
        """Delete a post; one that Graph no longer knows counts as deleted."""
        post_id = self._checked_id(network_id)
        try:
            self._calls.confirmed(lambda: self._graph.delete_object(post_id))
        except errors.NetworkRefused as refused:
            if not refused.fields.get("gone"):
                raise

    def timeline(self, since: datetime) -> Iterator[RemotePost]:
        """Yield the Page's own posts made at `since` or later, unpublished ones too; posts that visitors left
        on the Page are not among them."""
        page_id = self._page_id or self.identity().user_id
        if self.server_time is not None and clock.now() > self.server_time:
            since -= clock.now() - self.server_time  # `since` is by our clock, a post's time by theirs
        after: dict[str, str] = {}
        for _ in range(_MAX_PAGES):
            page = self._feed(after)
            for post in page.data:
                if post.created_time >= since and (post.author is None or post.author.id == page_id):
                    yield remote_post(post)
            # /feed is newest first, but a pinned or backdated post may stand elsewhere: a page must be old whole
            if not page.data or all(post.created_time < since for post in page.data):
                return
            following = self._next(page.paging, after)
            if following is None:
                return
            after = following
        raise errors.NetworkRefused(network=TITLE, account=self._account, detail="its list of posts has no end.")

    def find(self, network_id: str) -> RemotePost | None:
        """Return one post, or None where Graph says that there is none (that the Page could see)."""
        found = self._look(network_id)
        return None if found is None else remote_post(found)

    def assume(self, user_id: str, handle: str) -> None:
        """Do nothing: Graph charges nothing for telling whose a token is."""

    def activity(self, stream: Stream, *, since: Mark | None, at: str | None) -> ActivityPage:
        """Return one page of own posts, or of what others wrote; see `facebook_activity`."""
        if self._page_id is None or self.server_time is None:
            self.identity()
        whose = facebook_activity.Whose(str(self._page_id), clock.now() - self._http.ahead)
        read = facebook_activity.posts if stream is Stream.POSTS else facebook_activity.mentions
        return read(self._calls, self._graph, whose, since, at)

    def metrics(self, network_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Return the metrics of own posts: counts that every post shows, and insights where the token may read
        them. It takes one call for the counts and one for each insight."""
        ids = [self._checked_id(network_id) for network_id in network_ids]
        return facebook_metrics.of_posts(self._calls, self._graph, ids, self._dead)

    def profile(self) -> Profile:
        """Return the Page as it is now, with its insights of the last whole day where the token may read them."""
        found = facebook_metrics.profile(self._calls, self._graph, self._dead)
        self._page_id = found.user_id
        return found

    def which_exist(self, handles: Sequence[str]) -> Mapping[str, bool]:
        """Return nothing: Graph does not tell an app which Pages there are."""
        return {}

    def take_charges(self) -> tuple[Charge, ...]:
        """Return how many calls were made since the last time; Graph charges nothing for them."""
        return self._calls.meter.take()

    def inspect(self) -> Inspection:
        """Return what debug_token says; raises AuthenticationNeeded where the token is not valid."""
        from socialguard.networks.facebook_inspect import inspection

        app_id, secret = self._credential.get("app_id"), self._credential.get("app_secret")
        facts = None
        if app_id and secret:
            token = self._credential.reveal("page_token")
            facts = self._calls.read("token.read", lambda: self._graph.debug_access_token(token, app_id, secret))
        else:
            self.identity()
        return inspection(facts, app_id, self._transport.answered_version, self._account)

    def refresh(self) -> Credential | None:
        """Return None: a Page's token has no end of its own, and none can be had without the person."""
        return None

    def revoke(self) -> Revocation:
        """Ask Graph to take the app's permissions back. Few Page tokens may: then a person must, on the page
        that is returned. A token that is already rejected counts as revoked."""
        try:
            self._calls.confirmed(lambda: self._graph.delete_object("me/permissions"))
        except errors.AuthenticationNeeded as rejected:
            if rejected.fields.get("subcode") not in _SLEEPING_SUBCODES:
                return Revocation(True)
        except errors.OutcomeUnknown:
            pass  # asked again until the token is rejected
        except errors.NotReached:
            raise
        except errors.NetworkRefused:
            pass
        else:
            return Revocation(True)
        return Revocation(False, INTEGRATIONS)

    # publishing

    def _refuse_impossible(self, post: Outgoing) -> None:
        problem = ""
        if post.reply_to is not None:
            problem = "a post of a Page cannot be a reply."
        elif post.uploads and post.link:
            problem = "it shows either images or the preview of a link; put the link into the text."
        elif not (post.text.strip() or post.link or post.uploads):
            problem = "there is nothing to post."
        if problem:
            raise errors.NetworkRefused(
                network=TITLE, account=self._account, detail=problem + " Nothing was sent."
            )

    def _photo(self, upload: Upload) -> str:
        """Upload one image that nobody sees yet and return its id; Graph forgets an unused one after a day."""
        name = "image." + upload.content_type.rpartition("/")[2]
        image = (name, upload.data, upload.content_type)
        extra = {"alt_text_custom": upload.alt} if upload.alt else {}
        return self._calls.made(
            lambda: self._graph.put_photo(image, album_path="me/photos", published="false", **extra)
        )

    def _create(self, post: Outgoing, photos: list[str]) -> str:
        """Make the post, unpublished, and return its id."""
        data = {"published": "false"}  # the SDK would send Python's False as `False`
        if post.text:
            data["message"] = post.text
        if post.link:
            data["link"] = post.link
        if photos:
            data["attached_media"] = json.dumps([{"media_fbid": photo} for photo in photos])
        return self._calls.made(lambda: self._graph.put_object("me", "feed", **data))

    def _finish(self, post: Outgoing, resume: str) -> Receipt:
        """Take the last step of an earlier attempt, which may have been taken already. A refusal counts as
        proof only after Graph has shown that the post is still unpublished, and that it is this one."""
        try:
            found = self._look(resume)
        except errors.RateLimited:
            raise
        except (errors.NetworkRefused, errors.AuthenticationNeeded) as failed:
            reason = str(failed.fields.get("detail", "")).rstrip(".")
        else:
            if found is None:
                detail = "the unpublished post of the earlier attempt no longer exists."
                raise errors.NetworkRefused(network=TITLE, account=self._account, detail=detail, gone=True)
            if normal(post.text) != normal(remote_post(found).text):
                detail = "the unpublished post of the earlier attempt is not what was confirmed."
                raise errors.NetworkRefused(network=TITLE, account=self._account, detail=detail)
            if found.is_published:
                return Receipt(found.id, post_url(found), found.created_time)
            if found.is_published is False:
                return self._release(found.id)
            reason = "it does not tell whether the post is published"
        raise errors.OutcomeUnknown(network=TITLE, account=self._account, detail=reason)

    def _release(self, post_id: str) -> Receipt:
        """Make a post public. Graph's `success` is the proof; what is read after it only adds the address."""
        self._calls.confirmed(lambda: self._graph.update_object(post_id, is_published="true"))
        published_at = self.server_time or clock.now()
        try:
            found = self._look(post_id)
        except (errors.NetworkRefused, errors.AuthenticationNeeded, errors.RateLimited):
            found = None
        if found is None:
            return Receipt(post_id, url_of(post_id), published_at)
        return Receipt(post_id, post_url(found), found.created_time)

    # reading

    def _look(self, network_id: str) -> PostReply | None:
        post_id = self._checked_id(network_id)
        try:
            return self._calls.get(
                PostReply, "posts.read", lambda: self._graph.get_object(post_id, fields=POST_FIELDS)
            )
        except errors.NetworkRefused as refused:
            if not refused.fields.get("gone"):
                raise
        return None

    def _feed(self, after: dict[str, str]) -> PostList:
        return self._calls.get(
            PostList,
            "posts.read",
            lambda: self._graph.get_connections("me", "feed", fields=POST_FIELDS, limit=_PAGE_SIZE, **after),
        )

    def _next(self, paging: Paging, now: dict[str, str]) -> dict[str, str] | None:
        following = paging.following()
        if following is not None and (not following or following == now):
            detail = "its list of posts cannot be followed to its end."
            raise errors.NetworkRefused(network=TITLE, account=self._account, detail=detail)
        return following

    def _checked_id(self, network_id: str) -> str:
        """Return an id that is safe in a path."""
        if parse(Created, {"id": network_id}) is None:
            detail = f"{network_id} is not the id of a post."
            raise errors.NetworkRefused(network=TITLE, account=self._account, detail=detail)
        return network_id
