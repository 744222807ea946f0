"""Hundreds of posts, killed at random instants under random faults: none may be public twice, none may be lost."""
