"""Generated days at two real terminals and in scripts, held against the model of the rules."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from tests.office import Office
from tests.wrong_account.firm import ACCOUNTS
from tests.wrong_account.model import TRIES, Model
from tests.wrong_account.operator import ENTER, KINDS, typed
from tests.wrong_account.terminal import Terminal, public

Opening = Callable[[], Terminal]


@pytest.mark.parametrize("seed", range(12))
def test_a_generated_day_at_two_terminals_and_a_script(firm: Office, open_terminal: Opening, seed: int) -> None:
    chance = random.Random(seed)
    model = Model()
    terminals = {name: open_terminal() for name in ("left", "right")}
    allowed: Counter[tuple[str, str]] = Counter()
    for number in range(6):
        model.now += chance.choice([0, 0, 5, 29, 31])
        moved = {"SOCIALGUARD_CLOCK": f"+{int(model.now)}m"}
        targets = chance.sample(ACCOUNTS, chance.choice([1, 1, 1, 2]))
        text = f"Text {number} of day {seed}"
        words = ["post", text, "--grace", "0", *(word for name in targets for word in ("--to", name))]
        where = chance.choice(["left", "left", "right", "script"])
        if where == "script":
            named = chance.choice([targets, targets[:-1]])
            words += [word for name in named for word in ("--confirm", name)]
            done = firm.cli(*words, "--json", **moved)
            assert done.code == (0 if named == targets else 10), done
            passes = named == targets
        else:
            passes = _at_terminal(terminals[where], where, model, chance, targets, words, moved)
        if passes:
            allowed.update((name, text) for name in targets)
    assert Counter(public(firm)) == allowed


def _at_terminal(
    terminal: Terminal,
    where: str,
    model: Model,
    chance: random.Random,
    targets: list[str],
    words: list[str],
    moved: dict[str, str],
) -> bool:
    """Post at a terminal, answer as a generated person, and return whether the rules let it out."""
    asks = model.asks(where, targets)
    terminal.begin(*words, **moved)
    wanted = terminal.question()
    assert bool(wanted) == asks, (targets, terminal.before)
    if not asks:
        assert terminal.code() == 0, terminal.before
        model.use(where, targets)
        return True
    code = wanted.rpartition(" ")[2] if model.needs_code(targets) else None
    assert wanted == model.words(targets, code)
    kinds = [*chance.choices(KINDS, k=chance.randint(1, TRIES)), ENTER, ENTER][:TRIES]
    passes = False
    for number, kind in enumerate(kinds, start=1):
        line = typed(kind, wanted, targets, code)
        terminal.type(line)
        passes = line == wanted
        if passes or not line or number == TRIES:
            break
        assert terminal.question() == wanted
    ended, said = terminal.end()
    assert ended == (0 if passes else 3), said
    if passes:
        model.confirm(where, targets)
    return passes
