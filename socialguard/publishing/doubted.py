"""What the log says of texts that do not sound like their account: that somebody was asked, and that they went
on."""

from socialguard.audit.interface import Entry
from socialguard.model.account import Account
from socialguard.publishing.interface import Desk, Plan

CHECK = "affinity"
ASKED, OVERRULED = "affinity.ask", "affinity.overrule"


def doubted(plan: Plan) -> tuple[Account, ...]:
    """Return the accounts of a plan that its text does not sound like."""
    names = {finding.account for finding in plan.findings if finding.check == CHECK}
    if plan.challenge is not None:
        names |= {doubt.account for doubt in plan.challenge.doubts}
    return tuple({one.account: None for one in plan.candidates if str(one.account) in names})


def entries(desk: Desk, plan: Plan, action: str) -> list[Entry]:
    """Return one entry for each of them."""
    obj = {"draft": plan.draft_id}
    return [Entry(action, "ok", desk.person, account=account.id, obj=obj) for account in doubted(plan)]
