"""The wrong-account detector."""
