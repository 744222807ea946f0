"""The switch guard at real terminals: what is shown, what is typed, and what then is public."""

import json
import sys
from collections import Counter
from collections.abc import Callable

import pexpect
import pytest

from tests.office import Office, finish
from tests.wrong_account.terminal import Terminal, public

Opening = Callable[[], Terminal]
POST = ("post", "Good morning", "--to", "x:@acme", "--grace", "0")


def test_the_card_shows_the_account_and_its_short_name_lets_the_post_out(firm: Office, terminal: Terminal) -> None:
    terminal.begin(*POST)
    assert terminal.question() == "acme"
    card = terminal.before
    assert "SWITCH  – → x:@acme   (acme)" in card
    assert " text   Good morning      12/280" in card
    assert " when   now, no time to undo · $0.015" in card
    assert public(firm) == []
    terminal.type("acme")
    code, said = terminal.end()
    assert code == 0
    assert "x:@acme  https://x.com/" in said
    assert "To take it back: socialguard delete " in said
    assert public(firm) == [("x:@acme", "Good morning")]


def test_inside_the_confirmed_set_nothing_is_asked(firm: Office, terminal: Terminal) -> None:
    terminal.confirmed(*POST)
    assert terminal.run("post", "Second", "--to", "acme", "--grace", "0")[0] == 0
    assert [text for _account, text in public(firm)] == ["Good morning", "Second"]


def test_after_three_wrong_names_nothing_was_sent_and_the_draft_is_kept(firm: Office, terminal: Terminal) -> None:
    terminal.begin(*POST)
    for wrong in ("globex", "acm", "ACME"):
        assert terminal.question() == "acme"
        terminal.type(wrong)
    code, said = terminal.end()
    assert code == 3
    assert "Not acme. Nothing was sent. Draft d-1 kept." in said
    assert public(firm) == []
    assert firm.queue() == []
    assert terminal.run("whoami")[1].strip() == "No account is confirmed here."


def test_the_third_try_still_counts(firm: Office, terminal: Terminal) -> None:
    terminal.begin(*POST)
    for line in ("globex", "acme ", "acme"):
        assert terminal.question() == "acme"
        terminal.type(line)
    assert terminal.end()[0] == 0
    assert len(public(firm)) == 1


@pytest.mark.parametrize("key", ["enter", "ctrl-d"])
def test_enter_or_an_end_of_input_stops(firm: Office, terminal: Terminal, key: str) -> None:
    terminal.begin(*POST)
    terminal.question()
    if key == "enter":
        terminal.type("")
    else:
        terminal.child.sendeof()
    code, said = terminal.end()
    assert code == 3
    assert "Stopped. Nothing was sent. Draft d-1 kept." in said
    assert public(firm) == []


def test_ctrl_c_at_the_question_stops_and_names_the_draft(firm: Office, terminal: Terminal) -> None:
    terminal.begin(*POST)
    terminal.question()
    terminal.child.sendintr()
    code, said = terminal.end()
    assert code == 130
    assert "Nothing was sent." in said
    assert "Draft d-1 kept." in said
    assert public(firm) == []


def test_ctrl_c_in_the_grace_period_takes_the_post_back(firm: Office, terminal: Terminal) -> None:
    terminal.begin("post", "Good morning", "--to", "x:@acme", "--grace", "600")
    terminal.question()
    terminal.type("acme")
    terminal.child.expect_exact("Ctrl-C takes it back.")
    terminal.child.sendintr()
    code, said = terminal.end()
    assert code == 130
    assert "Nothing was sent. Draft d-1 kept." in said
    assert public(firm) == []
    assert [row["state"] for row in firm.queue()] == ["cancelled"]


