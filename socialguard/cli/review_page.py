"""What waits for an approval as one HTML page for a client who has no such program: everything in it is escaped,
pictures stand in it, and it loads nothing from anywhere."""

import base64
import email
import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Final

from socialguard.cli.times_told import instant
from socialguard.cli.words import _, language
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery, Media
from socialguard.model.text import visible

_POLICY: Final = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
_SHOWN: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 46rem; padding: 0 1rem; color: #222 }
article { border: 1px solid #ccc; border-radius: .5rem; margin: 1.5rem 0; padding: 1rem; break-inside: avoid }
header { color: #555 } code { font-size: 1.1rem; user-select: all }
p.text { white-space: pre-wrap; overflow-wrap: anywhere } figure { margin: 1rem 0 } img { max-width: 100% }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } header { color: #aaa } }
"""


def page(waiting: Sequence[tuple[Delivery, Account]], read: Callable[[Media], bytes]) -> str:
    """Return the page of deliveries that wait; `read` gives the bytes of a picture."""
    title = _("To approve")
    how = _("Please answer by mail with the code of each post, and whether it may go out.")
    parts = [
        f'<!doctype html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">',
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>",
        f"<p>{escape(how)}</p>",
        *(_article(value, account, read) for value, account in waiting),
    ]
    return "\n".join([*parts, "</body>\n</html>\n"])


def code_of(value: Delivery) -> str:
    """Return what names exactly this content in a mail: the delivery and the beginning of its fingerprint."""
    return f"{value.id}-{value.fingerprint[:8]}"


def codes_in(data: bytes) -> dict[str, str]:
    """Return what may be codes in a file, each with the delivery that it would name; also where the file is a mail
    whose parts are encoded."""
    parts = [data]
    for part in email.message_from_bytes(data).walk():
        content = part.get_payload(decode=True)
        parts += [content] if isinstance(content, bytes) else []
    found = re.findall(rb"\b([0-9a-f]{8})-([0-9a-f]{8})\b", b"\n".join(parts))
    return {f"{one.decode('ascii')}-{mark.decode('ascii')}": one.decode("ascii") for one, mark in found}


def _article(value: Delivery, account: Account, read: Callable[[Media], bytes]) -> str:
    content = value.content
    when = (
        _("at once, when it is approved") if value.not_before is None else instant(value.not_before, account.zone)
    )
    text = "\n".join(visible(line, 10_000) for line in content.text.split("\n"))
    shown = [f"<header>{escape(str(account))} · {escape(when)}</header>", f'<p class="text">{escape(text)}</p>']
    if content.link is not None:
        link = escape(visible(content.link, 2000), quote=True)
        is_web = content.link.startswith(("https://", "http://"))
        shown.append(
            f'<p><a href="{link}" rel="noreferrer noopener">{link}</a></p>' if is_web else f"<p>{link}</p>"
        )
    shown += [_figure(item, read) for item in content.media]
    shown.append(f"<footer>{escape(_('code'))}: <code>{escape(code_of(value))}</code></footer>")
    return "\n".join(["<article>", *shown, "</article>"])


def _figure(item: Media, read: Callable[[Media], bytes]) -> str:
    alt = escape(visible(item.alt or _("no alt text"), 2000), quote=True)
    caption = f"<figcaption>{escape(visible(item.file_name, 200))}: {alt}</figcaption>"
    if item.content_type not in _SHOWN:
        return f"<figure>{caption}</figure>"
    data = base64.b64encode(read(item)).decode("ascii")
    return f'<figure><img alt="{alt}" src="data:{item.content_type};base64,{data}">{caption}</figure>'
