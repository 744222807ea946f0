"""What the tests of the watch stand on."""

from tests.office import office

__all__ = ["office"]
