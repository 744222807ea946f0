"""What the tests of the backup stand on."""

from tests.office import office

__all__ = ["office"]
