"""The product's verdict on signatures beside jwcrypto's, for random and mutated
tokens and keys from a fixed seed.  Where the two differ, the class of the
difference must be a line of the table in docs/verification.md, and each line of
the table must occur."""

import collections
import json
import random

from jwcrypto import jwk, jws

import corpus
import forge
from tables import table
from verdict import Verdict

SEED = 11
ROUNDS = 3000
ALLOWED = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
           "ES384", "ES512", "EdDSA"]
SIGNERS = [(alg, kid) for alg, kid in corpus.ALGORITHMS.items()
           if alg in ALLOWED] + [("EdDSA", "ed448")]
# What a member of a header or a key may turn into.
VALUES = [None, True, False, 0, 1, -1, 1.5, 2 ** 70, "", "x", "none", "sig",
          "enc", "ES256", "RS256", "EdDSA", "JWT", "verify", [], ["verify"],
          ["sign"], ["exp"], ["b64"], {}, {"a": 1}, "A", "AQAB", "AA", "ec",
          "\u00e4", "a\0b"]
HEADER = ["alg", "kid", "typ", "crit", "b64", "cty", "jwk", "jku", "x5c",
          "x5t", "x5t#S256", "x5u", "enc", "zip", "exp", "unknown"]
MEMBERS = ["kty", "use", "key_ops", "alg", "kid", "crv", "x", "y", "n", "e",
           "d", "k", "x5c", "x5t", "unknown"]


# --- making inputs --------------------------------------------------------------

def text_change(rng, token):
    """Small changes to the bytes of a token."""
    at = rng.randrange(len(token))
    kind = rng.randrange(9)
    if kind == 0:
        return token[:at] + bytes([token[at] ^ 1 << rng.randrange(7)]) \
            + token[at + 1:]
    if kind == 1:
        return token[:at]
    if kind == 2:
        return token[:at] + token[at + 1:]
    if kind == 3:
        return token[:at] + rng.choice([b".", b"=", b" ", b"\n", b"A", b"-",
                                        b"+", b"!", b"{"]) + token[at:]
    if kind == 4:
        return rng.choice([b" ", b"\n", b"\t", b"{", b"Bearer "]) + token
    if kind == 5:
        return token + rng.choice([b"=", b"==", b"\n", b" ", b".", b"A", b"\0"])
    parts = token.split(b".")
    if kind == 6:
        rng.shuffle(parts)
        return b".".join(parts)
    if kind == 7:
        # The last character's unused bits.
        which = rng.randrange(3)
        last = parts[which][-1:]
        parts[which] = parts[which][:-1] + bytes([last[0] + 1])
        return b".".join(parts)
    return json.dumps(dict(zip(("protected", "payload", "signature"),
                               (part.decode() for part in parts)))).encode()


def header_change(rng, head):
    """Other members, signed as they are."""
    head = dict(head)
    kind = rng.randrange(6)
    if kind == 0:
        head.pop(rng.choice(sorted(head)))
    elif kind == 1:
        head["alg"] = rng.choice(ALLOWED + ["none", "HS256", "es256"])
    elif kind == 2:
        member, value = rng.choice([("crit", []), ("b64", True),
                                    ("typ", "other"), ("enc", "x")])
        head[member] = value
    else:
        head[rng.choice(HEADER)] = rng.choice(VALUES)
    text = json.dumps(head)
    if rng.random() < .3:
        text = rng.choice([" " + text, text + " ", text + "x", "[" + text + "]",
                           text[:-1] + ', "alg": "ES256"}',
                           text[:-1] + ', "a": 1, "a": 2}',
                           text[:-1] + ', "a": NaN}', "\ufeff" + text])
    return text.encode()


def signature_change(rng, signature):
    kind = rng.randrange(6)
    half = len(signature) // 2
    return (signature[:-1], b"\0" + signature, signature + b"\0",
            signature[half:] + signature[:half], bytes(len(signature)),
            signature[:rng.randrange(len(signature))])[kind]