@pytest.mark.parametrize("moment", ["question", "grace"])
def test_a_terminal_that_hangs_up_sends_nothing(firm: Office, terminal: Terminal, moment: str) -> None:
    terminal.begin("post", "Good morning", "--to", "x:@acme", "--grace", "600")
    terminal.question()
    if moment == "grace":
        terminal.type("acme")
        terminal.child.expect_exact("Ctrl-C takes it back.")
    terminal.hang_up()
    assert terminal.code() != 0
    assert public(firm) == []
    assert {row["state"] for row in firm.queue()} <= {"cancelled"}
    assert firm.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+601s").deliveries == []
    assert public(firm) == []


def test_what_was_typed_before_the_question_is_no_answer(firm: Office, terminal: Terminal) -> None:
    terminal.child.send("acme\nacme\n")
    terminal.child.expect_exact("acme\r\nacme\r\n")  # the terminal has them
    terminal.begin(*POST)
    assert terminal.question() == "acme"
    assert public(firm) == []
    terminal.type("")
    assert terminal.end()[0] == 3
    assert public(firm) == []


def test_the_answer_comes_from_the_terminal_even_where_stdin_carries_the_text(
    firm: Office, terminal: Terminal
) -> None:
    terminal.begin("post", "-", "--to", "x:@acme", "--grace", "0", stdin="acme\nacme\n")
    assert terminal.question() == "acme"
    terminal.type("globex")
    assert terminal.question() == "acme"
    terminal.type("acme")
    assert terminal.end()[0] == 0
    assert public(firm) == [("x:@acme", "acme\nacme")]


def test_confirm_is_ignored_in_a_terminal_with_a_note(firm: Office, terminal: Terminal) -> None:
    terminal.begin(*POST, "--confirm", "x:@acme")
    assert terminal.question() == "acme"
    assert "--confirm is ignored in a terminal: the account is typed." in terminal.before
    terminal.type("")
    assert terminal.end()[0] == 3
    assert public(firm) == []


def test_there_is_no_yes(firm: Office, terminal: Terminal) -> None:
    for word in ("--yes", "-y", "--force"):
        code, said = terminal.run(*POST, word)
        assert code == 2
        assert f"No such option '{word}'" in said
    assert public(firm) == []


@pytest.mark.parametrize("word", ["--json", "--no-input"])
def test_json_and_no_input_mean_that_there_is_no_terminal(firm: Office, terminal: Terminal, word: str) -> None:
    terminal.confirmed(*POST)
    code, said = terminal.run("post", "Second", "--to", "x:@acme", "--grace", "0", word)
    assert code == 10
    assert "Add: --confirm x:@acme" in said
    code, _said = terminal.run("post", "Second", "--to", "x:@acme", "--confirm", "x:@acme", "--grace", "0", word)
    assert code == 0
    assert [text for _account, text in public(firm)] == ["Good morning", "Second"]


def test_two_terminals_are_two_contexts(firm: Office, open_terminal: Opening) -> None:
    left, right = open_terminal(), open_terminal()
    left.confirmed(*POST)
    right.begin("post", "From the right", "--to", "x:@acme", "--grace", "0")
    assert right.question() == "acme"
    # Meanwhile the left one moves to another client, which is nothing to the right one.
    left.begin("post", "From the left", "--to", "x:@townhall", "--grace", "0")
    assert left.question() == "x:@townhall"
    right.type("acme")
    assert right.end()[0] == 0
    left.type("x:@townhall")
    assert left.end()[0] == 0
    assert right.run("post", "Again", "--to", "x:@acme", "--grace", "0")[0] == 0
    assert Counter(account for account, _text in public(firm)) == {"x:@acme": 3, "x:@townhall": 1}


def test_a_session_variable_splits_a_context_and_joins_none(firm: Office, open_terminal: Opening) -> None:
    left, right = open_terminal(), open_terminal()
    left.confirmed(*POST, SOCIALGUARD_SESSION="client-a")
    for terminal, session in ((left, "client-b"), (left, ""), (right, "client-a")):
        terminal.begin("post", "Other", "--to", "x:@acme", "--grace", "0", SOCIALGUARD_SESSION=session)
        assert terminal.question() == "acme", session
        terminal.type("")
        assert terminal.end()[0] == 3
    assert left.run("post", "Same", "--to", "x:@acme", "--grace", "0", SOCIALGUARD_SESSION="client-a")[0] == 0
    assert [text for _account, text in public(firm)] == ["Good morning", "Same"]


