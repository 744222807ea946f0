"""The backup: fetches what an account did and what was written to it, and hands it to the archive, page by page.

Start at `run.py`. It promises that an interruption at any point loses nothing and fetches nothing for ever, that
every call is booked before its page is kept, and that the trouble of one account does not stop another."""
