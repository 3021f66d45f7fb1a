#!/usr/bin/env python3
"""Computes the bucketing vectors without flagctl. It contains its own SipHash-2-4, murmur3 and CBOR.

    bucketing.py --check FILE    recomputes every row, and exits with 1 if a row differs
    bucketing.py --write FILE    writes the file again

The script needs only the standard library.
"""

import argparse
import json
import struct
import sys

BUCKETS = 100_000
KEY = b"flagctl/bucket/1"
DOMAINS = {"gate": 0, "split": 1, "layer": 2}
# What flagd hashes between the salt and the unit.
SEPARATORS = {"gate": b"/rollout/", "split": b"", "layer": b"/layer/"}
M64 = (1 << 64) - 1
M32 = (1 << 32) - 1

ABOUT = [
    "Units and their buckets, for an implementation in any language: 0 <= bucket < 100000.",
    "siphash: SipHash-2-4 with the 16-byte key `flagctl/bucket/1`. It hashes the length of the salt in bytes"
    " (32 bits, little-endian), the salt, one byte for the domain (gate 0, split 1, layer 2), and the unit. Texts are in"
    " UTF-8 and not normalised. bucket = (hash * 100000) >> 64.",
    "flagd-v2: murmur3_x86_32 with seed 0 hashes the text salt + \"/rollout/\" + unit (gate), salt + unit (split)"
    " or salt + \"/layer/\" + unit (layer). bucket = (hash * 100000) >> 32. flagd-v3 hashes the same text, encoded as a CBOR text string.",
    "`input` is the hashed bytes, in hexadecimal. In a row with `repeat`, the unit is `unit` repeated that many"
    " times, and `input` contains only the bytes before the unit.",
    "`within` is the half-open range of buckets into which flagd's own clients put the unit.",
]

# The variants that flagd's own clients served to these targeting keys, observed in the Python client of each
# algorithm. The flags `short` and `explicit` split a 50, b 30, c 20; `nowt` splits x, y and z equally.
TARGETING_KEYS = ["user-1", "user-2", "user-3", "user-4", "user-5", "user-6", "jon@company.com", "ünï"]
OBSERVED = [
    ("flagd-v2", "short", "cbcccaab"),
    ("flagd-v2", "explicit", "ccaacaaa"),
    ("flagd-v2", "nowt", "zzxxyyzz"),
    ("flagd-v3", "explicit", "caaaaaaa"),
]
RANGES = {
    "a": (0, 50_000), "b": (50_000, 80_000), "c": (80_000, 100_000),
    # A third of the buckets is not an integer, so the bucket on each boundary may belong to either side.
    "x": (0, 33_334), "y": (33_333, 66_667), "z": (66_666, 100_000),
}


def rotate64(value, by):
    return (value << by | value >> (64 - by)) & M64


