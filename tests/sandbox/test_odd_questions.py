"""Whatever is asked, however oddly: an answer below 500, or the server has a bug."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialguard.sandbox import facebook_face, x_face
from socialguard.sandbox.process import Running
from tests.sandbox.clients import ACME, PAGE, SEED, bearer

NAMES = {
    "x": "max_results pagination_token since_id start_time tweet.fields expansions exclude ids client_id state",
    "facebook": "fields limit after since until metric period message link published scheduled_publish_time "
    "attached_media is_published input_token client_id code appsecret_proof grant_type order",
}
TOKENS = {
    "x": ["bearer-acme", "app-only-token", ""],
    "facebook": ["page-token-acme", "user-token", "4200|app-secret", ""],
}
OPERATIONS = {"x": x_face.operations(), "facebook": facebook_face.operations()}
VALUES = st.one_of(
    st.sampled_from(["", "9" * 40, "-1", "true", "inf", "²", "2026-01-01", "[]", "{}", "a,b", PAGE, ACME, "me"]),
    st.text(st.characters(codec="utf-8"), max_size=8),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["text", "media", "media_ids", "reply", "id", "metadata"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@pytest.mark.parametrize("network", ["x", "facebook"])
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_question_makes_the_server_fail(
    network: str, data: st.DataObject, warm_server: Running, http: requests.Session
) -> None:
    warm_server.reset(SEED)
    method, pattern, _ = data.draw(st.sampled_from(OPERATIONS[network]))
    path = re.sub(r"\{\w+\}", lambda _: quote(data.draw(VALUES), safe="") or "x", pattern)
    pairs = st.dictionaries(st.sampled_from(NAMES[network].split()), VALUES, max_size=4)
    options: dict[str, Any] = {"params": data.draw(pairs)}
    if method == "POST":
        options.update(data.draw(st.fixed_dictionaries({"json": JSON}) | st.fixed_dictionaries({"data": pairs})))
    headers = bearer(data.draw(st.sampled_from(TOKENS[network])))
    origin = warm_server.x if network == "x" else warm_server.facebook
    answer = http.request(method, origin + path, headers=headers, allow_redirects=False, timeout=20, **options)
    assert answer.status_code < 500
