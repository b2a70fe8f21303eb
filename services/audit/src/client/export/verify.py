#!/usr/bin/env python3
"""Checks an export of an audit log, with nothing but Python 3.9 and the package `cryptography`.

    python3 verify.py [VERIFIER-KEY]

Give the log's key as you have it from elsewhere; without it the key in the export is believed, which proves less. Every
leaf is hashed into the tree of RFC 9162, whose root must be the one in the signed checkpoint (C2SP tlog-checkpoint); every
body, and every opening of personal data, must be what its statement commits to, or a later record must say that it was pruned;
every file must be what the manifest says.
"""
import base64
import bisect
import hashlib
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ABSENT, PRUNED = [], []
FOLDER = pathlib.Path(__file__).resolve().parent
WIDTH = 256


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def demand(holds, message):
    if not holds:
        sys.exit("NOT PROVEN: " + message)


def check_manifest():
    manifest = json.loads((FOLDER / "manifest.json").read_text())
    found = {}
    for path in FOLDER.rglob("*"):
        demand(not path.is_symlink(), f"{path} is a link")
        if path.is_file() and path != FOLDER / "manifest.json":
            found[path.relative_to(FOLDER).as_posix()] = path
    demand(set(found) == set(manifest["files"]), "files are missing, or there are more than the manifest says")
    for name, path in found.items():
        digest = hashlib.sha256()
        with path.open("rb") as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        demand(digest.hexdigest() == manifest["files"][name], f"{name} is not what the manifest says")
    return manifest


def parse_key(text):
    name, key_id, encoded = text.strip().split("+", 2)
    key = base64.b64decode(encoded, validate=True)
    demand(sha256(name.encode(), b"\n", key)[:4].hex() == key_id, "the key does not fit its own hash")
    demand(key[0] == 1 and len(key) == 33, "the key is not an Ed25519 key")
    return name, bytes.fromhex(key_id), Ed25519PublicKey.from_public_bytes(key[1:])


def open_checkpoint(name, key_id, key):
    text, signatures = (FOLDER / "checkpoint").read_text().split("\n\n", 1)
    text += "\n"
    signed = False
    for line in signatures.splitlines():
        dash, signer, encoded = line.split(" ")
        demand(dash == "\u2014", "the checkpoint has a malformed signature line")
        signature = base64.b64decode(encoded, validate=True)
        if signer == name and signature[:4] == key_id:
            try:
                key.verify(signature[4:], text.encode())
            except InvalidSignature:
                demand(False, "the checkpoint's signature is not valid")
            signed = True
    demand(signed, "the checkpoint is not signed by the log's key")
    origin, size, root = text.splitlines()[:3]
    demand(origin == name, "the checkpoint is another log's")
    return int(size), base64.b64decode(root, validate=True)


def numbered(number):
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


def tile_path(kind, number, width):
    return FOLDER / "tile" / str(kind) / (numbered(number) + ("" if width == WIDTH else f".p/{width}"))


def leaves_of(number, width):
    bundle, leaves, at = tile_path("entries", number, width).read_bytes(), [], 0
    while at < len(bundle):
        length = int.from_bytes(bundle[at:at + 2], "big")
        leaves.append(bundle[at + 2:at + 2 + length])
        demand(len(leaves[-1]) == length, f"bundle {number} is cut short")
        at += 2 + length
    demand(len(leaves) == width, f"bundle {number} does not hold its leaves")
    return leaves


def openings_of(number):
    path = FOLDER / "bodies" / numbered(number)
    openings = map(json.loads, path.read_text().splitlines()) if path.exists() else ()
    return {int(one["index"]): (bytes.fromhex(one["salt"]), base64.b64decode(one["body"])) for one in openings}


def personal_of(number):
    path, found = FOLDER / "openings" / numbered(number), {}
    for line in path.read_text().splitlines() if path.exists() else ():
        one = json.loads(line)
        found.setdefault(int(one["index"]), []).append(one)
    return found


def check_body(index, leaf, opening, wanted):
    body = json.loads(leaf)["statement"]["body"]
    if body["alg"] == "none":
        demand(opening is None, f"record {index} has a body that its statement knows nothing of")
    elif opening is not None:
        digest = sha256(body["alg"].encode(), b"\0", *opening).hex()
        demand(digest == body["digest"], f"the body of record {index} is not the one that its statement commits to")
    elif wanted:
        ABSENT.append((index, json.loads(leaf)["statement"]["type"]))


