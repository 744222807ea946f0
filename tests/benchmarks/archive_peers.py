"""The archive's peers, in a process of their own: `python archive_peers.py upsert|tweets FILE DATABASE`.

FILE holds a JSON document a line. Prints the seconds that the peer took and the size of its database; reading the
file is not counted. Runs on the peers' own environment, so it imports nothing of ours."""

import json
import sys
import time
from importlib import import_module
from pathlib import Path


def main() -> None:
    """Measure the peer that the command line names."""
    peer, source, target = sys.argv[1:]
    documents = [json.loads(line) for line in Path(source).read_text(encoding="utf-8").splitlines()]
    database = import_module("sqlite_utils").Database(target)
    if peer == "tweets":
        save_tweets = import_module("twitter_to_sqlite.utils").save_tweets
        began = time.perf_counter()
        save_tweets(database, documents)
    else:
        first = {name: type(value) for name, value in documents[0].items()}
        table = database["items"]
        began = time.perf_counter()
        table.create(first, pk="id")
        table.enable_fts(["text"], create_triggers=True)
        table.upsert_all(documents, pk="id")
    seconds = time.perf_counter() - began
    database.close()
    print(json.dumps({"seconds": seconds, "bytes": Path(target).stat().st_size, "documents": len(documents)}))


if __name__ == "__main__":
    main()
