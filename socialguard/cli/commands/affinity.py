"""`socialguard affinity …`: what the wrong-account detector knows, and how often it asked in vain."""

import click

from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.words import _, counted, percent


@command("status")
def status(face: Face) -> None:
    """Show what is known of how each account writes, and how often that question was asked and overruled."""
    from socialguard.workspace import affinity_status

    with open_workspace(face, may_ask=False) as workspace:
        found = affinity_status.status(workspace)
    document = {
        "accounts": [
            {
                "account": one.account,
                "posts": one.posts,
                "enough": one.is_enough,
                "judged": one.judged,
                "false_alarms": one.asked,
                "rate": one.rate,
                "drift": one.drift,
            }
            for one in found.accounts
        ],
        "weeks": [{"week": one.week, "alarms": one.alarms, "overrules": one.overrules} for one in found.weeks],
    }

    def people() -> None:
        face.printer.table(
            [_("account"), _("posts"), _("false alarms"), _("at most"), _("drift"), ""],
            [
                (
                    one.account,
                    one.posts,
                    f"{one.asked}/{one.judged} ({percent(one.asked / one.judged)})" if one.judged else "",
                    percent(one.rate),
                    "" if one.drift is None else f"{one.drift:+.1f}",
                    "" if one.is_enough else _("not enough history"),
                )
                for one in found.accounts
            ],
        )
        face.printer.table(
            [_("week"), _("asked"), _("overruled")],
            [(one.week, one.alarms, one.overrules) for one in found.weeks],
        )

    face.printer.answer(document, people)


@command("fit")
@click.option("--anew", is_flag=True, help="From all posts, not only from those that are new.")
def fit(face: Face, anew: bool) -> None:
    """Learn how the accounts write from their confirmed posts; a backup does it too."""
    from socialguard.workspace import affinity

    with open_workspace(face) as workspace:
        found = affinity.refit(workspace, anew=anew)
    document = {"learned": found.learned, "anew": found.whole}
    told = counted("Learned: {count} post.", "Learned: {count} posts.", found.learned)
    face.printer.answer(document, lambda: face.printer.line(told))
