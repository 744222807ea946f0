"""A dry run from the shell is waited for: with a detector that knows the account it imports what judges a text,
and not what sends, asks networks or parses what comes from them."""

import pytest

from tests.cli.loaded import loaded_after
from tests.office import Office

UNUSED = (
    *("alembic", "pydantic", "requests", "urllib3", "tweepy", "facebook", "PIL", "keyring", "starlette"),
    *("apscheduler", "apprise", "stamina", "holidays", "phonenumbers", "zstandard", "jinja2"),
    *(f"socialguard.publishing.{name}" for name in ("accept", "claim", "resolve", "send", "thread_split")),
    *(f"socialguard.audit.anchors.{name}" for name in ("directory", "git", "s3", "syslog")),
    *("socialguard.guard.affinity.fitting", "socialguard.cli.sending"),
)


def test_a_dry_run_imports_the_detector_and_nothing_that_sends(learned: Office) -> None:
    """The text has a link, as texts have that are posted."""
    words = ("post", "a summer shoe https://acme.com/shoes", "--to", "x:@acme", "--dry-run")
    loaded = loaded_after(*words, environment=learned.environment())
    assert {"numpy", "socialguard.guard.affinity.portfolio"} <= loaded
    assert [name for name in UNUSED if name in loaded] == []


@pytest.mark.parametrize("words", [("queue", "list"), ("account", "list"), ("audit", "list")])
def test_lists_import_neither_the_detector_nor_what_sends(learned: Office, words: tuple[str, ...]) -> None:
    loaded = loaded_after(*words, environment=learned.environment())
    unused = (*UNUSED, "numpy", "rapidfuzz", "socialguard.guard.checks")
    assert [name for name in unused if name in loaded] == []
