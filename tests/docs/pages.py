"""The documents as tests read them: their text, their shell blocks, their headings as links know them."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = tuple(
    sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "config" / "README.md", *ROOT.glob("docs/**/*.md")])
)


def read(name: str) -> str:
    """Return the text of a document, by its path below the project's directory."""
    return (ROOT / name).read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    """Return what stands below a second-level heading, up to the next one."""
    return text.partition(f"\n## {title}\n")[2].split("\n## ")[0]


def shell_blocks(text: str) -> list[list[str]]:
    """Return the lines of each `sh` block."""
    return [block.splitlines() for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)]


def anchors(text: str) -> set[str]:
    """Return the anchors of a document's headings, made as hosting services make them."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
