"""The manifest, accounts, names and policy."""
