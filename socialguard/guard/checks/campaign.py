"""A link without the parameters of its campaign brings visitors whom no report can count."""

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from socialguard.guard.interface import Kind, Subject
from socialguard.guard.links import links_of, registered
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Texts
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.WARN
PARAMETERS: Final[Mapping[str, Parameter]] = {
    "required": Texts(form="a list of parameters like utm_source", pattern=r"[\w.-]+"),
    "domains": Texts(form="a list of domains like acme.com", pattern=r"[^\s/:@]+\.[^\s/:@.]+"),
}


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a warning for each link, to `domains` where policy names some, without the `required` parameters."""
    required = subject.settings.texts("required")
    domains = frozenset(registered(one.lower()) for one in subject.settings.texts("domains"))
    if not required:
        return
    for link in links_of(subject.content):
        if domains and link.domain not in domains:
            continue
        missing = [name for name in required if not _parameters(link.url).get(name)]
        if missing:
            yield Finding(
                "campaign",
                Severity.WARN,
                str(subject.account),
                marked("{link} has no {missing}"),
                {"link": link.url, "missing": ", ".join(missing)},
                remedy=marked("Add what is missing, so that its visits are counted."),
                span=link.span,
            )


def _parameters(url: str) -> Mapping[str, list[str]]:
    try:
        return parse_qs(urlsplit(url).query)
    except ValueError:
        return {}