def test_half_an_hour_of_silence_asks_again(firm: Office, terminal: Terminal) -> None:
    terminal.confirmed(*POST)
    again = ("post", "Second", "--to", "x:@acme", "--grace", "0")
    assert terminal.run(*again, SOCIALGUARD_CLOCK="+29m")[0] == 0
    terminal.begin("post", "Third", "--to", "x:@acme", "--grace", "0", SOCIALGUARD_CLOCK="+60m")
    assert terminal.question() == "acme"
    terminal.type("")
    assert terminal.end()[0] == 3
    assert len(public(firm)) == 2


def test_use_confirms_early_and_whoami_tells(firm: Office, terminal: Terminal) -> None:
    terminal.begin("use", "acme", "facebook:@acme")
    assert terminal.question() == "2 acme"
    assert terminal.before.split() == ["2", "ACCOUNTS,", "1", "CLIENT", "acme", "(2)", "x:@acme", "facebook:@acme"]
    assert "to confirm." in terminal.asked
    terminal.type("2 acme")
    code, said = terminal.end()
    assert code == 0
    assert "Confirmed here: x:@acme, facebook:@acme." in said
    assert terminal.run("whoami")[1].strip() == "x:@acme, facebook:@acme (confirmed 0 min ago)"
    assert terminal.run(*POST)[0] == 0
    assert terminal.run("post", "On the page", "--to", "facebook:@acme", "--grace", "0")[0] == 0
    assert public(firm) == [("x:@acme", "Good morning"), ("facebook:@acme", "On the page")]


def test_use_that_is_stopped_confirms_nothing(firm: Office, terminal: Terminal) -> None:
    terminal.begin("use", "acme")
    assert terminal.question() == "acme"
    terminal.type("")
    code, said = terminal.end()
    assert code == 3
    assert "Draft" not in said
    assert "No account is confirmed here." in terminal.run("whoami")[1]


def test_several_accounts_ask_for_their_number_and_every_client(firm: Office, terminal: Terminal) -> None:
    targets = ["--to", "client:acme", "--to", "x:@townhall"]
    terminal.begin("post", "Together", *targets, "--grace", "0")
    assert terminal.question() == "3 acme townhall x:@townhall"
    assert "3 ACCOUNTS, 2 CLIENTS" in terminal.before
    assert "← the only one outside acme" in terminal.before
    terminal.type("3 acme townhall x:@townhall")
    assert terminal.end()[0] == 0
    assert {account for account, _text in public(firm)} == {"x:@acme", "facebook:@acme", "x:@townhall"}


def test_a_handle_that_reads_like_another_asks_for_a_new_code_each_time(firm: Office, terminal: Terminal) -> None:
    codes = []
    for answer in ("g1obex-x", "g1obex-x AAAA", None):
        terminal.begin("post", "Careful", "--to", "x:@g1obex", "--grace", "0")
        wanted = terminal.question()
        assert "this handle can be mistaken for another: g1obex" in terminal.before
        name, code = wanted.split(" ")
        assert name == "g1obex-x"
        assert len(code) == 4
        codes.append(code)
        terminal.type(wanted if answer is None else answer)
        if answer is not None:
            assert terminal.question() == wanted
            terminal.type("")
        assert terminal.end()[0] == (0 if answer is None else 3)
    assert len(set(codes)) == 3
    assert public(firm) == [("x:@g1obex", "Careful")]


