"""The operator's daemon: a face without a person. It wakes up, looks in our tables what is due, and does it."""
