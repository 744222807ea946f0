"""One sandbox for each worker, started anew from the same seed for each test, and independent clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from socialguard.sandbox.process import Running, start
from tests.sandbox.clients import SEED, facebook_client, tweepy_client


@pytest.fixture(scope="session")
def warm_server() -> Iterator[Running]:
    """A sandbox process that serves all tests of this worker."""
    with start(SEED) as running:
        yield running


@pytest.fixture
def sandbox(warm_server: Running) -> Running:
    """The sandbox as the seed has it: no faults, real time."""
    warm_server.reset(SEED)
    return warm_server


@pytest.fixture
def http() -> Iterator[requests.Session]:
    """A plain HTTP client."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def x(sandbox: Running) -> Iterator[Any]:
    """tweepy as x:@acme, OAuth 1.0a."""
    client = tweepy_client(sandbox.x, "acme")
    yield client
    client.session.close()


@pytest.fixture
def page(sandbox: Running) -> Iterator[Any]:
    """facebook-sdk with the Page token of facebook:@acme."""
    client = facebook_client(sandbox.facebook, "page-token-acme")
    yield client
    client.session.close()
