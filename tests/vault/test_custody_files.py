"""Many accounts from one file, and the export that opens without us."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialguard import errors
from socialguard.vault import age
from socialguard.vault.export import export_age
from socialguard.vault.intake import BATCH, Imported, import_file

from .custody_world import World, world


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as built:
        for handle in ("acme", "globex", "initech"):
            built.network.user(f"token-{handle}", handle)
        yield built


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "accounts.txt"
    path.write_text(text, encoding="utf-8")
    return path


def line(handle: str, **fields: object) -> str:
    credential = {"kind": "oauth2", "access_token": f"token-{handle}"}
    return json.dumps({"account": f"x:@{handle}", "credential": credential} | fields)


HEADING = "account,kind,access_token,client,labels,short_name\n"


def test_csv_and_json_lines_add_the_same_accounts(w: World, tmp_path: Path) -> None:
    csv = HEADING + 'x:@acme,oauth2,token-acme,Acme,fr sport,\nx:@globex,oauth2,token-globex,"Acme",,glob\n'
    done = import_file(w.custody, written(tmp_path, csv), ["w-1"])
    assert [one.account and (one.account.client, one.account.labels, one.account.short_name) for one in done] == [
        ("Acme", ("fr", "sport"), "acme"),
        ("Acme", (), "glob"),
    ]
    assert w.stored(done[1].account.id if done[1].account else "") == "token-globex"
    text = line("initech", labels=["fr"], zone="Europe/Paris", attended=True, base_url="http://127.0.0.1:9/")
    (third,) = import_file(w.custody, written(tmp_path, f"\n{text}\n\n"), ["w-1"])
    assert third.account is not None
    assert (third.line, third.account.zone, third.account.attended) == (2, "Europe/Paris", True)
    assert third.account.origin == "http://127.0.0.1:9"


def test_a_batch_is_one_epoch_of_the_manifest(w: World, tmp_path: Path) -> None:
    handles = [f"brand-{chr(97 + n // 26) * 2}{chr(97 + n % 26) * 2}" for n in range(BATCH + 3)]
    for handle in handles:
        w.network.user(f"token-{handle}", handle)
    told: list[Imported] = []
    done = import_file(w.custody, written(tmp_path, "\n".join(map(line, handles))), ["w-1"], told.append)
    assert tuple(told) == done
    assert len(w.accounts()) == len(handles) == len([one for one in done if one.account])
    seen = w.pins.manifest()
    assert seen is not None
    assert seen[0] == 3


def test_a_row_that_the_network_refuses_does_not_stop_the_others(w: World, tmp_path: Path) -> None:
    w.network.user("token-globex", "somebody")
    done = import_file(w.custody, written(tmp_path, "\n".join(map(line, ("acme", "globex", "initech")))), ["w-1"])
    assert [type(one.error) for one in done] == [type(None), errors.WrongIdentity, type(None)]
    assert w.accounts() == ["x:@acme", "x:@initech"]


def test_one_user_under_two_names_is_added_once(w: World, tmp_path: Path) -> None:
    w.network.user("token-globex", "globex", "u-acme")
    done = import_file(w.custody, written(tmp_path, f"{line('acme')}\n{line('globex')}"), ["w-1"])
    assert [type(one.error) for one in done] == [type(None), errors.UsageError]
    assert w.accounts() == ["x:@acme"]


@pytest.mark.parametrize(
    ("text", "number", "words"),
    [
        (f"{line('acme')}\n{{broken", 2, "JSON"),
        (f"{line('acme')}\n[1]", 2, "JSON object"),
        (f"{line('acme')}\n{line('globex', clinet='x')}", 2, "clinet"),
        (f"{line('acme')}\n{line('acme')}", 2, "already"),
        (f"{line('acme', short_name='glob')}\n{line('globex', short_name='glod')}", 2, "glob"),
        (f"{line('acme', zone='Mars')}", 1, "time zone"),
        (f"{line('acme', labels=[1])}", 1, "labels"),
        (f"{line('acme', attended='perhaps')}", 1, "attended"),
        (f"{line('acme', client=7)}", 1, "client"),
        ('{"account": "x:@acme"}', 1, "credential"),
        ('{"account": "acme", "credential": {}}', 1, "acme"),
        ('{"account": "x:@acme", "credential": {"kind": "oauth2"}}', 1, "access_token"),
        (HEADING + "x:@acme,oauth2\n", 2, "cells"),
        (HEADING + '"x:@acme,oauth2\n', 2, "end of data"),
        ("account,access_token\nx:@acme,t\n", 1, "kind"),
        ("account,kind,kind\nx:@acme,t,t\n", 1, "twice"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_added(
    w: World, tmp_path: Path, text: str, number: int, words: str
) -> None:
    with pytest.raises(errors.UsageError) as refused:
        import_file(w.custody, written(tmp_path, text), ["w-1"])
    assert f"accounts.txt, line {number}: " in refused.value.message()
    assert words in refused.value.message()
    assert "token-acme" not in refused.value.message()
    assert (w.accounts(), w.network.calls) == ([], [])


@pytest.mark.parametrize("text", ["", "\n\n", HEADING])
def test_an_empty_file_is_refused(w: World, tmp_path: Path, text: str) -> None:
    with pytest.raises(errors.UsageError, match="no rows"):
        import_file(w.custody, written(tmp_path, text), ["w-1"])


def test_a_file_that_cannot_be_read_is_told(w: World, tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(b"account\xe9")
    for unreadable in (path, tmp_path / "none.csv"):
        with pytest.raises(errors.Unreadable):
            import_file(w.custody, unreadable, ["w-1"])


def test_a_file_as_a_french_excel_writes_it(w: World, tmp_path: Path) -> None:
    csv = "\ufeffaccount;kind;access_token;client\r\nx:@acme;oauth2;token-acme;Acme Paris\r\n"
    (done,) = import_file(w.custody, written(tmp_path, csv), ["w-1"])
    assert done.account is not None
    assert (w.stored(done.account.id), done.account.client) == ("token-acme", "Acme Paris")


def test_the_apostrophe_of_our_own_exports_is_taken_off_again(w: World, tmp_path: Path) -> None:
    w.network.user("=token", "acme")
    csv = HEADING + "x:@acme,oauth2,'=token,,,\n"
    (done,) = import_file(w.custody, written(tmp_path, csv), ["w-1"])
    assert done.account is not None
    assert w.stored(done.account.id) == "=token"


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_refused_in_words(w: World, tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.txt"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with pytest.raises((errors.UsageError, errors.Unreadable)):
        import_file(w.custody, path, ["w-1"])


def test_an_export_opens_with_the_identity_alone_and_is_logged_per_account(w: World) -> None:
    acme, globex = w.added(), w.added("x:@globex", "token-globex")
    identity, recipient = age.new_identity()
    data = export_age(w.custody, [acme.id, globex.id, acme.id], [recipient], "yearly copy")
    assert b"token-acme" not in data
    document = json.loads(age.open_export(identity, data))
    assert (document["v"], document["org"]) == (1, w.custody.log.org)
    assert document["accounts"][0] == {
        "id": acme.id,
        "network": "x",
        "handle": "acme",
        "user_id": "u-acme",
        "origin": "https://api.x.com",
        "credential": {
            "kind": "oauth2",
            "access_token": "token-acme",
            "refresh_token": "renew-token-acme",
        },
    }
    assert len(document["accounts"]) == 2
    said = [(leaf["account"], leaf["outcome"]) for leaf in w.leaves("credential.export")]
    assert said == [(acme.id, "intent"), (acme.id, "ok"), (globex.id, "intent"), (globex.id, "ok")]


def test_an_export_for_nobody_or_of_nothing_opens_no_credential(w: World) -> None:
    acme = w.added()
    _, recipient = age.new_identity()
    for accounts, recipients in (([], [recipient]), ([acme.id], []), ([acme.id], ["age1nonsense"])):
        with pytest.raises(errors.UsageError):
            export_age(w.custody, accounts, recipients)
    assert w.leaves("credential.export") == []
