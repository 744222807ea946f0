"""The office in which a daemon works."""

from tests.office import office

__all__ = ["office"]
