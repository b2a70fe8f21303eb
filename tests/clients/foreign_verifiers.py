"""Has an export's proofs checked by verifiers that share no code with Handsel, and that refuse each of them once it is tampered with.

usage: foreign_verifiers.py PROOFS.json    (prints how many proofs each verifier accepted; exit code 1 if any errs)

pymerkle builds the tree from the leaves by itself, agrees on the root and accepts our paths; sigstore accepts each path with its
own verifier of RFC 6962 inclusion, and the checkpoint as the signed note it is; cryptography checks the signature.
"""
import base64
import copy
import hashlib
import json
import sys
from types import SimpleNamespace

import pymerkle
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle.proof import InclusionProof, InvalidProof
from sigstore._internal.merkle import verify_merkle_inclusion
from sigstore._internal.rekor.checkpoint import SignedCheckpoint
from sigstore.errors import VerificationError


class Keyring:
    """The log's key, as sigstore asks for one."""

    def __init__(self, raw):
        self.key = Ed25519PublicKey.from_public_bytes(raw)

    def verify(self, *, key_id, signature, data):
        try:
            self.key.verify(signature, data)
        except InvalidSignature as error:
            raise VerificationError("invalid signature") from error


def refused(check, *arguments):
    try:
        check(*arguments)
    except (InvalidProof, VerificationError):
        return
    raise SystemExit(f"{check.__name__} accepted what was tampered with")


def by_sigstore(proof, given):
    verify_merkle_inclusion(SimpleNamespace(_inner=SimpleNamespace(
        canonicalized_body=proof["leaf"],
        inclusion_proof=SimpleNamespace(
            log_index=proof["index"], tree_size=given["size"], hashes=proof["hashes"], root_hash=given["root"]))))


def by_pymerkle(proof, given):
    leaf = hashlib.sha256(b"\0" + proof["leaf"]).digest()
    rule = given["tree"].prove_inclusion(proof["index"] + 1, given["size"]).rule
    place = proof["index"] + 1
    path = InclusionProof("sha256", True, given["size"], place, rule, [leaf, *proof["hashes"]])
    pymerkle.verify_inclusion(leaf, given["root"], path, index=place, size=given["size"])


def checkpoint_by_sigstore(note, given):
    signed = SignedCheckpoint.from_text(note)
    signed.signed_note.verify(given["keyring"], given["key_id"])
    if (signed.checkpoint.log_size, signed.checkpoint.log_hash) != (given["size"], given["root"].hex()):
        raise VerificationError("another tree")


def tampered(proof):
    """The proof with one thing changed, each in turn."""
    for change in ("leaf", "hash", "short", "index"):
        other = copy.deepcopy(proof)
        if change == "leaf":
            other["leaf"] = other["leaf"][:-1] + bytes([other["leaf"][-1] ^ 1])
        elif change == "hash":
            other["hashes"][-1] = bytes([other["hashes"][-1][0] ^ 1]) + other["hashes"][-1][1:]
        elif change == "short":
            other["hashes"].pop()
        else:
            other["index"] ^= 1
        yield other


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        said = json.load(file)
    tree = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in said["leaves"]:
        tree.append_entry(base64.b64decode(leaf))
    given = {"root": bytes.fromhex(said["root"]), "size": said["size"], "tree": tree,
             "keyring": Keyring(bytes.fromhex(said["public_key"])), "key_id": bytes.fromhex(said["key_id"])}
    assert tree.get_root(given["size"]) == given["root"], "pymerkle makes another root of the same leaves"
    checkpoint_by_sigstore(said["checkpoint"], given)
    refused(checkpoint_by_sigstore, said["checkpoint"].replace(f"\n{given['size']}\n", f"\n{given['size'] - 1}\n"), given)
    count = 0
    for proof in said["proofs"]:
        proof = {"index": proof["index"], "leaf": base64.b64decode(said["leaves"][proof["index"]]),
                 "hashes": [bytes.fromhex(one) for one in proof["hashes"]]}
        for check in (by_sigstore, by_pymerkle):
            check(proof, given)
            for other in tampered(proof):
                refused(check, other, given)
        count += 1
    print(json.dumps({"sigstore": count, "pymerkle": count, "root": said["root"]}))


if __name__ == "__main__":
    main()
