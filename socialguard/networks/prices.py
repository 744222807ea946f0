"""What an act on a post costs at its network."""

from socialguard.model.delivery import Act, Content
from socialguard.networks.interface import Network
from socialguard.networks.x_urls import urls


def price_of(network: Network, act: Act, content: Content) -> int:
    """Return what publishing or deleting costs, in millionths of a US dollar; 0 where it is free."""
    if act is Act.DELETE:
        return network.deletion_price
    return network.price(content.text, content.link)


def price_of_links(network: Network, content: Content) -> int:
    """Return what the links of a post add to its price, in millionths of a US dollar; 0 where they are free."""
    text = content.text
    for link in reversed(urls(text)):
        text = text[: link.start] + text[link.end :]
    return network.price(content.text, content.link) - network.price(text, None)
