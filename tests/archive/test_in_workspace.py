"""The archive of a workspace: its worker signs, and what it signed is believed after the index is lost."""

from socialguard.model.activity import Stream
from tests.archive.world import Network, back_up, ids
from tests.office import Office, office  # noqa: F401


def test_the_worker_of_a_workspace_signs_its_segments(office: Office) -> None:  # noqa: F811
    network = Network()
    network.post(25)
    with office.entered() as workspace:
        account = workspace.accounts()[0].id
        back_up(workspace.archive, network, Stream.POSTS, account)
        assert workspace.archive.close_pages() == 1
        assert workspace.archive.verify().problems == ()
        root = workspace.archive.root()
    (office.home / "archive.db").unlink()
    with office.entered() as workspace:
        assert workspace.archive.rebuilt is not None
        assert workspace.archive.rebuilt.reason == "missing"
        assert workspace.archive.root() == root
        assert len(ids(workspace.archive)) == 25
