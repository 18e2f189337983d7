"""The published examples of RFC 7515, 7520, 7797 and 8037 get the verdict that
their documents give them, through pam-jwks verify --signature-only."""

import glob
import json
import os
import subprocess

import pytest

from hosts import find_built

FOLDER = os.path.join(os.environ.get("PJ_VECTORS", ""), "rfc")
FILES = sorted(glob.glob(os.path.join(FOLDER, "*.json")))

if not FILES:
    pytest.skip("no folder of published vectors (PJ_VECTORS)",
                allow_module_level=True)


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


VECTORS = [vector for vector in map(load, FILES)
           if vector["expect"] in ("accept", "reject")]


def test_there_are_examples_of_both_verdicts():
    assert {vector["expect"] for vector in VECTORS} == {"accept", "reject"}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"])
def test_verdict(vector, tmp_path):
    keys = vector.get("jwks") or [vector["jwk"]]
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": keys}))
    result = subprocess.run(
        [find_built("pam-jwks"), "verify", "--signature-only",
         "-o", f"jwks_file={file}"],
        input=vector["token"].encode(), capture_output=True, timeout=20)
    wanted = 0 if vector["expect"] == "accept" else 1
    assert result.returncode == wanted, result.stderr.decode()
    if wanted == 0:
        assert result.stdout, "the payload was not printed"
    else:
        assert not result.stdout, "a payload was printed"


THUMBPRINTS = [vector for vector in map(load, FILES)
               if "thumbprint_sha256" in vector]


@pytest.mark.parametrize("vector", THUMBPRINTS, ids=lambda v: v["name"])
def test_thumbprint(vector, tmp_path):
    file = tmp_path / "keys.json"
    file.write_text(json.dumps({"keys": [vector["jwk"]]}))
    result = subprocess.run(
        [find_built("pam-jwks"), "keys", "-o", f"jwks_file={file}"],
        capture_output=True, timeout=20)
    assert vector["thumbprint_sha256"] in result.stdout.decode()
