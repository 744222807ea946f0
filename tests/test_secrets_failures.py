"""Whatever goes wrong, at the network, at a crash or where nobody expected it, it is told without any secret, and
no exception carries one."""

import json
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from socialguard import errors
from socialguard.model.credential import Credential
from socialguard.networks import facebook_session, interface, x_session
from socialguard.networks.interface import Outgoing
from socialguard.publishing import crash
from tests.attacker import sql
from tests.fork_server import ForkServer
from tests.known_secrets import Hunt
from tests.secretive import Run, name_of, run

__all__ = ["run"]


# ── faults, crashes, failures ────────────────────────────────────────────────────────────────────────────


def _faults(hunted: list[str]) -> list[dict[str, Any]]:
    """Every kind of fault, and answers that say the secrets back."""
    echo = json.dumps(hunted)
    bodies: list[Any] = [
        {"error": {"message": echo, "code": 190}},
        {"title": "Unauthorized", "detail": echo, "errors": [{"message": echo}]},
        f"<html>{echo}</html>",
        echo,
    ]
    kinds = ["refuse", "drop_before", "accept_then_drop", "slow", "expired_token", "late_visible"]
    made: list[dict[str, Any]] = [{"kind": kind} for kind in kinds]
    made += [{"kind": "status", "code": code} for code in (402, 429, 500, 502)]
    made += [
        {"kind": "status", "code": code, "body": body}
        for code, body in zip((400, 401, 502, 200), bodies, strict=True)
    ]
    return made


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_whatever_the_network_does_no_secret_is_said_or_kept(run: Run, network: str) -> None:
    entry = next(one for one in run.office.seed["accounts"] if one["network"] == network)
    name = name_of(entry)
    values = [value for key, value in entry["credential"].items() if key not in ("kind", "app_id")]
    for number, fault in enumerate(_faults(values)):
        for operation in ("publish", "identity"):
            after = {"after": 1} if fault["kind"] == "refuse" else {}
            seconds = {"seconds": 0.05} if fault["kind"] in ("slow", "late_visible") else {}
            run.office.sandbox.faults([{"network": network, "operation": operation, **fault, **after, **seconds}])
            words = ("post", f"Number {number} of {operation}", "--to", name, "--confirm", name, "--grace", "0")
            run.json(*words)
            run("account", "verify", name)
            run.office.sandbox.faults([])
    run.json("queue", "reconcile")
    run.require_clean()


def test_a_process_killed_anywhere_leaves_no_secret_on_the_disk(run: Run) -> None:
    with ForkServer(run.office) as forks:
        for network in ("x", "facebook"):
            for point in crash.POINTS:
                words = run.office.post_words(f"Killed {point}", f"{network}:@acme")
                ended = forks.run(run.office, *words, "--debug", environment={crash.VARIABLE: point})
                run.said.append((point, ended.done.stdout + ended.done.stderr))
                run.hunt.require_clean(run.office.home)  # the journal lies there now
            run.json("queue", "run")
    run.require_clean()


def _failures(entry: Mapping[str, Any]) -> list[BaseException]:
    said = " ".join(value for key, value in entry["credential"].items() if key != "kind")
    last = list(entry["credential"].values())[-1]
    chained = RuntimeError("outer")
    chained.__cause__ = ValueError(f"inner {said}")
    return [
        RuntimeError(f"boom {said}"),
        KeyError(last),
        OSError(5, f"broken {said}", f"/tmp/{last}"),
        errors.NetworkRefused(network="X", account="x:@acme", detail=f"they said {said}"),
        errors.OutcomeUnknown(network="X", account="x:@acme", detail=last),
        chained,
        RuntimeError({"headers": {"Authorization": f"OAuth oauth_token={last}"}}),
        UnicodeDecodeError("utf-8", last.encode(), 0, 1, last),
    ]


