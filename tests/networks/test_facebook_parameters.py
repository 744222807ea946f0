"""Everything that the Facebook adapter sends exists in Meta's own description of Graph v26.0.

The description is facebook-business 26.0.3 (`pip install --no-deps facebook-business==26.0.3`): its node classes
are read as source, never imported."""

import ast
import importlib.metadata
import importlib.util
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from socialguard.model.activity import Mark, Stream
from socialguard.model.credential import Credential
from socialguard.networks import facebook_login, facebook_metrics
from socialguard.networks.facebook import FacebookAdapter
from socialguard.networks.http_session import OriginSession
from socialguard.networks.interface import Outgoing, Upload
from socialguard.sandbox.process import start

VERSION = "26.0.3"
TOKEN, USER_TOKEN = "EAAtoken-of-the-page-4711", "EAAUtoken-of-a-person-4712"
DOCUMENT = {"kind": "page", "page_token": TOKEN, "app_id": "100200300", "app_secret": "the-secret-of-the-app"}
SEED = {
    "accounts": [
        {
            "network": "facebook",
            "handle": "acme",
            "user_id": "777001",
            "display_name": "Acme Ltd",
            "credential": DOCUMENT,
            "user_token": USER_TOKEN,
            "posts": [
                {
                    "text": "Old",
                    "created_at": "2026-01-01T00:00:00Z",
                    "comments": [{"text": str(n), "created_at": 1_780_000_000 + n} for n in range(160)],
                }
            ],
        }
    ]
}
# Of every edge, and described elsewhere: the list parameters, the proof, the file itself.
# `since` and `until` bound every list that goes by time.
GENERAL = {"fields", "limit", "after", "since", "until", "access_token", "appsecret_proof", "source"}
# The OAuth edges are no nodes.
BESIDE = {"debug_token", "oauth/access_token"}
# Asking for several objects at once is of no node either.
MANY = ""
EDGES = {
    ("GET", "me"): ("page", "api_get"),
    ("GET", "me/feed"): ("page", "get_feed"),
    ("GET", "me/published_posts"): ("page", "get_published_posts"),
    ("GET", "me/insights"): ("page", "get_insights"),
    ("GET", "POST/comments"): ("pagepost", "get_comments"),
    ("POST", "me/feed"): ("page", "create_feed"),
    ("POST", "me/photos"): ("page", "create_photo"),
    ("GET", "POST"): ("pagepost", "api_get"),
    ("POST", "POST"): ("pagepost", "api_update"),
    ("DELETE", "POST"): ("pagepost", "api_delete"),
    ("GET", "me/accounts"): ("user", "get_accounts"),
    ("DELETE", "me/permissions"): ("user", "delete_permissions"),
}
NODE_OF_ROWS = {
    ("page", "get_feed"): "pagepost",
    ("page", "get_published_posts"): "pagepost",
    ("pagepost", "get_comments"): "comment",
    ("user", "get_accounts"): "page",
}
# The description has no node for attachments.
NODE_INSIDE = {"comments": "comment"}

Sent = tuple[str, str, dict[str, Any]]


def package() -> Path:
    """Return where the description is installed; skip where it is not."""
    found = importlib.util.find_spec("facebook_business")
    if found is None or found.origin is None:
        pytest.skip(f"facebook-business is not installed (pip install --no-deps facebook-business=={VERSION})")
    return Path(found.origin).parent / "adobjects"


class Node:
    """The description of one kind of object: parameters by call, fields, edges."""

    def __init__(self, name: str) -> None:
        tree = ast.parse((package() / f"{name}.py").read_text(encoding="utf-8"))
        body = next(part for part in tree.body if isinstance(part, ast.ClassDef)).body
        self.calls = {part.name: part for part in body if isinstance(part, ast.FunctionDef)}
        fields = next(part for part in body if isinstance(part, ast.ClassDef) and part.name == "Field")
        self.fields = {
            str(part.value.value)
            for part in fields.body
            if isinstance(part, ast.Assign) and isinstance(part.value, ast.Constant)
        }
        self.edges = {name.removeprefix("get_") for name in self.calls if name.startswith("get_")}

    def parameters(self, call: str) -> set[str]:
        """Return the parameters of a call."""
        for part in ast.walk(self.calls[call]):
            if isinstance(part, ast.Assign) and isinstance(part.value, ast.Dict):
                target = part.targets[0]
                if isinstance(target, ast.Name) and target.id == "param_types":
                    return {str(key.value) for key in part.value.keys if isinstance(key, ast.Constant)}
        raise AssertionError(f"{call} has no param_types")


@pytest.fixture(scope="module")
def sent() -> Iterator[list[Sent]]:
    """Everything that the adapter sends in one life of a Page: (method, path, parameters)."""
    seen: list[Sent] = []
    original = OriginSession.request

    def noting(self: OriginSession, method: str, url: str, **more: Any) -> Any:
        path = urlsplit(url).path.removeprefix("/v26.0/")
        assert urlsplit(url).path.startswith("/v26.0/")
        path = re.sub(r"^\d+_\d+", "POST", path)
        seen.append((method, path, {**(more["params"] or {}), **(more["data"] or {}), **(more["files"] or {})}))
        return original(self, method, url, **more)

    with pytest.MonkeyPatch.context() as patch, start(SEED) as sandbox:
        patch.setattr(OriginSession, "request", noting)
        live(sandbox.facebook)
        yield seen