def key_change(rng, key):
    key = dict(key)
    kind = rng.randrange(5)
    if kind == 0:
        key.pop(rng.choice(sorted(key)))
    elif kind == 1:
        key[rng.choice(MEMBERS)] = rng.choice(VALUES)
    elif kind == 2:
        member = rng.choice(["d", "use", "key_ops", "alg", "x5c", "k"])
        key[member] = rng.choice([None, None, ""])
    else:
        member = rng.choice([m for m in ("x", "y", "n", "e") if m in key])
        text = key[member]
        at = rng.randrange(len(text))
        key[member] = rng.choice([
            text[:at] + rng.choice("AQgw_-") + text[at + 1:], text[:at],
            text + "A", text + "=", forge.b64u(b"\0" + forge.unb64u(text)),
            forge.b64u(forge.unb64u(text)[1:])])
    return key


def example(rng):
    """(key set, token): a genuine one with at most two changes."""
    alg, kid = rng.choice(SIGNERS)
    head = {"alg": alg, "kid": kid, "typ": "JWT"}
    header = forge.dump(head)
    keys = [dict(key) for key in corpus.KEYS["keys"]]
    payload = forge.dump(corpus.claims()) if rng.random() < .8 else \
        rng.randbytes(rng.randrange(1, 40))
    key = corpus.TRUSTED[kid]
    change = rng.choice(["text", "text", "header", "signature", "key", "key",
                         "none"])
    if change == "header":
        header = header_change(rng, head)
    if change == "key":
        at = [k["kid"] for k in keys].index(kid)
        keys[at] = key_change(rng, keys[at])
    if change == "signature":
        token = corpus.with_signature(
            header, lambda data: signature_change(rng, forge.sign(key, alg,
                                                                  data)),
            payload)
    else:
        token = forge.token(key, header, payload, alg)
    if change == "text" or rng.random() < .05:
        token = text_change(rng, token)
    return {"keys": keys}, token


# --- the other verdict ----------------------------------------------------------

def named(token, keys):
    """The keys that a header means, as the product chooses them: jwcrypto
    leaves that to its caller."""
    kid = token.jose_header.get("kid")
    if kid is None:
        return keys
    return [key for key in keys if key.get("kid") == kid]


def theirs(keys, text):
    """(payload, None), or (None, the last exception)."""
    token = jws.JWS()
    token.allowed_algs = ALLOWED
    try:
        token.deserialize(text.decode("utf-8"))
        candidates = named(token, keys["keys"])
    except Exception as error:      # jwcrypto raises what it likes
        return None, error
    last = None
    for members in candidates:
        try:
            token.verify(jwk.JWK(**members))
            return token.payload, None
        except Exception as error:
            last = error
    return None, last or LookupError("no key")


def difference(ours, detail, ours_payload, payload, error):
    """The class of a difference, or None where there is none."""
    if ours == "ok" and error is None:
        assert ours_payload == payload, "two payloads"
        return None
    if ours != "ok" and error is not None:
        return None
    if ours == "ok":
        words = str(error).lower()
        for sign in ("verification failed", "invalid format"):
            if sign in words:
                return "ok", sign
        return "ok", type(error).__name__
    sort = detail.partition(":")[0] if ours in ("header_invalid",
                                                "key_unfit") else ""
    if ours == "key_unfit":
        sort = detail.rpartition(": ")[2] if "skipped" in detail else "alg"
    elif ours == "header_invalid" and "json_" not in sort:
        sort = "member"
    return f"{ours} {sort}".strip(), "accepted"


def test_every_difference_is_explained():
    known = {(ours, other) for ours, other, _why in table(
        "Differences to jwcrypto")}
    rng = random.Random(SEED)
    seen = collections.Counter()
    agreed = collections.Counter()
    examples = {}
    with Verdict() as verdict:
        for _ in range(ROUNDS):
            keys, token = example(rng)
            verdict.setup(keys, algorithms=" ".join(ALLOWED))
            ours, detail, plain = verdict.signature(token)
            payload, error = theirs(keys, token)
            kind = difference(ours, detail, plain, payload, error)
            if kind is None:
                agreed[ours == "ok"] += 1
            else:
                seen[kind] += 1
                examples.setdefault(kind, (detail, token, error))
    assert min(agreed[True], agreed[False]) > ROUNDS // 10, agreed
    unexplained = {kind: examples[kind] for kind in seen if kind not in known}
    assert not unexplained, "\n".join(
        f"{kind}: {seen[kind]} times, for example {what}"
        for kind, what in unexplained.items())
    assert not known - set(seen), "lines of the table that never occur"
