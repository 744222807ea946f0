"""SocialGuard: many social media accounts from one place, guarded against the ways that goes wrong."""

__version__ = "0.1.0"
