"""Finds units beside the boundaries of bucket ranges: `boundaries.py BUCKETING < RANGES` prints one unit per line.

RANGES is a JSON list of [salt, domain, ends]. The script tries TRIED units, and prints those whose buckets are the
nearest on each side of each end. It runs in an environment that has `mmh3`, and `cbor2` for flagd-v3.
"""

import json
import sys

import mmh3

BUCKETS = 100_000
TRIED = 150_000


def main():
    if sys.argv[1] == "flagd-v3":
        import cbor2
        encoded = lambda text: cbor2.dumps(text, canonical=True)
    else:
        encoded = lambda text: text.encode()
    for salt, domain, ends in json.load(sys.stdin):
        before = salt + {"gate": "/rollout/", "split": "", "layer": "/layer/"}[domain]
        nearest = {}
        for number in range(TRIED):
            unit = f"user-{number}"
            bucket = mmh3.hash(encoded(before + unit), signed=False) * BUCKETS >> 32
            for end in ends:
                side = (end, bucket < end)
                distance = abs(bucket - end)
                if distance < nearest.get(side, (BUCKETS, ""))[0]:
                    nearest[side] = (distance, unit)
        for _, unit in nearest.values():
            print(unit)


main()
