"""The guard: content checks before a post, and the confirmation of a switch of account by name."""
