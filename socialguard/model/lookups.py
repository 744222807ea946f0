"""What a policy wants to be looked up elsewhere before a post is judged."""

from dataclasses import dataclass

from socialguard.model.account import Account


@dataclass(frozen=True, slots=True)
class Lookups:
    """What was not looked up yet: links, and handles (in small letters) with the account that asks its network."""

    links: tuple[str, ...] = ()
    handles: tuple[tuple[Account, tuple[str, ...]], ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is to be looked up."""
        return bool(self.links or self.handles)
