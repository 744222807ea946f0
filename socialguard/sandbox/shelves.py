"""Posts in order, by what lists ask for: an author's, those that mention somebody, comments, a Page's visitors.

A list of 100,000 posts must answer a page of 100 without looking at the others, so each list is kept sorted."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socialguard.sandbox.state import Post

Key = tuple[float, int]


def order(post: Post) -> Key:
    """Return what lists are sorted by: X's ids hold the time, a Page's posts may move when they are published."""
    number = int_id(post.post_id)
    return (0.0, number) if post.network == "x" else (post.created_at, number)


def int_id(post_id: str) -> int:
    """Return a number that orders ids of either network (`page_post` counts its second part)."""
    return int(post_id.rpartition("_")[2])


class Shelf:
    """Posts, oldest first."""

    def __init__(self) -> None:
        self._keys: list[Key] = []
        self._posts: list[Post] = []

    def add(self, post: Post) -> None:
        """Put a post into its place; one that is there already stays once."""
        key = order(post)
        if not self._keys or key > self._keys[-1]:
            self._keys.append(key)
            self._posts.append(post)
            return
        place = bisect_left(self._keys, key)
        if self._keys[place] == key:
            self._posts[place] = post
            return
        self._keys.insert(place, key)
        self._posts.insert(place, post)

    def remove(self, post: Post) -> None:
        """Take a post out, before its time changes."""
        place = bisect_left(self._keys, order(post))
        if place < len(self._keys) and self._posts[place].post_id == post.post_id:
            del self._keys[place], self._posts[place]

    def oldest_first(self) -> Iterator[Post]:
        """Yield the posts from the oldest on."""
        return iter(self._posts)

    def newest_first(self) -> Iterator[Post]:
        """Yield the posts from the newest on."""
        return reversed(self._posts)


class Shelves:
    """All posts, each on the shelves of the lists that show it. A shelf's name says which list it is."""

    def __init__(self) -> None:
        self._shelves: dict[tuple[str, str], Shelf] = {}
        self.scheduled: dict[str, Post] = {}

    def add(self, post: Post) -> None:
        """Put a post where it belongs."""
        for name in self._names(post):
            shelf = self._shelves.get(name)
            if shelf is None:
                shelf = self._shelves[name] = Shelf()
            shelf.add(post)
        if post.scheduled_at is not None:
            self.scheduled[post.post_id] = post

    def remove(self, post: Post) -> None:
        """Take a post from where it is."""
        for name in self._names(post):
            if shelf := self._shelves.get(name):
                shelf.remove(post)
        self.scheduled.pop(post.post_id, None)

    def of(self, kind: str, name: str) -> Shelf:
        """Return a list: (`x` or `facebook`, user id), (`mentions`, user id), (`comments`, post id) or
        (`visitors`, Page id); an empty one where nothing is on it."""
        return self._shelves.get((kind, name)) or Shelf()

    @staticmethod
    def _names(post: Post) -> Iterator[tuple[str, str]]:
        if post.comment_on:
            yield "comments", post.comment_on
        elif post.on_page:
            yield "visitors", post.on_page
        else:
            yield post.network, post.user_id
        if post.network == "x":
            for user_id in post.mentioned_ids:
                yield "mentions", user_id
