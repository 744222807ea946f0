"""Every command of the program: its words, where it lives and its one line of help.

`socialguard --help` reads only this table; a command's module is imported when the command runs. A row stands here
exactly when its module does, and a test holds each row's help against the command's own."""

from collections.abc import Mapping

# one row a command reads better than wrapped ones
from typing import Final, NamedTuple

ROOM: Final = "socialguard.cli.commands"


class Row(NamedTuple):
    """One command: the module below `cli.commands`, the name of the click command in it, its first help line."""

    module: str
    attribute: str
    help: str


# In the order in which `--help` shows them: set up, post, stop, watch, then the rest.
TABLE: Final[Mapping[str, Row]] = {
    "init": Row(
        "init", "init", "Found a workspace: keys on this machine, an empty registry, the first entry of the log."
    ),
    "account add": Row(
        "account", "add", "Add an account: the network is asked whose the credential is, then it is sealed."
    ),
    "account list": Row("account", "list_", "List the accounts."),
    "account show": Row(
        "account", "show", "Show one account, and what is known of its credential without opening it."
    ),
    "account verify": Row(
        "account", "verify", "Ask the network whose the credential is, what it may do and when it ends."
    ),
    "account rename": Row("account_changes", "rename", "Give an account another short name."),
    "account label": Row("account_changes", "label", "Put labels on an account (+fr) or take them off (-- -fr)."),
    "account client": Row("account_changes", "client", "Move an account to a client (a brand or customer)."),
    "account zone": Row(
        "account_changes",
        "zone",
        "Say in which time zone people schedule for an account; what is scheduled keeps its instant.",
    ),
    "account remove": Row(
        "account",
        "remove",
        "Take an account out and destroy its credential here; the network keeps it valid until revoked.",
    ),
    "account rotate": Row(
        "account", "rotate", "Replace the credential of an account, after the network said whose it is."
    ),
    "account revoke": Row(
        "account", "revoke", "Ask the network to forget a credential, until it is rejected there."
    ),
    "account import": Row(
        "account",
        "import_",
        "Add many accounts from a CSV or JSON-lines file; every row is checked before the first is added.",
    ),
    "account login x": Row("login", "login_x", "Log in to X in the browser, and add the account that allows it."),
    "account login facebook": Row(
        "login", "login_facebook", "Log in to Facebook in the browser, and add Pages that the person manages."
    ),
    "contact": Row(
        "contact", "contact", "Show or set whom to call about an account (or, with --me, how to reach you)."
    ),
    "mfa set": Row(
        "mfa", "set_", "Sign which second factor an account's log-in has, as somebody saw at the network."
    ),
    "mfa show": Row("mfa", "show", "Show the second factor of an account: which, who looked, and when."),
    "mfa list": Row("mfa", "list_", "List the second factors of accounts, and what is wrong with each."),
    "member invite": Row(
        "member", "invite", "Invite somebody: prints a file to carry to them, by any way but this database."
    ),
    "member join": Row(
        "member",
        "join",
        "Make keys on this machine for an invitation, and print the request for the owner and its code.",
    ),
    "member accept": Row(
        "member", "accept", "Take in whoever sent a request, after hearing its code from the person."
    ),
    "member list": Row("member", "list_", "List the members, their roles, and since when and by whose act."),
    "member role": Row(
        "member", "role", "Give a member another role; grants that the new role cannot have are dropped."
    ),
    "member suspend": Row(
        "member",
        "suspend",
        "Let a member's keys count for nothing until that is lifted; what they open is sealed anew without them.",
    ),
    "member remove": Row(
        "member", "remove", "Remove a member for good: no key of theirs opens what is written from now on."
    ),
    "offboard": Row(
        "member",
        "offboard",
        "Remove a member and say what is left for a person to do: tokens at each network, log-ins, deliveries.",
    ),
    "grant": Row(
        "access",
        "grant",
        "Grant a member a right on accounts; a label or client means the accounts that are in it now.",
    ),
    "revoke": Row(
        "access",
        "revoke",
        "Take back what a member may do on accounts; `account revoke` is for a credential at its network.",
    ),
    "access": Row("access", "access", "Show who can do what on an account, since when and by whose act."),
    "policy apply": Row(
        "policy",
        "apply",
        "Put a policy file in force: its hash goes into the signed manifest, and the sender obeys no other.",
    ),
    "policy show": Row(
        "policy", "show", "Show what holds for an account, and which section of the policy says so."
    ),
    "policy diff": Row(
        "policy", "diff", "Show what a policy file would change for each account, against what is in force."
    ),
    "policy check": Row(
        "policy",
        "check",
        "Check a policy file without applying it: every key, every value, every account that it names.",
    ),
    "check": Row("check", "check", "Check a text as it would be checked for the accounts that --to names."),
    "post": Row("post", "post", "Post a text to the accounts that --to names."),
    "use": Row("post", "use", "Confirm accounts early, so that the next posts to them do not ask."),
    "whoami": Row("whoami", "whoami", "Show the accounts that this terminal session has confirmed."),
    "approve": Row(
        "approval",
        "approve",
        "Show exactly what will be public, and sign that it may go out; nobody approves their own.",
    ),
    "approval request": Row(
        "approval",
        "request",
        "Print a file by which somebody who is not on this machine can approve a waiting delivery.",
    ),
    "review export": Row(
        "review", "export", "Export what waits for an approval, for a client who answers by mail."
    ),
    "queue accept": Row("approval", "accept", "Take in an approval that came as a file."),
    "reject": Row(
        "approval", "reject", "Say that a waiting delivery may not go out; it is held, and its author may edit it."
    ),
    "draft new": Row("draft", "new", "Keep a draft without posting it."),
    "draft edit": Row("draft", "edit", "Change a draft in your editor."),
    "draft list": Row("draft", "list_", "List drafts, newest first."),
    "draft show": Row("draft", "show", "Show one draft whole, and what became of it."),
    "plan import": Row(
        "plan",
        "import_",
        "Queue the posts of a calendar (CSV, XLSX) after all rows were checked; it asks once for the whole file.",
    ),
    "plan show": Row("plan_show", "show", "Show what is planned as a grid, with gaps and collisions."),
    "plan export": Row(
        "plan_show", "export", "Export what is planned, for other programs and for people who have not this one."
    ),
    "plan move": Row(
        "plan_show", "move", "Give a waiting delivery another time; it is checked and confirmed anew."
    ),
    "queue list": Row("listing", "list_", "List deliveries by the time at which they are due."),
    "queue show": Row("listing", "show", "Show one delivery whole."),
    "queue edit": Row(
        "queue", "edit", "Replace the text of a waiting delivery; it is checked and confirmed anew."
    ),
    "queue cancel": Row("queue", "cancel", "Cancel waiting deliveries; their drafts are kept. It never asks."),
    "queue release": Row(
        "queue", "release", "Let a held delivery go, now or at a time; it asks as a switch does."
    ),
    "queue resume": Row(
        "queue",
        "resume",
        "Go on with a thread that stopped, from the part that was not sent; it asks as a switch does.",
    ),
    "queue settle": Row("queue", "settle", "Say what became of a delivery whose outcome is unknown."),
    "queue reconcile": Row(
        "queue", "reconcile", "Look at the networks for deliveries whose outcome is unknown. It sends nothing."
    ),
    "queue run": Row("queue", "run", "Send every delivery that is due, after finding out what is unknown."),
    "undo": Row("queue", "undo", "Take back a delivery that is not public yet. It never asks."),
    "delete": Row("queue", "delete", "Delete the public post of a delivery; it asks as a switch does."),
    "status": Row(
        "status", "status", "Show how accounts stand: last and next post, queue, credential, backup, alerts."
    ),
    "handover": Row(
        "handover",
        "handover",
        "Show what the next shift must know: held, unknown, frozen, crises, the next 12 hours, alerts, notes.",
    ),
    "backup run": Row(
        "backup_run", "run", "Fetch what is new of accounts, all where none is named; it goes on where it stopped."
    ),
    "backup status": Row("backup_files", "status", "Show how much of each account is kept, and how old it is."),
    "backup list": Row("backup_items", "list_", "List what is kept of an account, newest first."),
    "backup show": Row("backup_items", "show", "Show one item: its versions, metrics over time and files."),
    "backup search": Row("backup_items", "search", "Find items by words, in every version that was seen."),
    "backup verify": Row(
        "backup_files", "verify", "Prove that every file of the archive is as it was written; names what is not."
    ),
    "backup seal": Row("backup_shred", "seal", "Seal what an older version kept of other people in the clear."),
    "backup shred": Row(
        "backup_shred", "shred", "Destroy what other people wrote to an account in a month, for good."
    ),
    "backup rebuild": Row("backup_files", "rebuild", "Make the index of the archive anew from its segments."),
    "freeze": Row(
        "stops", "freeze", "Stop every send on accounts, clients, labels, of a member, or --all. It never asks."
    ),
    "thaw": Row("stops", "thaw", "Lift a freeze; signed, and it asks as a switch does."),
    "panic": Row(
        "panic",
        "panic",
        "Stop accounts at once: freeze, cancel what waits, keep evidence; on demand delete and revoke.",
    ),
    "recover": Row(
        "recover",
        "recover",
        "Go the way back of an account that was taken over: credential, identity, review, thaw; again goes on.",
    ),
    "crisis on": Row(
        "crisis", "on", "Hold every post that is queued, of all accounts where none is named. It never asks."
    ),
    "crisis off": Row(
        "crisis",
        "off",
        "End a crisis, every one where none is named; signed. What is held stays held until it is released.",
    ),
    "crisis status": Row("crisis", "status", "Show the crises in force, and the posts that one holds."),
    "watch run": Row(
        "watch", "run", "Look for what nobody here did on accounts: posts, replies, deletions, profile changes."
    ),
    "watch credential": Row(
        "watch",
        "credential",
        "Let this machine look at an account with a credential of its own that can only read.",
    ),
    "watch baseline": Row(
        "watch", "baseline", "Accept that people also post by hand on an account: learn what is usual there."
    ),
    "alerts list": Row("alerts", "list_", "List what nobody has seen yet, newest first."),
    "alerts show": Row("alerts", "show", "Show one alert whole: what to do, and the evidence of each thing seen."),
    "alerts channel add": Row(
        "alert_channels", "add", "Add a channel: its address is read from standard input, since it holds a secret."
    ),
    "alerts channel list": Row("alert_channels", "list_", "List the channels by name; no address is shown."),
    "alerts channel remove": Row("alert_channels", "remove", "Remove a channel."),
    "alerts send": Row(
        "alert_channels", "send", "Send alerts to the channels now; the daemon does it every minute."
    ),
    "alerts ack": Row("alerts", "ack", "Say that you know of alerts: no command tells of them any more."),
    "affinity status": Row(
        "affinity",
        "status",
        "Show what is known of how each account writes, and how often that question was asked and overruled.",
    ),
    "affinity fit": Row(
        "affinity", "fit", "Learn how the accounts write from their confirmed posts; a backup does it too."
    ),
    "costs": Row("costs", "costs", "Show what calls cost, by account, operation and currency."),
    "audit list": Row(
        "audit", "list_", "List entries, newest first: when, who, what, on which account, with which outcome."
    ),
    "audit show": Row("audit", "show", "Show one entry whole."),
    "audit verify": Row(
        "audit_verify",
        "verify",
        "Verify the whole log against its checkpoints, pins and anchors; or an exported one in DIR.",
    ),
    "audit checkpoint": Row("audit", "checkpoint", "Sign the log as it stands and hand it to every anchor."),
    "audit export": Row(
        "audit",
        "export",
        "Export the log to a new directory, with checkpoints, keys and proofs, for whoever checks it elsewhere.",
    ),
    "audit stream": Row(
        "audit_stream", "stream", "Print entries as lines, oldest first: as they stand, or as events of OCSF 1.8."
    ),
    "audit access": Row(
        "audit_access", "access", "Show who could do what at an instant, what of it was used, and what stands out."
    ),
    "audit person": Row(
        "audit_access",
        "person",
        "Write one signed file about a member: could, did, withdrawn, tokens changed, left to do.",
    ),
    "audit check": Row(
        "audit_access",
        "check",
        "Hold a signed file against its signature: evidence of a panic, or a report on a person.",
    ),
    "audit anchor list": Row(
        "audit_anchor",
        "list_",
        "List the anchors: where each is, what it took last, and since when something waits for it.",
    ),
    "audit anchor key": Row(
        "audit_anchor", "key", "Keep the key of an anchor sealed: its id and its secret, read from standard input."
    ),
    "audit prune": Row(
        "audit_prune",
        "prune",
        "Let go what entries say that are old, for good; their hashes stay, and what they prove.",
    ),
    "audit incident accept": Row(
        "audit",
        "accept",
        "Accept that the log was damaged: declare the gap, signed by an owner, and begin it again.",
    ),
    "vault export": Row(
        "vault", "export", "Export credentials to an age file, for the day when no key of the workspace is left."
    ),
    "vault rewrap": Row(
        "vault", "rewrap", "Seal credentials anew, under fresh keys, to whoever the manifest names now."
    ),
    "vault unlock": Row(
        "vault", "unlock", "Keep the passphrase's key in the kernel for 8 hours, so that commands do not ask."
    ),
    "vault lock": Row("vault", "lock", "Forget the key that `vault unlock` keeps; it goes on with a full disk."),
    "vault passphrase": Row(
        "vault_keys",
        "passphrase",
        "Change the passphrase that opens the keys of this machine; the old one is asked for first.",
    ),
    "vault log-key": Row(
        "vault_keys",
        "log_key",
        "Sign the log with a new key from now on, made here or on another machine.",
    ),
    "vault recovery new": Row(
        "vault", "recovery_new", "Make a recovery kit that opens every credential; it replaces the one before."
    ),
    "vault recovery test": Row(
        "vault", "recovery_test", "Prove that a recovery kit is the one in force and opens a credential."
    ),
    "vault recovery restore": Row(
        "vault_restore",
        "restore",
        "Come back with the recovery kit when an owner's keys are lost: new keys, all frozen, the queue held.",
    ),
    "workspace adopt": Row(
        "workspace",
        "adopt",
        "Verify everything, then make this machine know this workspace; says what is taken on trust.",
    ),
    "workspace restore": Row(
        "workspace",
        "restore",
        "Put a backup in the place of this workspace: what is lost is declared, all is frozen, the queue is held.",
    ),
    "daemon run": Row(
        "daemon", "run", "Send what is due, keep credentials alive and the log anchored, until it is told to stop."
    ),
    "daemon status": Row("daemon", "status", "Show whether the daemon works, and how each of its duties stands."),
    "doctor": Row(
        "doctor",
        "doctor",
        "Look at clock, disk, permissions, keys, tokens, backups, anchors and daemon, with a remedy for each.",
    ),
    "upgrade": Row(
        "upgrade",
        "upgrade",
        "Bring the workspace to this program: a copy of the database, the migrations, and a look at the log.",
    ),
    "demo": Row("demo", "demo", "Show the main job on a sandbox of this machine: no account, no network."),
    "sandbox serve": Row("sandbox", "serve", "Serve X and Facebook on this machine, for trying things out."),
    "completion": Row("completion", "completion", "Print shell code that completes commands and account names."),
    "version": Row("version", "version", "Print the version of this program."),
}

