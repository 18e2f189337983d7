"""The hostile corpus: named cases, each with the reason that must refuse it, or
"ok".  Wherever it can be done the signature is genuine, so that nothing but the
named defect stands between the token and a login.

usage: corpus.py        lists the cases
"""

import collections
import json
import os
import sys

sys.path[1:1] = [os.path.join(os.path.dirname(os.path.realpath(__file__)),
                              os.pardir, "support")]

import forge  # noqa: E402
from verdict import AUDIENCE, ISSUER, NOW, USER  # noqa: E402

# genuine: the signature is right for the key that the token means.
# keys: a key set; text or bytes is taken as it is.
# options: of the section; "now" is the time.
Case = collections.namedtuple(
    "Case", "name expect token keys detail genuine options")

CASES = []

# The keys of the section, by kid.
TRUSTED = {
    "rsa": forge.rsa_key(), "ec": forge.ec_key(), "p384": forge.ec_key("P-384"),
    "p521": forge.ec_key("P-521"), "ed": forge.ed_key(),
    "ed448": forge.ed_key("Ed448"),
}
KEYS = {"keys": [forge.jwk(key, kid=kid) for kid, key in TRUSTED.items()]}

# Every algorithm with the kid of a key for it.
ALGORITHMS = dict(
    [(alg, "rsa") for alg in ("RS256", "RS384", "RS512", "PS256", "PS384",
                              "PS512")],
    ES256="ec", ES384="p384", ES512="p521", EdDSA="ed", Ed25519="ed",
    Ed448="ed448")

# The attacker's own.
EVIL_RSA = forge.many_primes_key(2048, name="evil")
EVIL_EC = forge.ec_key(name="evil")


def beside(*jwks):
    """A set of these keys and a good one that no token means: a set without
    any good key is refused as a whole."""
    return {"keys": list(jwks) + [forge.jwk(forge.ed_key(name="bystander"),
                                            kid="bystander")]}


def claims(**members):
    """A claims set that is let in; None removes a member."""
    result = {"iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 300,
              "iat": NOW - 5, "preferred_username": USER}
    result.update(members)
    return {name: value for name, value in result.items() if value is not None}


def header(alg="ES256", **members):
    result = {"alg": alg, "typ": "JWT", "kid": ALGORITHMS.get(alg, "ec")}
    result.update(members)
    return {name: value for name, value in result.items() if value is not None}


def as_bytes(value):
    return forge.dump(value) if isinstance(value, dict) else value


def make(head=None, payload=None, key=None, alg=None):
    """A genuine token; head and payload are dictionaries or bytes."""
    head = header() if head is None else head
    if key is None:
        key = TRUSTED[head["kid"] if isinstance(head, dict) and
                      head.get("kid") in TRUSTED else "ec"]
    if alg is None:
        alg = head.get("alg") if isinstance(head, dict) else "ES256"
    return forge.token(key, as_bytes(head),
                       as_bytes(claims() if payload is None else payload),
                       alg=alg if isinstance(alg, str) else "ES256")


def with_signature(head, signature, payload=None):
    """A token with a signature of these bytes, or of what a function makes of
    the signed bytes."""
    first = forge.compact(as_bytes(head),
                          as_bytes(claims() if payload is None else payload),
                          "").rstrip(b".")
    if callable(signature):
        signature = signature(first)
    return first + b"." + forge.b64u(signature).encode()


def add(name, expect, token, keys=None, detail="", genuine=True, **options):
    CASES.append(Case(name, expect, token, KEYS if keys is None else keys,
                      detail, genuine, options))


def cases():
    """All cases, made once."""
    if not CASES:
        import cases_claims
        import cases_der
        import cases_form
        import cases_header
        import cases_json
        import cases_keys
        import cases_signature
        for part in (cases_form, cases_json, cases_header, cases_signature,
                     cases_keys, cases_der, cases_claims):
            part.generate()
        names = [case.name for case in CASES]
        twice = {name for name in names if names.count(name) > 1}
        assert not twice, twice
    return CASES


if __name__ == "__main__":
    # The case modules import this file by its name.
    import corpus
    for one in corpus.cases():
        print(f"{one.expect:22} {one.name}")
    print(json.dumps({"cases": len(corpus.CASES), "genuine":
                      sum(one.genuine for one in corpus.CASES)}))
