"""How alerts are told: one whole, and the line that every command ends with until they were seen."""

from collections.abc import Mapping
from string import Formatter

from socialguard.cli.face import Face
from socialguard.cli.phrases import phrase
from socialguard.cli.words import _, counted, fill


def sentence(template: str, fields: Mapping[str, str]) -> str:
    """Return what happened in the person's language, its values safe to show; a template that is not one of ours,
    which whoever writes the workspace can leave, as the text that it is."""
    known: dict[str, object] = {name: phrase(value) for name, value in fields.items()}
    try:
        if all(_is_plain(*part[1:]) for part in Formatter().parse(template)):
            return fill(_(template), known)
    except (KeyError, ValueError):
        pass
    return fill("{text}", {"text": template})


def _is_plain(name: str | None, how: str | None, conversion: str | None) -> bool:
    """Whether a field asks for a value alone: a width or an attribute could fill the memory or fail."""
    return name is None or (name.isidentifier() and not how and conversion is None)


def remind(face: Face) -> None:
    """Say on stderr, in one line, how many alerts nobody has seen, and the newest; not to a script. It opens no
    database: a small file says it, and there is none where nothing is unseen."""
    if not face.reminds or face.as_json or face.no_input:
        return
    if any(workspace.wrote_behind for workspace in face.opened):
        face.printer.note(
            "This machine's clock is behind the newest entry of the log: set it (timedatectl set-ntp true), "
            "then run: socialguard doctor"
        )
    from socialguard.alerts import notice

    found = notice.read(face.home.joinpath(*notice.PLACE))
    if found is None:
        return
    unseen = counted("{count} unseen alert.", "{count} unseen alerts.", found.unseen)
    newest = sentence(found.template, found.fields)
    face.printer.note("ALERT  {counted} {newest} See: socialguard alerts list", counted=unseen, newest=newest)
