"""What an act on a post costs at its network."""

from socialguard.model.delivery import Act, Content
from socialguard.networks.interface import Network


def price_of(network: Network, act: Act, content: Content) -> int:
    """Return what publishing or deleting costs, in millionths of a US dollar; 0 where it is free."""
    if act is Act.DELETE:
        return network.deletion_price
    return network.price(content.text, content.link)
