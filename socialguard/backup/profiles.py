"""A profile as it was seen, and when."""

from socialguard import clock, errors
from socialguard.archive import looking
from socialguard.backup.interface import Desk
from socialguard.model.account import Account
from socialguard.model.activity import Profile


def keep(desk: Desk, account: Account, profile: Profile) -> None:
    """Keep the profile that an account's credential showed; raises WrongIdentity where it is another account's."""
    if profile.user_id != account.user_id:
        raise errors.WrongIdentity(account=account, found=f"@{profile.handle} ({profile.user_id})")
    desk.archive.keep_profile(account.id, profile)
    with desk.archive.database.write() as connection:
        looking.note(connection, account.id, looking.PROFILE, clock.now())
