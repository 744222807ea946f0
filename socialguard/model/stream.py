"""The lists that networks page through, apart from what is read from them: prices and limits are per list."""

from enum import StrEnum


class Stream(StrEnum):
    """A list that a network pages through, newest first."""

    POSTS = "posts"
    """The account's own posts and replies."""
    MENTIONS = "mentions"
    """What others wrote to or about it: mentions, comments, posts of visitors."""
