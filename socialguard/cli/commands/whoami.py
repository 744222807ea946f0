"""`socialguard whoami`: what this terminal session has confirmed. It stands in shell prompts, so it opens no
database and no vault: it reads the small file that the guard leaves for it."""

import json
from datetime import UTC, datetime

from socialguard.cli import terminal
from socialguard.cli.face import Face
from socialguard.cli.options import command
from socialguard.model import bounded
from socialguard.model.context import context_of


@command("whoami")
def whoami(face: Face) -> None:
    """Show the accounts that this terminal session has confirmed."""
    facts = terminal.context_facts() if face.has_terminal or not face.no_input else {}
    context = context_of(facts, "")
    accounts: list[str] = []
    at: datetime | None = None
    told: str | None = None
    if context is not None:
        path = face.home / "cache" / f"context-{context.id[:32]}.json"
        try:
            known = json.loads(bounded.read_whole(path))
            at = datetime.fromisoformat(known["at"]).astimezone(UTC)
            accounts, told = [str(name) for name in known["accounts"]], str(known["at"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            accounts, at, told = [], None, None
    document = {"terminal": context is not None, "accounts": accounts, "confirmed_at": told}

    def people() -> None:
        if not accounts or at is None:
            face.printer.say("No account is confirmed here.")
            return
        minutes = int((datetime.now(UTC) - at).total_seconds() // 60)
        face.printer.say("{accounts} (confirmed {minutes} min ago)", accounts=", ".join(accounts), minutes=minutes)

    face.printer.answer(document, people)
