"""The wrong-account detector: does a draft read like the account that it is meant for?

    portfolio = Portfolio()                             # Portfolio(rate=0.01): false alarms, of genuine posts
    portfolio.learn("x:@sport", Post("Goal! #Ligue1", link="lequipe.fr", media=True, at=when))
    …                                                   # every confirmed post, each account's in order of time
    portfolio.calibrate()                               # seconds; `judge` does it where it was not done
    verdict = portfolio.judge(Post("Goal again! #Ligue1"), target="x:@ville-lyon")
    verdict.asks, verdict.reads_like, verdict.like_none # True, "x:@sport", False
    verdict.own, verdict.best_other, verdict.other      # scores; `swap` and `outsider` are the two suspicions,
    verdict.swap, verdict.swap_threshold                # asked about above their thresholds
    verdict.reasons                                     # Reason("hashtag", "#Ligue1", there=214, here=0), …
    portfolio.save(path); Portfolio.load(path)

Needs numpy and nothing of a workspace. The same posts in the same order give the same numbers. An account with
fewer than `ENOUGH` confirmed posts is never judged nor compared (`verdict.enough` is False). Learn only what is
confirmed as the account's: whoever can have other texts learned can teach the detector to be silent."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from socialguard.guard.affinity.portfolio import ENOUGH, Portfolio, Verdict
    from socialguard.guard.affinity.post import Post

__all__ = ["ENOUGH", "Portfolio", "Post", "Verdict"]


def __getattr__(name: str) -> object:
    """Import the detector, and numpy with it, only where it is asked for."""
    if name not in __all__:
        raise AttributeError(name)
    from socialguard.guard.affinity import portfolio, post

    return getattr(post if name == "Post" else portfolio, name)
