"""Posting from the wrong account: over 200 generated sequences of posts to six accounts, in several terminals
and from scripts, nothing reaches an account that was not confirmed by name in that context, what is demanded is
what the rules say, and inside the confirmed set nothing is asked.

The network is the sandbox, the workspace a real one; the person is generated. `tests/wrong_account` has the model
of the rules; `tests/wrong_account/test_terminals.py` does the same through real terminals."""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from io import StringIO
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from socialguard import clock, errors
from socialguard.cli import terminal
from socialguard.cli.face import Face
from socialguard.cli.printing import Printer
from socialguard.cli.sending import ask
from socialguard.publishing import accept, prepare, send
from socialguard.publishing.interface import Answer, Plan, Request, Session
from socialguard.workspace.opened import Workspace
from tests.office import Office
from tests.wrong_account.firm import ACCOUNTS, SHORT_NAMES, firm
from tests.wrong_account.model import TRIES, Model
from tests.wrong_account.operator import ENTER, RIGHT, answers, typed

__all__ = ["firm"]

SEQUENCES: Final = 200
SHARDS: Final = 4
_numbers = itertools.count()
_minutes = 0.0  # how far this process has moved its clock: it never goes back within a workspace

TARGETS = st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=3, unique=True)


@dataclass(frozen=True)
class Post:
    """A post in a terminal; `confirm` is what stands in the shell's history."""

    where: str
    targets: list[str]
    said: list[str]
    confirm: bool


@dataclass(frozen=True)
class Script:
    """A post without a terminal; `named` are the accounts of its `--confirm`."""

    targets: list[str]
    named: frozenset[str]


@dataclass(frozen=True)
class Use:
    """Confirming early, without a post."""

    where: str
    targets: list[str]
    said: list[str]


@dataclass(frozen=True)
class Pause:
    """Nobody does anything for some minutes."""

    minutes: float


WHERE = st.sampled_from(["left", "left", "right"])
GOES_WELL = st.just([RIGHT])


@st.composite
def sequences(draw: st.DrawFn) -> list[Any]:
    """A day of a person who works mostly for a few accounts, and so gets used to some of them."""
    few = draw(st.lists(st.sampled_from(ACCOUNTS), min_size=1, max_size=2, unique=True))
    usual = st.sampled_from(few).map(lambda name: [name])
    targets = st.one_of(usual, usual, st.just(few), st.just(few[::-1]), TARGETS)
    post = st.builds(Post, WHERE, targets, st.one_of(GOES_WELL, answers), st.booleans())
    named = st.frozensets(st.sampled_from(ACCOUNTS), max_size=3)
    script = targets.flatmap(
        lambda chosen: st.builds(Script, st.just(chosen), st.one_of(st.just(frozenset(chosen)), named))
    )
    step = st.one_of(
        post,
        post,
        script,
        st.builds(Use, WHERE, targets, st.one_of(GOES_WELL, answers)),
        st.builds(Pause, st.sampled_from([1.0, 29.9, 30.1, 100.0])),
    )
    # The first post is meant: without a confirmed set there is nothing to be inside of.
    first = draw(st.builds(Post, st.just("left"), targets, GOES_WELL, st.booleans()))
    return [first, *draw(st.lists(step, min_size=3, max_size=7))]


class Hands(Face):
    """A face whose person is generated."""

    def __init__(self, *, at_terminal: bool) -> None:
        super().__init__()
        self.at_terminal = at_terminal
        self._printer = Printer(out=StringIO(), err=StringIO())

    @property
    def has_terminal(self) -> bool:
        return self.at_terminal


