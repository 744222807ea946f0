"""Keys, pins and credentials."""