@pytest.mark.parametrize("network", ["x", "facebook"])
def test_a_failure_that_nobody_expected_is_told_without_its_secrets(
    run: Run, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(one for one in run.office.seed["accounts"] if one["network"] == network)
    name, module = name_of(entry), x_session if network == "x" else facebook_session
    session: Any = module.XSession if network == "x" else module.FacebookSession
    raised: list[BaseException] = []

    def fail(self: object, *arguments: object) -> None:
        raise raised[0]

    for method in ("publish", "identity"):
        monkeypatch.setattr(session, method, fail)
    for number, failure in enumerate(_failures(entry)):
        raised[:] = [failure]
        for words in (
            ["post", f"Failing {number}", "--to", name, "--confirm", name, "--grace", "0"],
            ["account", "verify", name],
            ["queue", "reconcile"],
        ):
            assert run(*words).code != 130
            run.json(*words)
        # This process lives on, so its attempts would be waited for.
        sql(run.office, "update attempt set pid_started = '0'", triggers=True)
    assert any("Traceback" in text for _, text in run.said), "--debug shows where it happened"
    run.require_clean()


CALLS: Final = ("identity", "publish", "timeline", "find", "inspect", "delete", "revoke", "refresh")


@pytest.mark.parametrize("index", [0, 1, 2], ids=["oauth1", "oauth2", "page"])
def test_no_exception_of_an_adapter_carries_a_secret(run: Run, index: int) -> None:
    entry = run.office.seed["accounts"][index]
    caught = {call: sum(_call(run, entry, call, fault) for fault in _faults(_values(entry))) for call in CALLS}
    assert all(count for call, count in caught.items() if call not in ("refresh", "revoke")), caught


def _values(entry: Mapping[str, Any]) -> list[str]:
    public = ("kind", "app_id", "client_id")
    return [value for key, value in entry["credential"].items() if key not in public]


def _call(run: Run, entry: Mapping[str, Any], call: str, fault: Mapping[str, Any]) -> int:
    """Make one call of an adapter that meets a fault, and look at what it raises; 1 where it raised."""
    if fault["kind"] in ("slow", "late_visible"):
        return 0
    sandbox, network = run.office.sandbox, interface.load(entry["network"])
    arguments: dict[str, tuple[Any, ...]] = {
        "publish": (Outgoing("Hello"), lambda _id: None),
        "timeline": (datetime(2026, 1, 1, tzinfo=UTC),),
        "find": ("4711",),
        "delete": ("4711",),
    }
    after = {"after": 1} if fault["kind"] == "refuse" else {}
    sandbox.faults([{"network": "any", "operation": "any", "times": 9, **fault, **after}])
    origin = sandbox.x if entry["network"] == "x" else sandbox.facebook
    session = network.open(network.credential(entry["credential"]), origin, name_of(entry))
    try:
        found = getattr(session, call)(*arguments.get(call, ()))
        list(found) if call == "timeline" else None
    except errors.SocialGuardError as problem:
        _require_bare(run.hunt, problem)
        return 1
    finally:
        sandbox.faults([])
        run.hunt.require_none(repr(session), "the session")
    return 0


def _require_bare(hunt: Hunt, problem: BaseException) -> None:
    """Walk everything that hangs on an exception: causes, contexts, arguments, attributes, its traceback."""
    waiting, seen = [problem], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        told = [repr(one), str(one), repr(one.args), repr(getattr(one, "__notes__", ()))]
        told += [f"{key}={value!r} {value}" for key, value in getattr(one, "__dict__", {}).items()]
        told += traceback.format_exception(one)
        frame = one.__traceback__
        while frame is not None:
            told.append(repr(frame.tb_frame))
            frame = frame.tb_next
        for each in told:
            hunt.require_none(each, f"a {type(one).__name__}")
        waiting += [each for each in (one.__cause__, one.__context__) if each is not None]


def test_a_credential_shows_in_no_copy_of_itself(run: Run) -> None:
    for entry in run.office.seed["accounts"]:
        values = {key: value for key, value in entry["credential"].items() if key != "kind"}
        credential = Credential(entry["network"], entry["credential"]["kind"], values)
        for text in (repr(credential), str(credential), f"{credential}", f"{[credential]}"):
            run.hunt.require_none(text, "a credential")
        with pytest.raises(KeyError) as missing:
            credential.reveal("nothing")
        _require_bare(run.hunt, missing.value)