def check_personal(index, leaf, opening, openings):
    committed = [one["c"] for one in json.loads(leaf)["statement"]["pii"]]
    if opening is not None and opening[1]:
        carried = json.loads(opening[1])
        carried = [one["c"] for one in carried.get("personal", [])] if isinstance(carried, dict) else []
        demand(carried == committed, f"record {index} carries personal data that its statement does not commit to")
    for one in openings:
        c = sha256(b"handsel/pii/v1\0", bytes.fromhex(one["blind"]), one["plain"].encode()).hex()
        demand(len(one["blind"]) == 64 and c == one["c"] and c in committed,
               f"an opening of record {index} is not of what its statement commits to")


def note_prune(index, leaf, opening):
    """A record of a prune names each body that went, by place; they lie before it, and are of the type that it names."""
    statement = json.loads(leaf)["statement"]
    if (statement["type"], statement["source"]) != ("bodies.pruned", "audit/audit") or opening is None:
        return
    kind = next(name[6:] for name in statement["subjects"] if name.startswith("types/"))
    for first, last in json.loads(opening[1])["runs"]:
        demand(first <= last < index, f"record {index} prunes what is not before it")
        PRUNED.append((first, last, kind))


def check_absent():
    starts = {}
    for first, last, kind in sorted(PRUNED):
        starts.setdefault(kind, []).append((first, last))
    for index, kind in ABSENT:
        runs = starts.get(kind, [])
        at = bisect.bisect_right(runs, (index, float("inf"))) - 1
        demand(at >= 0 and runs[at][0] <= index <= runs[at][1], f"the body of record {index} is missing")


def push(stack, count, node):
    """The tree so far as the roots of its perfect subtrees; a carry joins two of the same size."""
    while count & 1:
        node, count = sha256(b"\1", stack.pop(), node), count >> 1
    stack.append(node)


def root_of(stack):
    nodes = list(stack)
    while len(nodes) > 1:
        right, left = nodes.pop(), nodes.pop()
        nodes.append(sha256(b"\1", left, right))
    return nodes[0]


def main():
    manifest = check_manifest()
    brought = (FOLDER / "keys" / "log.vkey").read_text().strip()
    demand(len(sys.argv) < 2 or sys.argv[1].strip() == brought, "the export brings another key than the one given")
    size, root = open_checkpoint(*parse_key(brought))
    demand((size, root.hex()) == (manifest["tree_size"], manifest["root_hash"]), "manifest and checkpoint differ")
    stack, levels, index = [], {}, 0
    shown = range(manifest["first_index"], manifest["end_index"])
    for number in range((size + WIDTH - 1) // WIDTH):
        openings, personal = openings_of(number), personal_of(number)
        for leaf in leaves_of(number, min(WIDTH, size - number * WIDTH)):
            opening = openings.pop(index, None)
            check_body(index, leaf, opening, index in shown)
            check_personal(index, leaf, opening, personal.pop(index, ()))
            note_prune(index, leaf, opening)
            push(stack, index, sha256(b"\0", leaf))
            levels.setdefault(0, []).append(sha256(b"\0", leaf))
            index += 1
        demand(not openings and not personal, f"bundle {numbered(number)} has bodies or openings of no record there")
        check_tiles(levels, number, index == size)
    check_absent()
    demand(root_of(stack) == root, "the leaves make another root than the one that was signed")
    print(f"proven: {size} records of {manifest['origin']}, root {root.hex()}")


def check_tiles(levels, number, last):
    """Every tile that has been filled holds the hashes of what lies under it; at the end, the rest as well."""
    level = 0
    while level in levels:
        hashes = levels[level]
        if not hashes:
            break
        full = len(hashes) == WIDTH
        if full or last:
            at = number >> (8 * level)
            held = tile_path(level, at, len(hashes)).read_bytes()
            demand(held == b"".join(hashes), f"tile/{level}/{numbered(at)} does not hold the hashes of what lies under it")
        if full:
            nodes = hashes
            while len(nodes) > 1:
                nodes = [sha256(b"\1", *pair) for pair in zip(nodes[::2], nodes[1::2])]
            levels.setdefault(level + 1, []).append(nodes[0])
            levels[level] = []
        elif not last:
            break
        level += 1


if __name__ == "__main__":
    main()
