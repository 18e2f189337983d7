"""Genuine tokens of every algorithm from four implementations that share no
code: each is accepted, and refused when its signature is changed.

Debian's jose (C, OpenSSL), python3-jwcrypto, python3-jwt, npm's jose (Node.js).
"""

import functools
import json
import os
import shutil
import subprocess

import pytest
from jwcrypto import jws

import hosts
import tokens
from verdict import AUDIENCE, ISSUER, NOW, USER, Verdict

HERE = os.path.dirname(os.path.realpath(__file__))
PAYLOAD = json.dumps(tokens.claims(ISSUER, USER, AUDIENCE, now=NOW))

# Each algorithm with the kind of key (tokens.KINDS) it is tried with.
ALL = [(alg, alg) for alg in ("RS256", "RS384", "RS512", "PS256", "PS384",
                              "PS512", "ES256", "ES384", "ES512")]
EDWARDS = [("EdDSA", "EdDSA"), ("EdDSA", "Ed448")]


def key_for(kind):
    return tokens.shared_key(kind, "k1")


def header_for(alg):
    return {"alg": alg, "typ": "JWT", "kid": "k1"}


def by_debian_jose(alg, kind, folder):
    if shutil.which("jose") is None:
        raise hosts.Missing("jose is not installed")
    paths = {}
    for name, text in (("key", key_for(kind).export()), ("payload", PAYLOAD),
                       ("template", json.dumps(
                           {"protected": header_for(alg)}))):
        paths[name] = os.path.join(folder, name)
        with open(paths[name], "w", encoding="utf-8") as file:
            file.write(text)
    return subprocess.run(
        ["jose", "jws", "sig", "-I", paths["payload"], "-k", paths["key"],
         "-s", paths["template"], "-c", "-o", "-"], check=True, timeout=20,
        stdin=subprocess.DEVNULL, capture_output=True).stdout.decode().strip()


def by_jwcrypto(alg, kind, _folder):
    token = jws.JWS(PAYLOAD)
    token.allowed_algs = [alg]
    token.add_signature(key_for(kind), None, json.dumps(header_for(alg)))
    return token.serialize(compact=True)


def by_pyjwt(alg, kind, _folder):
    try:
        import jwt
    except ImportError:
        raise hosts.Missing("python3-jwt is not installed") from None
    return jwt.encode(json.loads(PAYLOAD),
                      jwt.PyJWK(json.loads(key_for(kind).export()), alg).key,
                      alg, headers=header_for(alg))


@functools.lru_cache(maxsize=None)
def npm_tokens():
    """All tokens of npm's jose, by one process."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise hosts.Missing(f"{program} is not installed")
    folder = os.path.join(hosts.build_dir(), "tests", "support",
                          "npm-jose.installed")
    subprocess.run(
        [os.path.join(HERE, os.pardir, "support", "npm-install"),
         os.path.join(HERE, os.pardir, "support", "npm-jose"), folder],
        check=True, timeout=50, stdin=subprocess.DEVNULL)
    asked = [{"key": json.loads(key_for(kind).export()),
              "header": header_for(alg), "payload": PAYLOAD}
             for alg, kind in NPM]
    answer = subprocess.run(
        ["node", "sign.js"], cwd=folder, input=json.dumps(asked).encode(),
        check=True, timeout=20, capture_output=True).stdout
    return dict(zip(NPM, json.loads(answer)))


def by_npm_jose(alg, kind, _folder):
    return npm_tokens()[alg, kind]


NPM = ALL + EDWARDS + [("Ed25519", "EdDSA")]
SIGNERS = [
    (by_debian_jose, ALL),
    (by_jwcrypto, ALL + EDWARDS),
    (by_pyjwt, ALL + EDWARDS),
    (by_npm_jose, NPM),
]


@pytest.fixture(scope="module", name="verdict")
def fixture_verdict():
    with Verdict() as verdict:
        yield verdict


@pytest.mark.parametrize(
    "sign, alg, kind",
    [pytest.param(sign, alg, kind, id=f"{sign.__name__[3:]}-{alg}-{kind}")
     for sign, algs in SIGNERS for alg, kind in algs])
def test_accepted(verdict, tmp_path, sign, alg, kind):
    token = sign(alg, kind, tmp_path)
    verdict.setup(tokens.key_set(key_for(kind)))
    assert verdict.login(token) == ("ok", "")
    spoiled = tokens.spoil_signature(token)
    assert verdict.login(spoiled)[0] == "signature_invalid"
