"""A host that begins and ends with the module again and again, and one with many
threads: nothing grows, nobody is refused, and the module stays.  PJ_LONG=1
makes it ten thousand."""

import os
import subprocess
import tempfile

import pytest

import corpus
import tokens
from hosts import find_built
from verdict import AUDIENCE, ISSUER

ROUNDS = 10000 if os.environ.get("PJ_LONG") else 500

CONFIG = """[issuer test]
issuer = {issuer}
services = reload
audience = {audience}
user_claim = preferred_username
account = none
jwks_file = {folder}/keys.json
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: the configuration "
                    "must be root's")
@pytest.mark.parametrize("alg", ["RS256", "EdDSA"])
def test_loading_and_unloading(alg):
    with tempfile.TemporaryDirectory(prefix="pj-reload.") as folder:
        def write(name, text):
            with open(os.path.join(folder, name), "w",
                      encoding="utf-8") as file:
                file.write(text)

        write("keys.json", corpus.as_bytes(corpus.KEYS).decode())
        write("pam_jwks.conf", CONFIG.format(
            issuer=ISSUER, audience=AUDIENCE, folder=folder))
        write("reload", f"auth required {find_built('pam_jwks.so')} "
              f"config={folder}/pam_jwks.conf\n")
        token = corpus.make(corpus.header(alg), tokens.claims(
            ISSUER, "alice", AUDIENCE, expires_in=3600))
        result = subprocess.run(
            [find_built("tests/hostile/reload"), folder, token, str(ROUNDS),
             "100"], stdin=subprocess.DEVNULL, capture_output=True,
            timeout=50 if ROUNDS < 10000 else 850, text=True)
    print(result.stdout)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "100 threads: all logged in" in result.stdout
    # docs/decisions/0023: loading it anew costs more than the login.
    assert "module still loaded" in result.stdout
