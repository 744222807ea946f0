"""Alerts go outside once to each channel, without a text of any post, and their addresses are shown nowhere."""

import logging

import pytest

from tests.alerts.listeners import mail_server, webhook
from tests.cli.test_post_queue import held
from tests.office import Office
from tests.office import office as office
from tests.shapes import AlertsSent, ChannelAdded, ChannelRemoved, Channels, failed, shown

SECRET = "s3cr3t-t0ken"


def add(office: Office, name: str, url: str) -> None:
    shown(office.cli("alerts", "channel", "add", name, "--json", stdin=f"{url}\n"), ChannelAdded)


def send(office: Office, code: int = 0) -> list[tuple[int, str, bool]]:
    return [
        (one.alert, one.channel, one.ok)
        for one in shown(office.cli("alerts", "send", "--json"), AlertsSent, code).sent
    ]


def test_an_alert_reaches_a_webhook_and_a_mailbox_once(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    office.cli("contact", "x:@acme", "--set", "Marie, +33 1 23 45 67 89", "--json")
    with webhook() as hook, mail_server() as mail:
        add(office, "hook", f"json://127.0.0.1:{hook.port}/{SECRET}")
        add(
            office,
            "mail",
            f"mailto://me:{SECRET}@127.0.0.1:{mail.port}?mode=insecure&from=me@example.org&to=you@example.org",
        )
        delivery = held(office, "The very text of the draft")
        assert send(office) == [(1, "hook", True), (1, "mail", True)]
        assert send(office) == []
        (posted,), (mailed,) = hook.got, mail.got
    for text in (posted, mailed):
        assert delivery in text
        assert "alerts show 1" in text
        assert "very text" not in text
        assert SECRET not in text
    assert SECRET not in caplog.text


def test_what_was_not_taken_is_tried_again(office: Office) -> None:
    held(office)
    with webhook() as hook:
        add(office, "hook", f"json://127.0.0.1:{hook.port}/")
        hook.refuses = True
        assert send(office, 18) == [(1, "hook", False)]
        hook.refuses = False
        assert send(office) == [(1, "hook", True)]
        assert len(hook.got) == 1


def raise_alerts(office: Office, kind: str, count: int) -> None:
    with office.entered() as workspace, workspace.database.write() as connection:
        for number in range(count):
            workspace.alerts.raise_(connection, kind, "Test", {}, delivery_id=f"{number}")


def test_at_most_twenty_an_hour_go_to_a_channel(office: Office) -> None:
    raise_alerts(office, "tampered", 25)
    with webhook() as hook:
        add(office, "hook", f"json://127.0.0.1:{hook.port}/")
        assert len(send(office)) == 20
        assert send(office) == []
        assert len(hook.got) == 20


def test_many_alerts_of_little_weight_keep_no_grave_one_back(office: Office) -> None:
    raise_alerts(office, "backup", 40)
    with webhook() as hook:
        add(office, "hook", f"json://127.0.0.1:{hook.port}/")
        assert len(send(office)) == 15
        assert send(office) == []
        raise_alerts(office, "watch.foreign", 2)
        assert len(send(office)) == 2
        assert all("watch.foreign" in one for one in hook.got[15:])


def test_an_address_is_sealed_and_listed_by_name_alone(office: Office) -> None:
    add(office, "ops", f"json://example.org/{SECRET}")
    done = office.cli("alerts", "channel", "list", "--json")
    assert shown(done, Channels).channels == ["ops"]
    everything = b"".join(path.read_bytes() for path in office.base.rglob("*") if path.is_file())
    assert SECRET.encode() not in everything
    assert shown(office.cli("alerts", "channel", "remove", "ops", "--json"), ChannelRemoved).removed == "ops"
    failed(office.cli("alerts", "channel", "remove", "ops", "--json"), 5, "not_found")


@pytest.mark.parametrize("url", [f"file:///tmp/{SECRET}", f"exec://{SECRET}", SECRET, f"dbus://{SECRET}"])
def test_other_services_are_refused_without_repeating_the_address(office: Office, url: str) -> None:
    done = office.cli("alerts", "channel", "add", "bad", "--json", stdin=f"{url}\n")
    failed(done, 2, "usage_error")
    assert SECRET not in done.stdout + done.stderr


def test_a_channel_that_somebody_else_put_there_is_refused(office: Office) -> None:
    held(office)
    add(office, "ops", "json://127.0.0.1:9/")
    (place,) = list(office.identity.rglob("channels"))
    place.write_text(place.read_text().replace('"ops"', '"other"'))
    assert office.cli("alerts", "send", "--json").code == 13


def test_another_address_under_a_name_is_said(office: Office) -> None:
    """A slip in a name must not silence a channel unseen."""
    words = ("alerts", "channel", "add", "hook")
    first, second = "json://127.0.0.1:1/a\n", "json://127.0.0.1:1/b\n"
    assert office.cli(*words, stdin=first).stdout == "Added: hook.\n"
    assert shown(office.cli(*words, "--json", stdin=first), ChannelAdded).replaced
    assert office.cli(*words, stdin=second).stdout.startswith("Replaced: hook")
