"""The sandbox, driven by clients that know nothing of it."""
