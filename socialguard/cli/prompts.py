"""The words at the moments that matter: the cards of the switch guard, their questions, and what is said when a
post is stopped, late or in doubt. It renders plain values; what must be asked is decided below the faces."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from socialguard import clock, errors
from socialguard.cli import terminal, words
from socialguard.cli.doubting import doubts_told
from socialguard.cli.printing import Printer
from socialguard.cli.times_told import age, instant, moment
from socialguard.cli.words import _, counted, later, say
from socialguard.model.challenge import Challenge, Purpose, Target
from socialguard.model.text import visible

if TYPE_CHECKING:
    from socialguard.publishing.interface import Answer

TRIES: Final = 3
_QUOTE: Final = 40
_TEXT_SHOWN: Final = 4000
_NARROW: Final = 20

_PLAIN: Final[Mapping[Purpose, str]] = {
    "post": later("Type {wanted} to post. Enter stops:"),
    "delete": later("Type {wanted} to delete the post. Enter stops:"),
    "use": later("Type {wanted} to confirm. Enter stops:"),
    "plan": later("Type {wanted} to queue them. Enter stops:"),
}
_SECURE: Final[Mapping[Purpose, str]] = {
    "post": later("SECURE  {account} asks every time. Type {wanted} to post. Enter stops:"),
    "delete": later("SECURE  {account} asks every time. Type {wanted} to delete the post. Enter stops:"),
    "use": later("SECURE  {account} asks every time. Type {wanted} to confirm. Enter stops:"),
    "plan": later("SECURE  {account} asks every time. Type {wanted} to queue them. Enter stops:"),
}

_DOUBTED: Final = later("Still {account}? Type {wanted}. Enter stops:")

Row = tuple[str, str]


class NotDeleted(errors.Cancelled):
    """Stopped. The post was not deleted."""

    @property
    def name(self) -> str:
        """The name that scripts know."""
        return "cancelled"


class WrongNameToDelete(errors.WrongName):
    """Not {expected}. The post was not deleted."""

    @property
    def name(self) -> str:
        """The name that scripts know."""
        return "wrong_name"


def confirm(
    challenge: Challenge, draft: str, printer: Printer, *, shown: Callable[[int], list[str]] | None = None
) -> "Answer":
    """Show the card, ask, and return the answers that met the challenge, for whoever decides to verify again;
    `shown` makes another card than that of a post, for a width. Where a text does not sound like its account that
    is a second question, which a name typed without reading does not answer.

    Three tries each. Raises Cancelled when the person stops (Enter), WrongName after the third wrong name,
    Interrupted on Ctrl-C; the draft is named in the first two."""
    from socialguard.publishing.interface import Answer

    columns = terminal_columns()
    printer.card(card(challenge, width=columns) if shown is None else shown(columns))
    typed = _asked(challenge, question(challenge), challenge.wanted, draft, printer)
    if challenge.sure is None:
        return Answer(typed=typed)
    printer.card(doubts_told(challenge, columns))
    return Answer(typed=typed, sure=_asked(challenge, second_question(challenge), challenge.sure, draft, printer))


def _asked(challenge: Challenge, line: str, wanted: str, draft: str, printer: Printer) -> str:
    """Ask until exactly `wanted` is typed, three times at most."""
    for attempt in range(1, TRIES + 1):
        answer = terminal.ask(line)
        if not answer and challenge.purpose == "delete":
            raise NotDeleted
        if not answer:
            raise errors.Cancelled(draft=draft)
        if answer == wanted:
            return answer
        if attempt < TRIES:
            told = wrong_name if challenge.purpose == "post" else not_that_name
            printer.note_line(told(wanted))
    if challenge.purpose == "delete":
        raise WrongNameToDelete(expected=wanted)
    raise errors.WrongName(expected=wanted, draft=draft)


def terminal_columns() -> int:
    """Return the width of the terminal that cards are shown on."""
    import sys

    from socialguard.cli.printing import terminal_width

    return terminal_width(sys.stderr)


def card(challenge: Challenge, *, now: datetime | None = None, width: int = 80) -> list[str]:
    """Return the lines of the card above a question, each safe to show and at most `width` columns wide."""
    now = now or clock.now()
    doubts = doubts_told(challenge, width) if challenge.sure is None else []
    if challenge.kind == "several":
        return [*_several(challenge, now, width), *doubts]
    target = challenge.targets[0]
    lines = []
    if challenge.purpose == "delete":
        lines.append(say("DELETE  {account}   ({client})", account=target.account, client=target.client))
    elif challenge.kind == "switch" or challenge.previous not in (None, target.account):
        lines.append(_switch_line(challenge, target))
    lines.extend(_laid_out(_rows(challenge, target, now), width, _label_width()))
    return [*lines, *doubts]


def question(challenge: Challenge) -> str:
    """Return the line that asks; the answer is typed after it."""
    if challenge.doubts and challenge.sure is None and len(challenge.targets) == 1:
        return say(_DOUBTED, account=challenge.targets[0].account, wanted=challenge.wanted)
    asked = _SECURE if challenge.kind == "secure" else _PLAIN
    return say(asked[challenge.purpose], account=challenge.targets[0].account, wanted=challenge.wanted)


def second_question(challenge: Challenge) -> str:
    """Return the line that asks about texts that do not sound like their accounts, once these were confirmed."""
    wanted = challenge.sure or ""
    if len(challenge.doubts) == 1:
        return say(_DOUBTED, account=challenge.doubts[0].account, wanted=wanted)
    return say("Still all of these? Type {wanted}. Enter stops:", wanted=wanted)


def stopped(draft: str) -> str:
    """Return what is said when the person stopped."""
    return say("Stopped. Nothing was sent. Draft {draft} kept.", draft=draft)


def wrong_name(expected: str) -> str:
    """Return what is said to a wrong name."""
    return say("Not {expected}. Nothing was sent.", expected=expected)


def not_that_name(expected: str) -> str:
    """Return what is said to a wrong name where no post is at stake."""
    return say("Not {expected}. Nothing was changed.", expected=expected)


def countdown_line(seconds: int) -> str:
    """Return what stands on the terminal while a post can still be taken back."""
    return say("Goes out in {seconds} s. Ctrl-C takes it back.", seconds=seconds)


def unknown(network: str, url: str, delivery: str, minutes: int | None = 10) -> list[str]:
    """Return what is said when a network did not answer; `url` is where a person can look, `minutes` how long
    somebody of ours goes on looking, None where nobody does until the command is given."""
    look = say(" Look: {url}   Look again: socialguard queue reconcile", url=url)
    if minutes is not None:
        look = say(" Look: {url}   We look too, for {minutes} min.", url=url, minutes=minutes)
    return [
        say(
            "UNKNOWN  {network} did not answer; the post may be public. Do not post it again.",
            network=network,
        ),
        look,
        say(" There:     socialguard queue settle {delivery} --sent URL", delivery=delivery),
        say(" Not there: socialguard queue settle {delivery} --not-sent --reason …", delivery=delivery),
    ]


def outcome_unknown(deliveries: list[str]) -> str:
    """Return the same for a script, on one line."""
    return say(
        "Outcome unknown: {deliveries}. Do not retry. Run: socialguard queue reconcile",
        deliveries=", ".join(deliveries),
    )


def _switch_line(challenge: Challenge, target: Target) -> str:
    if challenge.previous is None:
        return say("SWITCH  – → {account}   ({client})", account=target.account, client=target.client)
    return say(
        "SWITCH  {previous} → {account}   ({previous_client} → {client})",
        previous=challenge.previous,
        account=target.account,
        previous_client=challenge.previous_client or "–",
        client=target.client,
    )


def _rows(challenge: Challenge, target: Target, now: datetime) -> Iterator[Row]:
    yield _("who"), _who(target)
    if challenge.code is not None:
        handle = target.account.partition("@")[2]
        spelled = handle.encode("ascii", "backslashreplace").decode()
        yield _("code"), say("this handle can be mistaken for another: {spelled}", spelled=spelled)
    yield _("last"), _last(target, now)
    if challenge.purpose == "use":
        return
    for label, value in _content(target, now):
        is_when = label == _("when") and challenge.purpose == "delete"
        yield label, f"{_('now; it cannot be brought back')} · {_cost(target.price_micros)}" if is_when else value


def _content(target: Target, now: datetime) -> Iterator[Row]:
    if target.reply_to is not None:
        yield _("reply"), visible(target.reply_to, 200)
    yield from _text(target.text, target.length, target.limit, _part(target, 0))
    for index, (name, modified, alt) in enumerate(target.media):
        yield _("media") if not index else "", _medium(name, modified, alt, now)
    for index, (text, length) in enumerate(target.following, 1):
        yield from _text(text, length, target.limit, _part(target, index))
    yield _("when"), f"{_when(target)} · {_cost(target.price_micros)}"


def _who(target: Target) -> str:
    parts = [visible(target.display_name, 100) or target.account]
    if target.followers is not None:
        parts.append(counted("{count} follower", "{count} followers", target.followers))
    if target.archive_age_s is not None:
        parts.append(say("archive {age} old", age=age(target.archive_age_s)))
    return " · ".join(parts)


def _last(target: Target, now: datetime) -> str:
    if not target.last_posts:
        return _("no post in the archive")
    return " · ".join(
        f"{words.quoted(_excerpt(text))} {moment(at, now, target.zone)}" for text, at in target.last_posts
    )


def _excerpt(text: str) -> str:
    shown = visible(" ".join(text[: 4 * _QUOTE].split()), 4 * _QUOTE)
    return shown if len(shown) <= _QUOTE else shown[: _QUOTE - 1].rstrip() + "…"


def _part(target: Target, index: int) -> str:
    """What a text is called: a part of a thread by its number."""
    return _("text") if target.of == 1 else f"{target.part + index}/{target.of}"


def _text(text: str, length: int, limit: int, label: str) -> Iterator[Row]:
    """The text as it will appear, line by line, so that no line of it can pass for one of ours."""
    shown = text[:_TEXT_SHOWN]
    lines = [visible(line, _TEXT_SHOWN) for line in shown.replace("\r\n", "\n").split("\n")]
    if len(text) > _TEXT_SHOWN:
        more = len(text) - _TEXT_SHOWN
        lines.append(counted("… and {count} more character", "… and {count} more characters", more))
    if limit:
        lines[-1] += f"      {length}/{limit}"
    for index, line in enumerate(lines):
        yield label if not index else "", line


def _medium(name: str, modified: datetime | None, alt: str, now: datetime) -> str:
    parts = [visible(name, 100)]
    if modified is not None:
        parts.append(say("changed {age} ago", age=age(int((now - modified).total_seconds()))))
    parts.append(say("alt: {alt}", alt=words.quoted(visible(alt, 1500))) if alt else _("no alt text"))
    return ", ".join(parts)


def _when(target: Target) -> str:
    if target.when is not None:
        return instant(target.when, target.zone)
    if target.grace_s:
        return say("now, {seconds} s to undo", seconds=target.grace_s)
    return _("now, no time to undo")


def _cost(micros: int) -> str:
    return words.price(micros) if micros else _("free")


def _several(challenge: Challenge, now: datetime, width: int) -> list[str]:
    by_client: dict[str, list[Target]] = {}
    for target in challenge.targets:
        by_client.setdefault(target.client, []).append(target)
    clients = sorted(by_client, key=lambda name: -len(by_client[name]))
    count = len(challenge.targets)
    lines = [
        f"{counted('{count} ACCOUNT', '{count} ACCOUNTS', count)}, "
        f"{counted('{count} CLIENT', '{count} CLIENTS', len(clients))}"
    ]
    lines.extend(by_clients({name: [target.account for target in by_client[name]] for name in clients}, width))
    if challenge.code is not None:
        handles = [target.account.partition("@")[2] for target in challenge.targets]
        odd = [handle.encode("ascii", "backslashreplace").decode() for handle in handles if not handle.isascii()]
        mistaken = say("a handle can be mistaken for another: {spelled}", spelled=words.listed(odd or handles))
        lines.extend(_laid_out(iter([(_("code"), mistaken)]), width, _label_width()))
    if challenge.purpose == "use":
        return lines
    lines.extend(_laid_out(_shared_content(challenge.targets, now), width, _label_width()))
    total = say("Total {price}", price=_cost(sum(target.price_micros for target in challenge.targets)))
    twins = [target.account for target in challenge.targets if _has_twin(target, challenge.targets)]
    warning = say("X forbids one text on {accounts}.", accounts=words.listed(twins)) + "   " if twins else ""
    return lines + [f" {line}" for line in _wrapped(warning + total, width - 1)]


def by_clients(accounts: Mapping[str, Sequence[str]], width: int) -> Iterator[str]:
    """Return lines with the accounts of each client, the one with most of them first; a client with one account
    alone beside one with several is marked."""
    clients = sorted(accounts, key=lambda name: -len(accounts[name]))
    odd = [name for name in clients[1:] if len(accounts[name]) == 1] if len(accounts[clients[0]]) > 1 else []
    rows = []
    for name in clients:
        named = "  ".join(visible(account, 300) for account in accounts[name])
        if name in odd and len(clients) == 2:
            named += "   " + say("← the only one outside {client}", client=clients[0])
        elif name in odd:
            named += "   " + say("← the only one of {client}", client=name)
        rows.append((f"{visible(name, 60)} ({len(accounts[name])})", named))
    return _laid_out(iter(rows), width, max(len(label) for label, _named in rows) + 2)


def _has_twin(target: Target, targets: tuple[Target, ...]) -> bool:
    """X's automation rules: no duplicative content over several accounts."""
    same = [one for one in targets if one.account.startswith("x:") and one.text == target.text]
    return target.account.startswith("x:") and len(same) > 1


