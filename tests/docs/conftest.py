"""An office for the procedures of the documents."""

from tests.office import office  # noqa: F401
