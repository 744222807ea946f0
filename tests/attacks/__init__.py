"""Somebody who can write every database and file of a workspace, but has no key: what they try, as code.

Each test is one attack, named by what is tried; its docstring says by what it is refused or found. The program
that runs afterwards is the real one, and no post that nobody confirmed is public at the end.

The firm that is attacked: `world.py`. More of the same kind, by room: `tests/test_tampering*.py`,
`tests/publishing/test_tampering.py`. What succeeds is in `test_not_protected.py`, line by line as
`docs/security.md` admits it."""
