"""Project Wycheproof's vectors for JWS and JWK: nothing invalid is accepted,
and everything valid is, but for the lines of a table in docs/verification.md,
which names each of those with the reason that refuses it."""

import glob
import json
import os

import pytest

import tokens
from tables import table
from verdict import Verdict

FOLDER = os.path.join(os.environ.get("PJ_VECTORS", ""), "wycheproof")
FILES = sorted(glob.glob(os.path.join(FOLDER, "json_web_*_test.json")))

if not FILES:
    pytest.skip("no folder of published vectors (PJ_VECTORS)",
                allow_module_level=True)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def with_another(keys):
    """The set with a good key of nobody's: a set without one is refused as a
    whole, whatever the token."""
    keys = keys["keys"] if "keys" in keys else [keys]
    return {"keys": keys + [tokens.public(tokens.shared_key("EdDSA", "other"))]}


def refused():
    """{(file, number): reason} of the valid vectors that are refused."""
    result = {}
    for name, numbers, reason, _why in table("Published vectors"):
        for number in numbers.split():
            first, _, last = number.partition("-")
            for i in range(int(first), int(last or first) + 1):
                result[name, i] = reason
    return result


def vectors():
    """(file, number, valid, key set, token) of each test."""
    for path in FILES:
        name = os.path.basename(path).replace("_test.json", "")
        for group in load(path)["testGroups"]:
            keys = group.get("public", group.get("private"))
            for test in group["tests"]:
                yield (name, test["tcId"], test["result"] == "valid",
                       with_another(keys),
                       test.get("jws", test.get("jwe")))


@pytest.mark.parametrize("path", FILES, ids=os.path.basename)
def test_every_vector_gets_the_expected_verdict(path):
    name = os.path.basename(path).replace("_test.json", "")
    known = refused()
    wrong = []
    counts = {"accepted": 0, "refused": 0, "refused though valid": 0}
    with Verdict() as verdict:
        for file, number, valid, keys, token in vectors():
            if file != name:
                continue
            verdict.setup(keys)
            reason, detail, _ = verdict.signature(
                token if isinstance(token, str) else json.dumps(token))
            wanted = known.pop((name, number), None)
            if not valid:
                assert wanted is None, f"{number} is not valid"
                good = reason != "ok"
                counts["refused"] += 1
            elif wanted is not None:
                good = reason == wanted
                counts["refused though valid"] += 1
            else:
                good = reason == "ok"
                counts["accepted"] += 1
            if not good:
                wrong.append((number, valid, reason, detail))
    assert wrong == []
    assert not [key for key in known if key[0] == name], "no such vectors"
    assert counts["refused"] > 20, counts


def test_private_keys_verify_nothing():
    """The same valid tokens against the private halves of their keys."""
    tried = 0
    with Verdict() as verdict:
        for path in FILES:
            for group in load(path)["testGroups"]:
                if "d" not in group.get("private", {}):
                    continue
                verdict.setup(with_another(group["private"]))
                for test in group["tests"]:
                    if test["result"] == "valid" and test.get("jws"):
                        reason, _, _ = verdict.signature(test["jws"])
                        assert reason in ("key_unfit",
                                          "payload_detached"), reason
                        tried += 1
    assert tried > 30