@dataclass
class World:
    """One sequence: the program, the model beside it, and what the model lets out. `questions` are those that were
    asked since the last step, `lines` what the person will type."""

    workspace: Workspace
    name: str
    questions: list[str]
    lines: list[str]
    model: Model = field(default_factory=Model)
    allowed: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, step: Post | Script | Use | Pause) -> None:
        """Do one step in both."""
        if isinstance(step, Pause):
            self.pause(step.minutes)
        elif isinstance(step, Script):
            self.script(step)
        elif isinstance(step, Use):
            self.use(step)
        else:
            self.post(step)

    def pause(self, minutes: float) -> None:
        global _minutes
        _minutes += minutes
        self.model.now += minutes
        clock.shift(timedelta(minutes=_minutes))

    def post(self, step: Post) -> None:
        text = self.new_text()
        session = Session(f"{self.name} {step.where}", "marie")
        plan = prepare.prepare(self.workspace.desk, self.request(text, step.targets), session)
        asks, passes = self.expected(step.where, step.targets, step.said, plan)
        named = step.targets if step.confirm else ()
        face = Hands(at_terminal=True)
        try:
            answer = ask(face, plan, named)
            queued = accept.accept(self.workspace.desk, plan, answer)
        except errors.Cancelled as problem:
            queued, stopped = (), problem.fields["draft"]
        else:
            stopped = None
        assert bool(self.questions) == asks, step
        self.questions.clear()
        assert stopped == (None if passes else plan.draft_id), step
        if not passes:
            return
        self.model_confirms(step.where, step.targets, asks=asks)
        self.send(text, step.targets, [value.id for value in queued])

    def script(self, step: Script) -> None:
        text = self.new_text()
        session = Session(None, "cron")
        plan = prepare.prepare(self.workspace.desk, self.request(text, step.targets), session)
        answer = ask(Hands(at_terminal=False), plan, sorted(step.named))
        assert not self.questions
        missing = [target for target in step.targets if target not in step.named]
        if missing:
            with pytest.raises(errors.ConfirmationRequired) as refused:
                accept.accept(self.workspace.desk, plan, answer)
            assert refused.value.exit_code == 10
            assert refused.value.fields["needs"] == missing
            assert refused.value.what_to_do() == "Add: " + " ".join(f"--confirm {name}" for name in missing)
            return
        if step.named - set(step.targets):
            with pytest.raises(errors.UsageError, match="which is no target"):
                accept.accept(self.workspace.desk, plan, answer)
            return
        queued = accept.accept(self.workspace.desk, plan, answer)
        self.send(text, step.targets, [value.id for value in queued])

    def use(self, step: Use) -> None:
        session = Session(f"{self.name} {step.where}", "marie")
        face = Hands(at_terminal=True)
        asks = self.model.asks(step.where, step.targets)
        outcome = True

        def asked(plan: Plan) -> Answer:
            nonlocal outcome
            outcome = self.expected(step.where, step.targets, step.said, plan)[1]
            return ask(face, plan, ())

        try:
            names = prepare.confirm_only(self.workspace.desk, step.targets, session, asked)
            assert outcome, step
            assert names == step.targets
            self.model_confirms(step.where, step.targets, asks=asks)
        except errors.Cancelled:
            assert not outcome, step
        assert bool(self.questions) == asks, step
        self.questions.clear()

    def expected(self, where: str, targets: Sequence[str], said: Sequence[str], plan: Plan) -> tuple[bool, bool]:
        """Return whether the model asks, and whether these answers pass; prepare the person to give them."""
        asks = self.model.asks(where, targets)
        assert (plan.challenge is not None) == asks, (where, targets)
        if plan.challenge is None:
            return False, True
        code = plan.challenge.code
        assert (code is not None) == self.model.needs_code(targets)
        wanted = self.model.words(targets, code)
        given = [typed(kind, wanted, targets, code) for kind in [*said, ENTER, ENTER, ENTER]][:TRIES]
        stop = given.index("") if "" in given else TRIES
        self.lines[:] = given
        return True, wanted in given[:stop]

    def model_confirms(self, where: str, targets: Sequence[str], *, asks: bool) -> None:
        if asks:
            self.model.confirm(where, targets)
        else:
            self.model.use(where, targets)

    def request(self, text: str, targets: Sequence[str]) -> Request:
        # Both ways to name an account: in full, and by its short name.
        selectors = [SHORT_NAMES[name] if index % 2 else name for index, name in enumerate(targets)]
        return Request(text=text, selectors=selectors, grace=0)

    def send(self, text: str, targets: Sequence[str], ids: Sequence[str]) -> None:
        results = send.send_now(self.workspace.desk, ids)
        assert [result.delivery.state.value for result in results] == ["sent"] * len(targets)
        self.allowed.update((target, text) for target in targets)

    def new_text(self) -> str:
        return f"Text {next(_numbers)} of {self.name}"


@pytest.fixture
def workspace(firm: Office) -> Iterator[Workspace]:
    with firm.entered() as opened:
        yield opened


@pytest.mark.parametrize("shard", range(SHARDS))  # for the workers of a test run
def test_no_post_reaches_an_account_that_was_not_confirmed_by_name_in_that_context(
    firm: Office, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, shard: int
) -> None:
    global _minutes
    _minutes = 0.0
    questions: list[str] = []
    lines: list[str] = []

    def answer(prompt: str) -> str:
        questions.append(prompt)
        return lines.pop(0)

    monkeypatch.setattr(terminal, "ask", answer)
    counted: Counter[str] = Counter()

    @settings(
        max_examples=SEQUENCES // SHARDS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(sequences())
    def sequence(steps: list[Any]) -> None:
        world = World(workspace, f"s{shard}-{next(_numbers)}", questions, lines)
        counted["sequences"] += 1
        for step in steps:
            world.take(step)
            counted[type(step).__name__] += 1
        posts = Counter(
            (f"{post['network']}:@{post['account']}", post["text"])
            for post in firm.sandbox.posts()
            if world.name in post["text"]
        )
        assert posts == world.allowed
        counted["public"] += posts.total()
        event(f"{posts.total()} public")

    sequence()
    assert counted["sequences"] >= SEQUENCES // SHARDS
    assert min(counted[kind] for kind in ("Post", "Script", "Use", "Pause", "public")) > 0
