"""Public accidents of brands, replayed."""