def live(origin: str) -> None:
    """Make every call that the adapter knows."""
    adapter = FacebookAdapter()
    session = adapter.open(adapter.credential(DOCUMENT), origin, "facebook:@acme")
    session.identity()
    session.inspect()
    # The smallest GIF that there is.
    image = Upload(b"GIF89a\x01\x00\x01\x00\x00\x00\x00;", "image/gif", "A dot")
    session.publish(Outgoing("Text", uploads=(image,)), lambda _: None)
    receipt = session.publish(Outgoing("Text", link="https://example.org"), lambda _: None)
    session.find(receipt.network_id)
    list(session.timeline(datetime(2020, 1, 1, tzinfo=UTC)))
    for stream in Stream:
        at = None
        while True:
            page = session.activity(stream, since=Mark("1_1", datetime(2020, 1, 1, tzinfo=UTC)), at=at)
            if (at := page.next) is None:
                break
    session.metrics([receipt.network_id])
    session.profile()
    session.delete(receipt.network_id)
    person = Credential("facebook", "user", DOCUMENT | {"access_token": USER_TOKEN, "kind": "user"})
    facebook_login.pages(facebook_login.exchange(person, origin), origin)
    session.revoke()


def test_the_description_is_of_the_version_that_we_pin() -> None:
    package()
    assert importlib.metadata.version("facebook-business") == VERSION
    assert VERSION.startswith(facebook_login.VERSION.removeprefix("v"))


def test_every_call_of_the_adapter_is_described(sent: list[Sent]) -> None:
    made = {(method, path) for method, path, _ in sent if path not in BESIDE | {MANY}}
    assert made == set(EDGES)


def test_every_parameter_that_is_sent_exists(sent: list[Sent]) -> None:
    for method, path, parameters in sent:
        if path in BESIDE:
            continue
        if path == MANY:
            assert set(parameters) == {"ids", "fields", "appsecret_proof"}
            continue
        node, call = EDGES[method, path]
        unknown = set(parameters) - Node(node).parameters(call) - GENERAL
        assert unknown == set(), f"{method} {path}"


def asked(fields: str) -> dict[str, tuple[dict[str, str], str]]:
    """Return the modifiers and the inner fields of each name of a field list."""
    found: dict[str, tuple[dict[str, str], str]] = {}
    for part in re.split(r",(?![^{]*\})", fields):
        outside, _, inside = part.rstrip("}").partition("{")
        name, *modifiers = outside.split(".")
        found[name] = (dict(re.findall(r"(\w+)\(([^()]*)\)", ".".join(modifiers))), inside)
    return found


def test_every_field_that_is_asked_for_exists(sent: list[Sent]) -> None:
    nested = set()
    for method, path, parameters in sent:
        if "fields" not in parameters:
            continue
        called = ("pagepost", "api_get") if path == MANY else EDGES[method, path]
        node = Node(NODE_OF_ROWS.get(called, called[0]))
        for name, (modifiers, inside) in asked(parameters["fields"]).items():
            assert name in node.fields | node.edges, f"{method} {path}"
            if modifiers:
                known = node.parameters(f"get_{name}") | {"limit", "summary", "since", "until"}
                assert set(modifiers) <= known, f"{method} {path} {name}"
            if inside and name in NODE_INSIDE:
                inner = Node(NODE_INSIDE[name])
                assert set(inside.split(",")) <= inner.fields | inner.edges, f"{method} {path} {name}"
                nested.add(name)
    assert nested == set(NODE_INSIDE)


def test_every_insight_that_is_asked_for_lives(sent: list[Sent]) -> None:
    """Graph removed these names; each of them would fail its request."""
    names = {values["metric"] for _, path, values in sent if path == "me/insights"}
    names |= set(
        re.findall(r"insights\.metric\((\w+)\)", " ".join(str(values.get("fields")) for *_, values in sent))
    )
    assert len(names) == len(facebook_metrics.POST_INSIGHTS) + len(facebook_metrics.PAGE_INSIGHTS)
    assert not {name for name in names if re.search("impressions|page_fans|engaged_users", name)}


def test_every_value_is_text_in_graphs_own_words(sent: list[Sent]) -> None:
    """facebook-sdk would send Python's False as `False` and mangle a list of objects."""
    posted = {name: value for method, _, values in sent if method == "POST" for name, value in values.items()}
    assert posted["published"] == "false"
    assert posted["is_published"] == "true"
    assert re.fullmatch(r'\[\{"media_fbid": "\d+"\}\]', posted["attached_media"])
    assert all(isinstance(value, str) for name, value in posted.items() if name != "source")


def test_a_name_that_graph_does_not_know_would_be_found() -> None:
    node = Node("page")
    assert "publish" not in node.parameters("create_feed")
    assert len(node.parameters("create_feed")) == 106
    assert len(node.parameters("create_photo")) == 56