def siphash24(key, message):
    k0, k1 = struct.unpack("<QQ", key)
    v0, v1 = k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D
    v2, v3 = k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573

    def rounds(number):
        nonlocal v0, v1, v2, v3
        for _ in range(number):
            v0 = (v0 + v1) & M64
            v1 = rotate64(v1, 13) ^ v0
            v0 = rotate64(v0, 32)
            v2 = (v2 + v3) & M64
            v3 = rotate64(v3, 16) ^ v2
            v0 = (v0 + v3) & M64
            v3 = rotate64(v3, 21) ^ v0
            v2 = (v2 + v1) & M64
            v1 = rotate64(v1, 17) ^ v2
            v2 = rotate64(v2, 32)

    padded = message + bytes(7 - len(message) % 8) + bytes([len(message) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v3 ^= word
        rounds(2)
        v0 ^= word
    v2 ^= 0xFF
    rounds(4)
    return v0 ^ v1 ^ v2 ^ v3


def rotate32(value, by):
    return (value << by | value >> (32 - by)) & M32


def murmur3_x86_32(message, seed=0):
    def mixed(block):
        return rotate32(block * 0xCC9E2D51 & M32, 15) * 0x1B873593 & M32

    value = seed
    aligned = len(message) - len(message) % 4
    for (block,) in struct.iter_unpack("<I", message[:aligned]):
        value = (rotate32(value ^ mixed(block), 13) * 5 + 0xE6546B64) & M32
    value ^= mixed(int.from_bytes(message[aligned:], "little"))
    value ^= len(message)
    value = (value ^ value >> 16) * 0x85EBCA6B & M32
    value = (value ^ value >> 13) * 0xC2B2AE35 & M32
    return value ^ value >> 16


def cbor_text_head(length):
    """Returns the bytes that precede a text string of this length in the deterministic encoding of RFC 8949."""
    if length < 24:
        return bytes([0x60 + length])
    for head, size in [(b"\x78", 1), (b"\x79", 2), (b"\x7a", 4)]:
        if length < 1 << 8 * size:
            return head + length.to_bytes(size, "big")
    return b"\x7b" + length.to_bytes(8, "big")


def encoded(bucketing, salt, domain, unit):
    """Returns the hashed bytes as two parts: the bytes before the unit, and the bytes of the unit."""
    salt, unit = salt.encode(), unit.encode()
    if bucketing == "siphash":
        return struct.pack("<I", len(salt)) + salt + bytes([DOMAINS[domain]]), unit
    before = salt + SEPARATORS[domain]
    if bucketing == "flagd-v3":
        before = cbor_text_head(len(before) + len(unit)) + before
    return before, unit


def row(bucketing, salt, domain, unit, repeat=1):
    before, rest = encoded(bucketing, salt, domain, unit * repeat)
    if bucketing == "siphash":
        value, bits = siphash24(KEY, before + rest), 64
    else:
        value, bits = murmur3_x86_32(before + rest), 32
    made = {"bucketing": bucketing, "salt": salt, "domain": domain, "unit": unit}
    if repeat > 1:
        made["repeat"] = repeat
    made["input"] = (before if repeat > 1 else before + rest).hex()
    made["hash"] = f"{value:0{bits // 4}x}"
    made["bucket"] = value * BUCKETS >> bits
    return made


def rows():
    every = ["siphash", "flagd-v2", "flagd-v3"]
    for bucketing in every:
        for domain in DOMAINS:
            yield row(bucketing, "new-checkout", domain, "user-42")
    # A salt or a unit may be any text, including the empty text.
    for bucketing in every:
        yield row(bucketing, "", "gate", "")
        yield row(bucketing, "", "split", "user-42")
        yield row(bucketing, "s", "gate", "")
    # Salt and unit join to the same text in all three rows. flagd hashes the joined text; siphash does not.
    for bucketing in every:
        for salt, unit in [("ab", "c"), ("a", "bc"), ("", "abc")]:
            yield row(bucketing, salt, "split", unit)
    for bucketing in ["siphash", "flagd-v2"]:
        yield row(bucketing, "a", "gate", "b")
        yield row(bucketing, "a/rollout/", "split", "b")
    for bucketing in every:
        yield row(bucketing, "", "layer", "")
        yield row(bucketing, "checkout", "layer", "ünï")
    for bucketing in ["siphash", "flagd-v3"]:
        yield row(bucketing, "a", "layer", "b")
        yield row(bucketing, "a/layer/", "split", "b")
    # UTF-8 is not normalised: the two encodings of é are two units.
    for bucketing in every:
        yield row(bucketing, "größe", "gate", "ünï")
        yield row(bucketing, "f", "split", "\u00e9")
        yield row(bucketing, "f", "split", "e\u0301")
    for unit in ["日本語", "\U0001F980", "a\u0000b", " user-42", "user-42\n", "7", "7.0"]:
        yield row("siphash", "f", "gate", unit)
    # The lengths at which the CBOR head and the number of hash blocks change.
    for length in [7, 8, 23, 24]:
        yield row("flagd-v3", "f", "split", "x" * (length - 1))
    for length in [255, 256, 65_535, 65_536]:
        yield row("flagd-v3", "f", "split", "x", length - 1)
    for repeat in [23, 256, 70_000]:
        yield row("siphash", "f", "gate", "x", repeat)
    yield row("flagd-v2", "f", "gate", "ab", 1_000)
    for bucketing, salt, served in OBSERVED:
        for unit, variant in zip(TARGETING_KEYS, served, strict=True):
            yield row(bucketing, salt, "split", unit) | {"within": list(RANGES[variant])}


def check_primitives():
    """Checks the hash functions with published vectors: from the SipHash paper, RFC 8949, and murmur3."""
    assert siphash24(bytes(range(16)), bytes(range(15))) == 0xA129CA6149BE45E5
    assert murmur3_x86_32(b"") == 0
    assert murmur3_x86_32(b"The quick brown fox jumps over the lazy dog") == 0x2E4FF723
    assert murmur3_x86_32(b"shortuser-1") == 3790001680
    assert cbor_text_head(0) + b"" == bytes.fromhex("60")
    assert cbor_text_head(4) + b"IETF" == bytes.fromhex("6449455446")
    assert (cbor_text_head(23), cbor_text_head(24)) == (b"\x77", b"\x78\x18")
    assert (cbor_text_head(255), cbor_text_head(256)) == (b"\x78\xff", b"\x79\x01\x00")
    assert (cbor_text_head(65_535), cbor_text_head(65_536)) == (b"\x79\xff\xff", b"\x7a\x00\x01\x00\x00")


def write(path):
    with open(path, "w", encoding="utf-8") as file:
        lines = ",\n".join(f"    {json.dumps(line, ensure_ascii=False)}" for line in ABOUT)
        listed = ",\n".join(f"    {json.dumps(entry, ensure_ascii=False)}" for entry in rows())
        file.write(f'{{\n  "about": [\n{lines}\n  ],\n  "rows": [\n{listed}\n  ]\n}}\n')


def check(path):
    with open(path, encoding="utf-8") as file:
        listed = json.load(file)["rows"]
    agreed = 0
    for number, found in enumerate(listed, 1):
        own = row(*(found[key] for key in ["bucketing", "salt", "domain", "unit"]), found.get("repeat", 1))
        within = found.get("within", [0, BUCKETS])
        if {key: found[key] for key in found if key != "within"} != own:
            print(f"row {number}: found {found}, computed {own}", file=sys.stderr)
        elif not within[0] <= own["bucket"] < within[1]:
            print(f"row {number}: the bucket of {found} is outside the range {within}", file=sys.stderr)
        else:
            agreed += 1
    print(f"{agreed} of {len(listed)} rows agree")
    return agreed == len(listed) and agreed > 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--check", metavar="FILE")
    action.add_argument("--write", metavar="FILE")
    arguments = parser.parse_args()
    check_primitives()
    if arguments.write:
        write(arguments.write)
        return True
    return check(arguments.check)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
