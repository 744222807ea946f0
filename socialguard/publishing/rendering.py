"""What each account gets of one request: its variant of the text, as one post or as the parts of a thread.

Nothing is cut. What is too long for its network stays whole, and the check of the length stops it."""

from collections.abc import Sequence
from dataclasses import replace

from socialguard import errors
from socialguard.model.account import Account
from socialguard.model.delivery import Content, Media
from socialguard.model.finding import Finding, Severity
from socialguard.model.text import marked
from socialguard.networks.interface import Network
from socialguard.publishing.addresses import post_id, require_site
from socialguard.publishing.interface import MOST_PARTS, Divide, Request


class NoThreads(errors.UsageError):
    """{network} has no threads: {account} would get {count} posts."""

    remedy = "Give it a text of its own in the draft's file (docs/drafts.md), or post to it apart."


class SameParts(errors.UsageError):
    """Parts {one} and {other} of the thread for {account} are the same text."""

    remedy = "Change one, or number them: --numbered."


class NoSuchPart(errors.UsageError):
    """{file} belongs to part {part} of the thread, and {account} gets {count} parts."""

    remedy = "Correct its part in the draft's file."


def contents_for(
    network: Network, account: Account, request: Request, media: Sequence[tuple[int, Media]]
) -> tuple[Content, ...]:
    """Return what goes to an account: one content, or the parts of a thread in order. Link and the post that is
    answered belong to the first, each of `media` to the part that stands with it; one post alone gets all of them.

    Raises NoThreads, SameParts, TooManyParts, NoSuchPart, UsageError where another network's post is answered."""
    reply_to = request.reply_to
    if reply_to is not None:
        require_site(reply_to, network.profile_url(account.handle, account.user_id))
        reply_to = post_id(reply_to)
    texts = _parts(network, text_for(account, request), request)
    if len(texts) > 1 and not network.threads:
        raise NoThreads(network=network.title, account=account, count=len(texts))
    _require_different(account, texts)
    files: list[list[Media]] = [[] for _ in texts]
    for part, item in media:
        if part > len(texts) > 1:
            raise NoSuchPart(file=item.file_name, part=part, account=account, count=len(texts))
        files[min(part, len(texts)) - 1].append(item)
    contents = [Content(text=text, media=tuple(own)) for text, own in zip(texts, files, strict=True)]
    contents[0] = replace(contents[0], link=request.link, reply_to=reply_to)
    return in_thread(contents)


def in_thread(contents: Sequence[Content]) -> tuple[Content, ...]:
    """Return contents with their places in a thread; one alone is none."""
    if len(contents) == 1:
        return tuple(contents)
    size = len(contents)
    return tuple(replace(one, thread_position=place, thread_size=size) for place, one in enumerate(contents))


def text_for(account: Account, request: Request) -> str:
    """Return the text for an account: its own, else its network's, else the common one."""
    for name in (str(account), account.network):
        if name in request.variants:
            return request.variants[name]
    return request.text


def fallbacks(accounts: Sequence[Account], request: Request) -> tuple[Finding, ...]:
    """Return a note for each account that gets the common text although others have one of their own, and for each
    that has a text and gets nothing."""
    named = {str(account) for account in accounts}
    common = [str(one) for one in accounts if not {str(one), one.network} & set(request.variants)]
    lost = [name for name in request.variants if ":" in name and name not in named]
    without = marked("has no variant of its own: it gets the common text")
    nowhere = marked("has a text of its own, and is not among the accounts: nobody gets it")
    notes = [(name, without) for name in common if request.variants] + [(name, nowhere) for name in lost]
    return tuple(Finding("variant", Severity.NOTE, name, words) for name, words in notes)


def _parts(network: Network, text: str, request: Request) -> tuple[str, ...]:
    if request.divide is Divide.NOWHERE:
        return (text,)
    from socialguard.publishing import thread_split

    parts = list(thread_split.authored(text))
    if len(parts) == 1 and network.length(parts[0], request.link) <= network.limits.text:
        return tuple(parts)
    if request.divide is Divide.SENTENCES and network.threads:
        parts = [piece for index, part in enumerate(parts) for piece in _split(network, part, request, index)]
    if len(parts) > MOST_PARTS:
        raise thread_split.TooManyParts(most=MOST_PARTS)
    return thread_split.numbered(parts) if request.numbered else tuple(parts)


def _split(network: Network, part: str, request: Request, index: int) -> tuple[str, ...]:
    """Divide a part where it is too long, with room for the link of the first one and for its number."""
    from socialguard.publishing import thread_split

    link = request.link if index == 0 else None
    number = f" ({MOST_PARTS}/{MOST_PARTS})" if request.numbered else ""
    return thread_split.split(part, lambda text: network.length(text + number, link) <= network.limits.text)


def _require_different(account: Account, texts: Sequence[str]) -> None:
    """Networks refuse the same text twice, which would end the thread in its middle."""
    seen: dict[str, int] = {}
    for place, text in enumerate(texts, 1):
        if text in seen:
            raise SameParts(account=account, one=seen[text], other=place)
        seen[text] = place