def _shared_content(targets: tuple[Target, ...], now: datetime) -> Iterator[Row]:
    """Each different content once, with the accounts that it is for where there is more than one."""
    told: dict[tuple[object, ...], list[Target]] = {}
    for target in targets:
        whole = (target.text, target.following, target.length, target.limit)
        key = (*whole, target.media, target.when, target.grace_s)
        told.setdefault(key, []).append(target)
    for group in told.values():
        if len(told) > 1:
            yield _("for"), "  ".join(visible(target.account) for target in group)
        for label, value in _content(group[0], now):
            if label != _("when"):
                yield label, value
        yield _("when"), _when(group[0])


def _label_width() -> int:
    """The column of values stands at the same place on every card of a language."""
    return max(len(_(label)) for label in ("who", "last", "text", "media", "when")) + 2


def _laid_out(rows: Iterator[Row], width: int, pad: int) -> Iterator[str]:
    """Labels in one column; a value that is too wide goes on below itself, never at the left edge."""
    kept = list(rows)
    for label, value in kept:
        for index, line in enumerate(_wrapped(value, max(_NARROW, width - pad - 1))):
            yield f" {'' if index else label:<{pad}}{line}".rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    if text.isascii() and len(text) <= width:
        return [text]
    from socialguard.cli.printing import wrapped

    return wrapped(text, width)
