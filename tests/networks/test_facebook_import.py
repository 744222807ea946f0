"""The Facebook adapter costs a list nothing, and the old SDK loads under the strictest of warnings."""

import subprocess
import sys
from pathlib import Path


def run(code: str, *options: str, cache: Path | None = None) -> str:
    """Run `code` in a fresh interpreter and return what it prints."""
    environment = {"PYTHONPYCACHEPREFIX": str(cache)} if cache else {}
    done = subprocess.run(
        [sys.executable, *options, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_naming_the_network_loads_nothing_heavy() -> None:
    loaded = run(
        "import sys; from socialguard.networks.facebook import FacebookAdapter; a = FacebookAdapter();"
        "a.length('x', None); a.price('x', None); a.profile_url('acme', '1');"
        "print(*{'requests', 'pydantic', 'facebook', 'urllib3', 'socialguard.networks.facebook_session'}"
        " & set(sys.modules))"
    )
    assert loaded.strip() == ""


def test_the_old_sdk_is_compiled_without_a_warning(tmp_path: Path) -> None:
    r"""facebook-sdk 3.1.0 holds a non-raw "\d": an error under -W error where no compiled copy lies about."""
    code = (
        "import sys, warnings, pydantic, requests; sys.dont_write_bytecode = True; warnings.simplefilter('error');"
        "import socialguard.networks.facebook_graph as graph; print(graph.Graph(None).version)"
    )
    assert run(code, cache=tmp_path).strip().endswith("v26.0")
