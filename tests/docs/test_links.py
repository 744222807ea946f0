"""Every link between the documents leads somewhere, and every command that they show exists."""

import re
from importlib import import_module

import pytest

from socialguard.cli import table
from socialguard.cli.browser import PORT
from socialguard.cli.options import program_options
from tests.docs.pages import PAGES, ROOT, anchors, read

LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
# Programs whose arguments may well be the word `socialguard`.
OTHERS = {"adduser", "install", "git", "cp", "systemctl", "journalctl"}
EXAMPLES = [
    str(path.relative_to(ROOT)) for path in [*ROOT.glob("config/*.toml"), *ROOT.glob("config/systemd/*.service")]
]
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]


def prose(text: str) -> str:
    """Return a document without its blocks of code."""
    return re.sub(r"^\s*```.*?^\s*```$", "", text, flags=re.MULTILINE | re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """Return the words after each `socialguard` in the code of a document."""
    code = re.findall(r"^\s*```(?:sh|)\n(.*?)^\s*```$", text, re.MULTILINE | re.DOTALL)
    inline = re.findall(r"`((?:[A-Z_]+=\S+ )?socialguard [^`\n]+)`", prose(text))
    found = []
    for line in [*(line for block in code for line in block.splitlines()), *inline]:
        for part in re.split(r"&&|\|\|?|;|\$\(", line.partition(" #")[0]):
            words = part.replace("'", "").replace('"', "").split()
            if not words or words[words[0] == "sudo"] in OTHERS:
                continue
            at = next((i for i, word in enumerate(words) if word.split("/")[-1] == "socialguard"), None)
            if at is not None and words[at - 1] not in ("-iu", "-u"):
                found.append(words[at + 1 :])
            elif at is not None and "socialguard" in words[at + 1 :]:  # sudo -iu socialguard socialguard …
                found.append(words[words.index("socialguard", at + 1) + 1 :])
    return found


def require_known(words: list[str]) -> None:
    """Refuse words that are not a command of the program with options that it has."""
    shared = {option for parameter in program_options() for option in parameter.opts} | {"--help", "--version"}
    while words and words[0] in shared:
        words = words[1:]
    if not words or words[0] in ("COMMAND", "…"):
        return
    names = [" ".join(words[:count]) for count in (3, 2, 1)]
    name = next((one for one in names if one in table.TABLE), None)
    if name is None and words[-1] == "…":  # a group is meant
        return
    assert name is not None, f"there is no command {words}"
    row = table.TABLE[name]
    command = getattr(import_module(f"{table.ROOM}.{row.module}"), row.attribute)
    known = {option for parameter in command.params for option in parameter.opts} | shared
    for word in words:
        if word.startswith("--") and word != "--":
            assert word.partition("=")[0] in known, f"{name} has no option {word}"


@pytest.mark.parametrize("name", NAMES)
def test_every_link_between_documents_leads_somewhere(name: str) -> None:
    page = ROOT / name
    for target in LINK.findall(prose(read(name))):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / path).resolve() if path else page
        assert place.exists(), target
        if anchor:
            assert anchor in anchors(place.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("name", [*NAMES, *EXAMPLES])
def test_every_command_that_a_document_shows_exists_with_its_options(name: str) -> None:
    text = read(name)
    if not name.endswith(".md"):
        text = f"```\n{re.sub('^# ?|^ExecStart=-?', '', text, flags=re.MULTILINE)}```\n"
    for words in commands(text):
        require_known(words)


def test_quickstart_names_the_port_that_the_login_listens_on() -> None:
    ports = set(re.findall(r"http://127\.0\.0\.1:(\d+)/callback", read("docs/quickstart.md")))
    assert ports == {str(PORT)}


def test_nothing_is_left_unwritten() -> None:
    for name in NAMES:
        assert not re.search(r"@@|TODO|TBD|FIXME|XXX", read(name)), name
