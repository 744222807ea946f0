"""The watch: tells what happened on an account that nothing of ours did. The one writer of `watch_cursor`,
`baseline` and `sighting`.

Start at `watch.py`. It promises that every own item of the archive is judged exactly once, that what has a receipt
or an attempt of ours is never called foreign, and that nothing is said while a send is in doubt: the next look
does."""
