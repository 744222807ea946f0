"""Plain frozen values that every room shares: accounts, deliveries, findings, credentials, text from outside."""