GROUPS: Final[Mapping[str, str]] = {
    "account": "Accounts: who they are and what proves it.",
    "account login": "Logging in in the browser.",
    "affinity": "How each account writes, and texts that do not sound like theirs.",
    "alerts": "What a person must learn although no command was running.",
    "approval": "Approvals by mail.",
    "alerts channel": "Where alerts go outside this machine.",
    "audit": "The log of who did what, and its proof.",
    "audit anchor": "Where the log is anchored.",
    "audit incident": "What to do when the log was damaged.",
    "backup": "The activity of accounts, kept here.",
    "crisis": "What was queued before something happened waits for a person.",
    "daemon": "What works without a person.",
    "draft": "Texts that were kept.",
    "member": "Who belongs to the organisation, in which role, with which keys.",
    "mfa": "The second factor of each account's log-in, as people attest it.",
    "plan": "Calendars: what goes out when.",
    "policy": "The rules that protect accounts.",
    "queue": "Deliveries that wait, went out or are in doubt.",
    "review": "What waits, for people who have not this program.",
    "sandbox": "Networks on this machine, for trying things out.",
    "watch": "Activity on accounts that nobody here made.",
    "vault": "Keys, credentials and their recovery.",
    "vault recovery": "The kit that opens everything again.",
    "workspace": "This installation.",
}


def names_below(prefix: str) -> list[str]:
    """Return the words that may follow `prefix` ('' or a group), in the table's order and each once."""
    start = f"{prefix} " if prefix else ""
    return list(dict.fromkeys(name[len(start) :].split(" ")[0] for name in TABLE if name.startswith(start)))


def help_of(name: str) -> str:
    """Return the help line of a command or a group."""
    return TABLE[name].help if name in TABLE else GROUPS[name]
