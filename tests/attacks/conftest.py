"""What the attacks stand on."""

from tests.attacks.world import firm

__all__ = ["firm"]
