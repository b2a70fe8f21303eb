#!/usr/bin/env python3
"""Makes samples of leaves and bodies for `zstd --train` out of exports of the log, with nothing but Python 3.9.

    python3 samples.py FOLDER EXPORT...

Of every type of record as many as are asked for are taken, every second one: the others are left to measure with. Whatever names
somebody or something (ids, pseudonyms, digests, traces, numbers of four digits) and every instant is replaced by chance, the same by
the same within one record, so that a dictionary learns how records are written and nothing of whom they are about.
"""
import base64
import collections
import itertools
import json
import pathlib
import random
import re
import sys
import time

EACH = 200
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
NAMED = re.compile(f"(?P<uuid>{UUID})|(?P<instant>{INSTANT})|(?P<hex>[0-9a-f]{{16,}})|(?P<number>[0-9]{{4,}})")
TRACE = '"trace":""'
# Instants of samples lie in the three years after this one.
BEGIN, YEARS = 1767225600, 3 * 365 * 86400

chance = random.Random(1)


def of(alphabet, length):
    return "".join(chance.choices(alphabet, k=length))


def instant(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{of('0123456789', 6)}Z"


def another(kind, text, times):
    if kind == "instant":
        return next(times)
    if kind == "number":
        return of("123456789", 1) + of("0123456789", len(text) - 1)
    if kind == "hex":
        return text if set(text) == {"0"} else of("0123456789abcdef", len(text))
    # Ids are UUIDs of version 7: they begin with the milliseconds since 1970.
    begin = f"{(BEGIN + chance.randrange(YEARS)) * 1000 + chance.randrange(1000):012x}"
    tail = of("0123456789abcdef", 19)
    return f"{begin[:8]}-{begin[8:]}-7{tail[:3]}-{of('89ab', 1)}{tail[4:7]}-{tail[7:]}"


def of_nobody(text, times):
    known = {}

    def replaced(found):
        if found.group() not in known:
            known[found.group()] = another(found.lastgroup, found.group(), times)
        return known[found.group()]

    return NAMED.sub(replaced, text)


def any_times():
    while True:
        yield instant(BEGIN + chance.randrange(YEARS))


def leaf_like(text):
    # What is logged has just happened: the demo's own clock, years away, is nobody's.
    now = BEGIN + chance.randrange(YEARS)
    just_now = [instant(now), instant(now - chance.randrange(3))]
    text = of_nobody(text, itertools.chain(just_now, any_times()))
    return text.replace(TRACE, f'"trace":"{of("0123456789abcdef", 32)}"') if chance.randrange(2) else text


def body_like(text):
    # Most instants in bodies are the beginning of an hour or a day.
    return of_nobody(text, (time[:14] + "00:00.000000Z" for time in any_times()))


def canonical(value):
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def records(export):
    bodies = {}
    for path in sorted((export / "bodies").rglob("*")):
        for line in path.read_text().splitlines() if path.is_file() else []:
            entry = json.loads(line)
            bodies[entry["index"]] = base64.b64decode(entry["body"]).decode()
    for line in next((export / "views").glob("*.ndjson")).read_text().splitlines():
        event = json.loads(line)
        leaf = canonical({"logged_at": event["auditloggedat"], "statement": event["data"]})
        yield event["type"], leaf, bodies.get(event["auditindex"])


def main(folder, *exports):
    seen = collections.Counter()
    for export in exports:
        for kind, leaf, body in records(pathlib.Path(export)):
            seen[kind] += 1
            if seen[kind] % 2 == 0 or seen[kind] > 2 * EACH:
                continue
            for column, text in ("leaf", leaf_like(leaf)), ("body", body and body_like(body)):
                if text:
                    path = pathlib.Path(folder) / column / f"{kind}-{seen[kind]:03d}"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text)


main(*sys.argv[1:])
