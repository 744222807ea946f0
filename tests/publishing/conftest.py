"""The office in which the way of a post is tested."""

from tests.office import office

__all__ = ["office"]
