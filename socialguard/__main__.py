"""`python -m socialguard` is the same as the `socialguard` command."""

from socialguard.cli.main import main

main()
