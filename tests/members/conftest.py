"""What the tests of members stand on."""

from pathlib import Path

import pytest

from tests.office import Office, office  # noqa: F401 - a fixture
from tests.people import Colleague, joined


@pytest.fixture
def jonas(office: Office, tmp_path: Path) -> Colleague:  # noqa: F811 - the fixture above
    """Jonas, a publisher who may publish on x:@acme."""
    return joined(office, "Jonas", "publisher", tmp_path / "jonas", grants=("x:@acme",))