def test_deleting_asks_like_a_switch(firm: Office, open_terminal: Opening) -> None:
    left, right = open_terminal(), open_terminal()
    left.confirmed(*POST)
    delivery = firm.queue("sent")[0]["id"]
    right.begin("delete", delivery)
    assert right.question() == "acme"
    assert "DELETE  x:@acme   (acme)" in right.before
    assert " text   Good morning\r\n" in right.before
    assert " when   now; it cannot be brought back" in right.before
    assert "to delete the post." in right.asked
    right.type("globex")
    assert right.question() == "acme"
    right.type("acme")
    code, said = right.end()
    assert code == 0
    assert "Deleted on x:@acme." in said
    assert firm.published() == []


def test_a_script_without_a_terminal_is_told_the_words_to_add(firm: Office) -> None:
    done = firm.process(*POST)
    assert (done.code, done.stdout) == (10, "")
    assert done.stderr.splitlines()[0] == (
        "10 x:@acme needs confirmation (last here: -). Nothing was sent. Add: --confirm x:@acme"
    )
    # A pipe that says yes to everything answers nothing.
    assert finish(firm.start(*POST), "acme\n" * 100).code == 10
    assert public(firm) == []


def test_a_script_names_every_target_and_no_other(firm: Office) -> None:
    both = ("post", "Both", "--to", "client:acme", "--grace", "0", "--json")
    done = firm.cli(*both, "--confirm", "x:@acme")
    assert (done.code, done.error["needs"]) == (10, ["facebook:@acme"])
    for name in ("acme", "client:acme", "X:@ACME", "@acme", "x:acme"):
        assert firm.cli(*both, "--confirm", name, "--confirm", "facebook:@acme").code == 10
    done = firm.cli(*both, "--confirm", "x:@acme", "--confirm", "facebook:@acme", "--confirm", "x:@globex")
    assert done.code == 2
    assert public(firm) == []
    assert firm.cli(*both, "--confirm", "x:@acme", "--confirm", "facebook:@acme").code == 0
    assert {account for account, _text in public(firm)} == {"x:@acme", "facebook:@acme"}


def test_whoami_in_a_terminal_answers_scripts_too(firm: Office, terminal: Terminal) -> None:
    terminal.confirmed("use", "acme")
    code, said = terminal.run("whoami", "--json")
    document = json.loads(said)
    assert (code, document["terminal"], document["accounts"]) == (0, True, ["x:@acme"])


@pytest.mark.parametrize(
    ("frozen", "wanted"), [("acme", "acme"), ("client:acme", "2 acme"), ("x:@townhall", "x:@townhall")]
)
def test_lifting_a_freeze_asks_as_a_switch_does_even_inside_the_set(
    firm: Office, terminal: Terminal, frozen: str, wanted: str
) -> None:
    terminal.confirmed("use", "acme", "facebook:@acme")
    assert terminal.run("freeze", frozen)[0] == 0
    for lines, code in ((("",), 3), (("globex", "yes", "x"), 3), (("globex", wanted), 0)):
        terminal.begin("thaw", frozen, "--reason", "all well", "--confirm", frozen)
        for line in lines:
            terminal.child.expect_exact(f"Type {wanted} to lift the freeze. Enter stops: ")
            terminal.type(line)
        ended, said = terminal.end()
        assert ended == code
        assert ("The freeze was not lifted." in said) == (code == 3)


def test_commands_of_one_shell_share_a_context_and_another_shell_has_its_own(firm: Office) -> None:
    program = f"{sys.executable} -m socialguard post"
    for number in range(2):
        shell = pexpect.spawn(
            "/bin/sh", [], env=firm.environment(TERM="xterm", PS1="$ "), encoding="utf-8", timeout=60
        )
        shell.sendline(f"{program} 'First {number}' --to acme --grace 0")
        shell.expect_exact("Type acme to post. Enter stops: ")
        shell.sendline("acme")
        shell.expect_exact("socialguard delete")
        shell.sendline(f"{program} 'Second {number}' --to acme --grace 0; echo ended $?")
        assert shell.expect_exact(["ended 0", "Enter stops"]) == 0
        shell.close(force=True)
    assert [text for _account, text in public(firm)] == ["First 0", "Second 0", "First 1", "Second 1"]
