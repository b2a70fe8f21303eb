"""Holds our field rules to Buf's own engine.

Reads what `cargo run -p handsel-proto --example decide` writes: the descriptors, then messages with the violations that our
validator found. Asks PyPI `protovalidate` for its violations of the same bytes and compares field by field, rule by rule.

    pip install protovalidate==2.1.0 protobuf
    cargo run -q -p handsel-proto --example decide -- 2000 1 > decided.jsonl
    python proto/tests/differential/compare.py decided.jsonl

Exit status: 0 if every verdict is the same, 1 otherwise.
"""

import base64
import collections
import json
import sys

import protovalidate
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

# Of the messages, so many in a hundred must be good, and so many bad: verdicts that are all alike prove little.
LEAST_SHARE = 10
# Differences shown in full.
SHOWN = 20


def pool_of(descriptors):
    """A pool of our own with all files, `buf/validate/validate.proto` and its extensions among them."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors)
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


def path_of(violation):
    """`code.names[0]`, as our validator writes it."""
    steps = []
    for element in violation.field.elements if violation.field else []:
        subscript = element.subscript
        steps.append(element.field_name + (f"[{subscript.value}]" if subscript else ""))
    return ".".join(steps)


def verdict(message):
    found = (violation.proto for violation in protovalidate.collect_violations(message))
    return sorted([path_of(violation), violation.rule_id] for violation in found)


def main(path):
    with open(path, encoding="utf-8") as lines:
        pool = pool_of(base64.b64decode(json.loads(next(lines))["descriptors"]))
        tally = collections.Counter()
        for line in lines:
            decided = json.loads(line)
            kind = message_factory.GetMessageClass(pool.FindMessageTypeByName(decided["type"]))
            message = kind.FromString(base64.b64decode(decided["message"]))
            ours, theirs = sorted(decided["violations"]), verdict(message)
            tally["good" if not theirs else "bad"] += 1
            if ours != theirs:
                tally["different"] += 1
                if tally["different"] <= SHOWN:
                    print(f"{decided['type']}\n  ours:   {ours}\n  theirs: {theirs}\n  message: {message!s}"[:2000])
    total = tally["good"] + tally["bad"]
    print(f"{total} messages, {tally['good']} good, {tally['bad']} bad, {tally['different']} different")
    lopsided = min(tally["good"], tally["bad"]) * 100 < LEAST_SHARE * total
    if lopsided:
        print(f"less than {LEAST_SHARE} in a hundred are good, or bad: the sample proves little")
    return 1 if tally["different"] or lopsided or not total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
