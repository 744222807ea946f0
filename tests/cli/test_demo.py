"""`socialguard demo`: it shows what the README promises, and says so where a step does not happen."""

import subprocess
import sys
from pathlib import Path

from tests.cli.shapes import Demo, shown
from tests.office import ROOT, Done, as_done

_CODE = "from socialguard.cli import forks, main; from socialguard.cli.commands import demo; import sys; {}"


def _python(code: str) -> Done:
    """Run code in a process without threads, as the demo's is."""
    command = [sys.executable, "-c", _CODE.format(code)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    return as_done(done.returncode, done.stdout, done.stderr)


def test_every_step_of_the_demo_happens(tmp_path: Path) -> None:
    """The demo posts, switches, reconciles, schedules, backs up, and finds what was tampered with."""
    done = _python(f"sys.exit(main.run(['demo', '--json', '--keep', {str(tmp_path / 'kept')!r}]))")
    assert len(shown(done, Demo).steps) == 8
    assert (tmp_path / "kept" / "workspace" / "socialguard.db").exists()


def test_a_step_that_does_not_happen_ends_the_demo() -> None:
    """Without the account of the other client the switch is not refused for want of a confirmation."""
    done = _python("demo._ACCOUNTS = demo._ACCOUNTS[:1]; sys.exit(main.run(['demo', '--json']))")
    assert done.code == 1
    assert "exit 5, not 10" in done.document["error"]["message"]


def test_a_fork_reads_its_own_input_and_environment() -> None:
    """What a fork is given comes through its pipe and its own environment, and what it says is told apart."""
    done = _python(
        "ended = forks.Fork(['post', '--to', 'nobody', '--json'], {'SOCIALGUARD_HOME': '/no/x'}, 'Hi').wait(60);"
        "print(ended.code, '/no/x' in ended.out, ended.err == '')"
    )
    assert done.stdout.split() == ["5", "True", "True"], done


def test_a_fork_that_does_not_end_is_killed() -> None:
    """A demo never hangs for a command that does."""
    done = _python("print(forks.Fork(['sandbox', 'serve'], {}).wait(0.2).code)")
    assert done.stdout.split() == ["-9"], done
