"""The networks: one protocol (`interface`), one adapter each, and how they talk HTTP (`http`)."""
