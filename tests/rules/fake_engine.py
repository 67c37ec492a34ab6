"""A stand-in for rules.engine that misbehaves in one way: `python fake_engine.py WAY SECONDS`."""

import json
import os
import sys
import time

READY = json.dumps({"n": 0})


def main(way: str) -> None:
    """Behave in the way that is asked for."""
    if way == "never ready":
        time.sleep(60)
    if way == "ready only without secrets" and any(name.startswith("RATCHET_") for name in os.environ):
        return
    print(READY, flush=True)  # noqa: T201 the pipe to the parent
    for line in sys.stdin:
        request = json.loads(line)
        n = request["n"]
        if way == "silent about one shard" and request["shard"] == "a division by zero":
            time.sleep(60)
        answers = {
            "noise": "Segmentation fault",
            "no object": "[]",
            "no number": "{}",
            "a later number": json.dumps({"n": n + 1, "hits": []}),
            "no hits": json.dumps({"n": n}),
            "no size": json.dumps({"n": n, "hits": []}),
            "half a pair": json.dumps({"n": n, "hits": [0]}),
            "no such fact": json.dumps({"n": n, "hits": [0, 1]}),
            "no such condition": json.dumps({"n": n, "hits": [-1, 0]}),
            "words": json.dumps({"n": n, "hits": ["0", "0"]}),
            "need for ever": json.dumps({"n": n, "need": True}),
            "an endless line": "x" * 2**25,
        }
        print(answers.get(way, json.dumps({"n": n, "hits": [], "megabytes": 1})), flush=True)  # noqa: T201 the pipe to the parent


if __name__ == "__main__":
    main(sys.argv[1])
