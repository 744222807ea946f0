"""The schema that this program knows; read without importing the migration tool."""

from typing import Final

HEAD: Final = "0006"
KNOWN: Final = ("0001", "0002", "0003", "0004", "0005", "0006")
