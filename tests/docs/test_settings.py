"""What an operator copies from `config` is what the program reads, and every setting and every price is in it."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from socialguard import settings
from socialguard.networks.limits import load_limits, load_prices
from socialguard.registry import policy_file
from socialguard.settings import Settings
from tests.docs.pages import ROOT, read

SECTIONED = {
    "anchors": "audit",
    "local_anchor": "audit",
    "stale_after_hours": "audit",
    "require_anchor_within_minutes": "audit",
    "sinks": "audit",
    "sink_format": "audit",
    "metrics": "daemon",
    "proxy": "http",
    "ca_bundle": "http",
    "heartbeat_url": "daemon",
    "backup_cron": "backup",
    "backup_crons": "backup",
    "limits": "limits.x",
}


def without_comment_marks(text: str) -> str:
    """Return an example file with every commented setting switched on."""
    return re.sub(r'^# (?=[a-z_.\["])(?!\w+ [a-z])', "", text, flags=re.MULTILINE)


def test_the_example_settings_hold_every_setting() -> None:
    example = tomllib.loads(without_comment_marks(read("config/socialguard.toml")))
    for one in fields(Settings):
        section = SECTIONED.get(one.name)
        if one.name in ("limits", "budget"):
            assert example["limits"]["x"]
            assert set(example["budget"]) == {"month_usd", "day_usd", "kept_for_posts", "client"}
        else:
            key = one.name.removeprefix(f"{section}_")
            assert key in (example if section is None else example[section]), one.name


def test_the_example_settings_can_be_read_as_they_are_and_with_everything_switched_on(tmp_path: Path) -> None:
    assert settings.load(ROOT / "config" / "socialguard.toml") == Settings()
    path = tmp_path / "socialguard.toml"
    path.write_text(without_comment_marks(read("config/socialguard.toml")), encoding="utf-8")
    found = settings.load(path)
    for one in fields(Settings):
        assert getattr(found, one.name), one.name
    for network, numbers in found.limits.items():
        load_limits(network, numbers)
        load_prices(network, numbers)


def test_the_documents_of_the_command_line_name_every_setting() -> None:
    text = read("docs/cli.md")
    for one in fields(Settings):
        key = one.name.removeprefix(f"{SECTIONED.get(one.name)}_")
        assert re.search(rf"`[^`]*{key}", text), one.name


def test_the_example_policy_can_be_applied_as_it_is() -> None:
    assert policy_file.parse(read("config/policy.toml")).accounts == {}


def test_quickstart_names_the_prices_and_the_date_that_the_program_knows() -> None:
    text = read("docs/quickstart.md")
    assert load_limits("x").dated in text
    for name, micros in load_prices("x").items():
        shown = f"{micros / 1_000_000:.3f}".rstrip("0")
        shown += "0" * max(0, 2 - len(shown.partition(".")[2]))
        assert f"| {shown} |" in text, (name, shown)


def test_the_constraints_name_a_hash_for_each_package_and_no_place_to_get_it_from() -> None:
    text = read("config/constraints.txt")
    assert "://" not in text
    blocks = re.split(r"\n(?=[a-z0-9])", text.partition("\n\n")[2])
    for block in blocks:
        assert re.match(r"[a-z0-9-]+==\S+( ; [^\\\n]+)? \\\n", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block


def test_the_constraints_cover_what_the_project_needs() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    pinned = set(re.findall(r"^([a-z0-9-]+)==", read("config/constraints.txt"), re.MULTILINE))
    for requirement in project["dependencies"]:
        assert re.split(r"[<>=\[]", requirement)[0].lower() in pinned, requirement
    assert "hatchling" in pinned
