"""Key sets with keys that must not be used, and odd ones that may be.  The
token is signed with the very key, so that only the key's defect refuses it."""

import base64
import hashlib
import json

from cryptography.hazmat.primitives.asymmetric import ec, rsa

import forge
from corpus import (EVIL_EC, KEYS, TRUSTED, add, beside, header, make,
                    with_signature)


def generate():
    rsa_sizes()
    rsa_members()
    ec_members()
    okp_members()
    small_order()
    private()
    purpose()
    members()
    certificates()
    sets()


def skipped(name, reason, alg, key, jwk, kid="k", **more):
    """The token is signed by key; the set's jwk is skipped for that reason."""
    add(name, "key_unfit", make(header(alg, kid=kid), key=key),
        keys=beside(dict(jwk, kid=kid)), detail=reason, **more)


def unloadable(name, reason, alg, key, jwk):
    """The same, where only OpenSSL can tell: the key's reason is the token's."""
    add(name, reason, make(header(alg, kid="k"), key=key),
        keys=beside(dict(jwk, kid="k")))


def used(name, alg, key, jwk, kid="k"):
    add(name, "ok", make(header(alg, kid=kid), key=key),
        keys=beside(dict(jwk, kid=kid)))


def rsa_sizes():
    """2048 to 8192 bits, whatever OpenSSL thinks of it (CVE-2023-6237)."""
    for bits in (1024, 2040, 2047):
        key = forge.many_primes_key(bits)
        skipped(f"RSA: {bits} bits", "key_size_refused", "RS256", key,
                key.jwk())
    for bits in (8193, 8200, 16384):
        key = forge.many_primes_key(bits)
        token = make(header("RS256", kid="k"), key=key)
        keys = beside(key.jwk(kid="k"))
        add(f"RSA: {bits} bits (CVE-2023-6237)", "signature_invalid", token,
            keys=keys, detail="wrong length")
        add(f"RSA: {bits} bits, a shorter signature (CVE-2023-6237)",
            "key_unfit", with_signature(header("RS256", kid="k"), lambda data:
                                        key.sign("256", data)[:1024]),
            keys=keys, detail="key_size_refused", genuine=False)
    for bits in (2048, 2049, 3072, 4095, 8192):
        key = forge.many_primes_key(bits)
        used(f"RSA: {bits} bits", "RS256", key, key.jwk())
    key = forge.rsa_key()
    for e in (3, 17, 65535):
        weak = forge.many_primes_key(2048, e)
        skipped(f"RSA: e = {e}", "key_size_refused", "RS256", weak, weak.jwk())
    one = forge.Rsa(key.primes, 1)
    skipped("RSA: e = 1", "key_size_refused", "RS256", one, one.jwk())
    for e in (0, 2, 65536, 65538, 2 ** 64 + 13):
        jwk = dict(key.jwk(), e=forge.number(e))
        skipped(f"RSA: e = {e}", "key_size_refused", "RS256", key, jwk)
    large = forge.many_primes_key(2048, 2 ** 64 - 59)
    used("RSA: e of 64 bits", "RS256", large, large.jwk())
    wide = forge.many_primes_key(2048, 2 ** 64 + 15)
    skipped("RSA: e of 65 bits", "key_size_refused", "RS256", wide, wide.jwk())
    huge = forge.number((1 << 60000) + 1)
    skipped("RSA: n of 60000 bits", "key_size_refused", "RS256", key,
            dict(key.jwk(), n=huge))
    skipped("RSA: e of 60000 bits", "key_size_refused", "RS256", key,
            dict(key.jwk(), e=huge))
    roca = forge.roca_key()
    skipped("RSA: a modulus of CVE-2017-15361", "key_size_refused", "RS256",
            roca, roca.jwk())
    even = dict(key.jwk(), n=forge.number(key.n + 1))
    skipped("RSA: an even modulus", "key_malformed", "RS256", key, even)


def rsa_members():
    key = forge.rsa_key()
    good = key.jwk()
    for name, n in (("absent", None), ("null", "null"), ("empty", ""),
                    ("a number", 65537), ("with padding", good["n"] + "=="),
                    ("in ordinary base64", good["n"].replace("-", "+")
                     .replace("_", "/")),
                    ("with a newline", good["n"] + "\n"),
                    ("in hexadecimal", f"{key.n:x}!")):
        jwk = dict(good, n=None if n == "null" else n)
        if n is None:
            del jwk["n"]
        skipped(f"RSA: n {name}", "key_malformed", "RS256", key, jwk)
    skipped("RSA: n is zero", "key_size_refused", "RS256", key,
            dict(good, n="AA"))
    for name, e in (("absent", None), ("empty", ""), ("a number", 65537)):
        jwk = dict(good, e=e)
        if e is None:
            del jwk["e"]
        skipped(f"RSA: e {name}", "key_malformed", "RS256", key, jwk)
    used("RSA: n with a zero byte in front", "RS256", key,
         dict(good, n=forge.b64u(b"\0" + key.n.to_bytes(256, "big"))))
    used("RSA: e with a zero byte in front", "RS256", key,
         dict(good, e="AAEAAQ"))


def ec_members():
    for crv, alg in (("P-256", "ES256"), ("P-384", "ES384"),
                     ("P-521", "ES512")):
        key, size = forge.ec_key(crv), forge.SIZES[crv]
        good = forge.jwk(key)
        x, y = forge.unb64u(good["x"]), forge.unb64u(good["y"])
        flipped = bytes(y[:-1]) + bytes([y[-1] ^ 1])
        unloadable(f"EC: {crv}, not on the curve (CVE-2015-7940)",
                   "key_point_invalid", alg, key,
                   dict(good, y=forge.b64u(flipped)))
        unloadable(f"EC: {crv}, infinity as 0, 0", "key_point_invalid", alg,
                   key, dict(good, x=forge.b64u(bytes(size)),
                             y=forge.b64u(bytes(size))))
        unloadable(f"EC: {crv}, infinity as one byte", "key_point_invalid",
                   alg, key, dict(good, x="AA", y="AA"))
        unloadable(f"EC: {crv}, coordinates of all ones", "key_point_invalid",
                   alg, key, dict(good, x=forge.b64u(b"\xff" * size),
                                  y=forge.b64u(b"\xff" * size)))
        unloadable(f"EC: {crv}, x and y exchanged", "key_point_invalid", alg,
                   key, dict(good, x=good["y"], y=good["x"]))
        skipped(f"EC: {crv}, compressed, no y", "key_malformed", alg, key,
                {k: v for k, v in dict(good, x=forge.b64u(
                    bytes([2 + y[-1] % 2]) + x)).items() if k != "y"})
        skipped(f"EC: {crv}, the whole point as x", "key_malformed", alg, key,
                dict(good, x=forge.b64u(b"\4" + x + y)))
        skipped(f"EC: {crv}, x a byte too long", "key_malformed", alg, key,
                dict(good, x=forge.b64u(b"\0" + x)))
        skipped(f"EC: {crv}, y empty", "key_malformed", alg, key,
                dict(good, y=""))
    short = short_key()
    used("EC: a coordinate without its leading zero", "ES256", short,
         dict(forge.jwk(short), x=forge.b64u(
             forge.unb64u(forge.jwk(short)["x"]).lstrip(b"\0"))))
    key = forge.ec_key()
    good = forge.jwk(key)
    for crv in ("secp256k1", "P-192", "brainpoolP256r1", "p-256", "Ed25519",
                "P-256\0", ""):
        skipped(f"EC: crv {crv!r}", "key_type_unsupported", "ES256", key,
                dict(good, crv=crv))
    skipped("EC: crv absent", "key_malformed", "ES256", key,
            {k: v for k, v in good.items() if k != "crv"})
    add("EC: crv of another curve", "key_unfit",
        make(header(kid="k"), key=key),
        keys=beside(dict(good, crv="P-384", kid="k")))
    add("EC: a key of secp256k1 under P-256", "key_point_invalid",
        koblitz_token(), keys=beside(dict(koblitz_jwk(), kid="k")))


def short_key():
    for i in range(10000):
        key = forge.ec_key(name=f"short {i}")
        if key.public_key().public_numbers().x < 1 << 248:
            return key
    raise AssertionError("no short key")


def koblitz_key():
    return ec.derive_private_key(
        forge.stream("koblitz").getrandbits(250), ec.SECP256K1())


def koblitz_jwk():
    at = koblitz_key().public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": forge.number(at.x, 32),
            "y": forge.number(at.y, 32)}


def koblitz_token():
    return with_signature(header(kid="k"), lambda data: forge.join(
        *forge.pair(koblitz_key(), data, "256"), 32))


def okp_members():
    for crv, size in (("Ed25519", 32), ("Ed448", 57)):
        key = forge.ed_key(crv)
        good = forge.jwk(key)
        raw = forge.raw_public(key)
        for name, x in (("short", raw[:-1]), ("long", raw + b"\0"),
                        ("empty", b"")):
            skipped(f"OKP: {crv}, x {name}", "key_malformed", "EdDSA", key,
                    dict(good, x=forge.b64u(x)))
        p = 2 ** 255 - 19 if size == 32 else 2 ** 448 - 2 ** 224 - 1
        top = 1 << 8 * size - 1
        for name, y in (("p", p), ("p + 1", p + 1), ("p and a sign", p | top)):
            skipped(f"OKP: {crv}, not canonical, {name}", "key_point_invalid",
                    "EdDSA", key, dict(good, x=forge.b64u(
                        y.to_bytes(size, "little"))))
        unloadable(f"OKP: {crv}, not on the curve", "key_point_invalid",
                   "EdDSA", key, dict(good, x=forge.b64u(
                       off_curve(crv).to_bytes(size, "little"))))
        other = "Ed448" if size == 32 else "Ed25519"
        skipped(f"OKP: {crv} called {other}", "key_malformed", "EdDSA", key,
                dict(good, crv=other))
        skipped(f"OKP: {crv} called X25519", "key_type_unsupported", "EdDSA",
                key, dict(good, crv="X25519"))


def off_curve(crv):
    """A y that no x belongs to."""
    if crv == "Ed25519":
        p = 2 ** 255 - 19
        d = -121665 * pow(121666, -1, p) % p
        sign = 1
    else:
        p, d, sign = 2 ** 448 - 2 ** 224 - 1, -39081, -1
    y = 2
    while True:
        u, v = (y * y - 1) % p, (d * y * y + sign) % p
        if pow(u * pow(v, -1, p) % p, (p - 1) // 2, p) == p - 1:
            return y
        y += 1


def small_order():
    """Under these keys S = 0 and R = 0 are a signature of every message, or of
    every fourth or eighth: libraries that do not look accept it."""
    p = 2 ** 255 - 19
    eight = int("05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95"
                "e826", 16)
    top = 1 << 255
    for name, y, order in (
            ("the identity", 1, 1), ("order 2", p - 1, 2), ("order 4", 0, 4),
            ("order 4, the other", top, 4), ("order 8, the first", eight, 8),
            ("order 8, the second", eight | top, 8),
            ("order 8, the third", p - eight, 8),
            ("order 8, the fourth", p - eight | top, 8)):
        x = y.to_bytes(32, "little")
        add(f"small order: Ed25519, {name}", "key_unfit",
            forged(x, 32, order, lambda data: hashlib.sha512(data).digest(),
                   "Ed25519"),
            keys=beside({"kty": "OKP", "crv": "Ed25519", "kid": "k",
                         "x": forge.b64u(x)}), detail="key_point_invalid")
    p = 2 ** 448 - 2 ** 224 - 1
    for name, y, order in (("the identity", 1, 1), ("order 2", p - 1, 2),
                           ("order 4", 0, 4)):
        x = y.to_bytes(57, "little")
        add(f"small order: Ed448, {name}", "key_unfit",
            forged(x, 57, order, lambda data: hashlib.shake_256(
                b"SigEd448\0\0" + data).digest(114), "Ed448"),
            keys=beside({"kty": "OKP", "crv": "Ed448", "kid": "k",
                         "x": forge.b64u(x)}), detail="key_point_invalid")


def forged(x, size, order, digest, crv):
    """A token whose signature R = identity, S = 0 verifies under x."""
    identity = (1).to_bytes(size, "little")
    for i in range(1000):
        token = with_signature(header("EdDSA", kid="k", i=i),
                               identity + bytes(size))
        data = token.rpartition(b".")[0]
        h = int.from_bytes(digest(identity + x + data), "little")
        if h % forge.ORDERS[crv] % order == 0:
            return token
    raise AssertionError("no such message")


def private():
    """What gives a secret away is used by nobody."""
    key = forge.rsa_key()
    numbers = key.private.private_numbers()
    for name in ("d", "p", "q", "dp", "dq", "qi", "oth", "k"):
        value = {"dp": numbers.dmp1, "dq": numbers.dmq1,
                 "qi": numbers.iqmp}.get(name) or getattr(numbers, name, 5)
        skipped(f"private: RSA with {name}", "key_private", "RS256", key,
                dict(key.jwk(), **{name: forge.number(value)}))
    skipped("private: EC with d", "key_private", "ES256", TRUSTED["ec"],
            dict(forge.jwk(TRUSTED["ec"]), d="AAAA"))
    skipped("private: OKP with d", "key_private", "EdDSA", TRUSTED["ed"],
            dict(forge.jwk(TRUSTED["ed"]), d="AAAA"))
    skipped("private: d is a number", "key_private", "ES256", TRUSTED["ec"],
            dict(forge.jwk(TRUSTED["ec"]), d=1))
    skipped("private: oct", "key_private", "ES256", TRUSTED["ec"],
            {"kty": "oct", "k": "AAAA"})
    used("private: d is null", "ES256", TRUSTED["ec"],
         dict(forge.jwk(TRUSTED["ec"]), d=None))


def purpose():
    key = TRUSTED["ec"]
    good = forge.jwk(key)
    for name, member, value, reason in (
            ("enc", "use", "enc", "key_not_for_signing"),
            ("SIG", "use", "SIG", "key_not_for_signing"),
            ("empty", "use", "", "key_not_for_signing"),
            ("an array", "use", ["sig"], "key_malformed"),
            ("sign alone", "key_ops", ["sign"], "key_not_for_signing"),
            ("empty", "key_ops", [], "key_not_for_signing"),
            ("encrypt", "key_ops", ["encrypt"], "key_not_for_signing"),
            ("Verify", "key_ops", ["Verify"], "key_not_for_signing"),
            ("text", "key_ops", "verify", "key_malformed"),
            ("a number beside verify", "key_ops", ["verify", 1],
             "key_malformed")):
        skipped(f"purpose: {member} {name}", reason, "ES256", key,
                dict(good, **{member: value}))
    skipped("purpose: use enc, key_ops verify", "key_not_for_signing",
            "ES256", key, dict(good, use="enc", key_ops=["verify"]))
    used("purpose: use sig, key_ops verify", "ES256", key,
         dict(good, use="sig", key_ops=["verify"]))
    used("purpose: key_ops sign and verify", "ES256", key,
         dict(good, key_ops=["sign", "verify"]))


def members():
    """kty, alg, and the members that are optional."""
    key = TRUSTED["ec"]
    good = forge.jwk(key)
    for name, kty, reason in (
            ("absent", None, "key_malformed"), ("null", "null",
                                                "key_malformed"),
            ("ec", "ec", "key_type_unsupported"),
            ("RSA", "RSA", "key_malformed"), ("OKP", "OKP",
                                              "key_type_unsupported"),
            ("a number", 1, "key_malformed"), ("AKP", "AKP",
                                               "key_type_unsupported")):
        jwk = dict(good, kty=None if kty == "null" else kty)
        if kty is None:
            del jwk["kty"]
        skipped(f"kty: {name}", reason, "ES256", key, jwk)
    for alg in ("RS256", "ES384", "EdDSA", "none", "HS256", "ECDH-ES",
                "es256", "", "RSA-OAEP"):
        skipped(f"key's alg: {alg!r}", "key_alg_unfit", "ES256", key,
                dict(good, alg=alg))
    skipped("key's alg: a number", "key_malformed", "ES256", key,
            dict(good, alg=1))
    used("key's alg: its own", "ES256", key, dict(good, alg="ES256"))
    # Writers of some languages put every member they know.
    for member in ("alg", "use", "key_ops", "x5c", "x5t", "x5t#S256", "x5u"):
        used(f"null: {member}", "ES256", key, dict(good, **{member: None}))
    used("null: all of the optional ones", "ES256", key, dict(
        good, alg=None, use=None, key_ops=None, x5c=None, x5t=None, x5u=None,
        d=None, k=None, p=None, oth=None, n=None, e=None))
    add("null: kid, and the token names none", "ok",
        make(header(kid=None), key=key), keys={"keys": [dict(good,
                                                             kid=None)]})
    add("null: kid is no name", "key_unknown", make(header(kid="null")),
        keys={"keys": [dict(good, kid=None)]})
    used("unknown members of every type", "ES256", key, dict(
        good, a=1, b=None, c=[], d_={}, e_="x", f=True, g=1.5, h=10 ** 30,
        exp=-10 ** 40, iat=1e300))
    huge = json.dumps(beside(dict(good, kid="ec"))).replace(
        '"kid"', '"nbf": 123456789012345678901234567890, "kid"', 1)
    add("unknown member with a number over 64 bits", "ok", make(), keys=huge)


def certificates():
    key, der = TRUSTED["ec"], forge.certificate(TRUSTED["ec"])
    good = forge.jwk(key)
    bare = {"kty": "EC"}
    evil = forge.certificate(EVIL_EC)

    def unfit(name, jwk, reason="key_x5c_invalid"):
        skipped(f"x5c: {name}", reason, "ES256", key, jwk)

    used("x5c: alone", "ES256", key, dict(bare, x5c=forge.x5c(der)))
    used("x5c: alone, with crv", "ES256", key,
         dict(bare, crv="P-256", x5c=forge.x5c(der)))
    used("x5c: and the same bare members", "ES256", key,
         dict(good, x5c=forge.x5c(der)))
    used("x5c: any second certificate", "ES256", key,
         dict(good, x5c=forge.x5c(der, evil)))
    rsa_key = forge.rsa_key()
    used("x5c: RSA alone", "RS256", rsa_key,
         {"kty": "RSA", "x5c": forge.x5c(forge.certificate(rsa_key))})
    used("x5c: Ed25519 alone", "EdDSA", TRUSTED["ed"],
         {"kty": "OKP", "x5c": forge.x5c(forge.certificate(TRUSTED["ed"]))})
    unloadable("x5c: another key than the bare members", "key_x5c_differs",
               "ES256", key, dict(good, x5c=forge.x5c(evil)))
    unloadable("x5c: another type than the bare members", "key_x5c_differs",
               "ES256", key, dict(good, x5c=forge.x5c(forge.certificate(
                   rsa_key))))
    add("x5c: the certificate's key signed, the bare members are others",
        "key_x5c_differs", make(header(kid="k"), key=EVIL_EC),
        keys=beside(dict(good, kid="k", x5c=forge.x5c(evil))))
    unfit("alone, of another type",
          dict(bare, x5c=forge.x5c(forge.certificate(rsa_key))),
          "key_x5c_differs")
    unfit("alone, of another curve", dict(bare, x5c=forge.x5c(
        forge.certificate(TRUSTED["p384"])), crv="P-256"), "key_x5c_differs")
    unfit("alone, of secp256k1 (CVE-2020-0601's kind)", dict(
        bare, x5c=forge.x5c(forge.certificate(koblitz_key()))),
          "key_type_unsupported")
    text = base64.b64encode(der).decode()
    for name, x5c in (
            ("empty", []), ("text", text), ("a number in it", [1]),
            ("an empty entry", [""]), ("nine entries", [text] * 9),
            ("an entry over 16 KiB", ["A" * 21852])):
        unfit(name, dict(good, x5c=x5c))
    for name, entry in (
            ("base64url", forge.b64u(der + b"\xff\xfe")),
            ("a newline in it", text[:64] + "\n" + text[64:]),
            ("PEM", "-----BEGIN CERTIFICATE-----\n" + text),
            ("no padding", forge.b64u(der) + "A"),
            ("cut off", base64.b64encode(der[:-1]).decode()),
            ("a byte behind", base64.b64encode(der + b"\0").decode()),
            ("indefinite length", base64.b64encode(
                b"\x30\x80" + der[4:] + b"\0\0").decode()),
            ("no DER at all", base64.b64encode(b"certificate").decode()),
            ("a public key, no certificate", base64.b64encode(
                der_of_key(key)).decode())):
        unfit(name, dict(bare, x5c=[entry]))
    weak = rsa.RSAPublicNumbers(3, forge.many_primes_key(2048).n).public_key()
    add("x5c: e = 3 in a certificate", "key_unfit",
        make(header("RS256", kid="k"), key=rsa_key), detail="key_size_refused",
        keys=beside({"kty": "RSA", "kid": "k", "x5c": forge.x5c(
            forge.certificate(key, weak))}))
    explicit = der.replace(bytes.fromhex("06082a8648ce3d030107"),
                           bytes.fromhex("06082a8648ce3d030108"))
    unfit("a curve without a known name", dict(bare, x5c=forge.x5c(explicit)),
          "key_type_unsupported")
    point = forge.unb64u(good["x"]) + forge.unb64u(good["y"])
    hybrid = der.replace(b"\4" + point, bytes([6 + point[-1] % 2]) + point)
    assert hybrid != der
    unfit("a point in hybrid form", dict(bare, x5c=forge.x5c(hybrid)))


def der_of_key(key):
    from cryptography.hazmat.primitives import serialization
    return key.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


def sets():
    """The set itself: all or nothing for the envelope, one by one for keys."""
    good = forge.jwk(TRUSTED["ec"], kid="ec")
    for name, keys in (
            ("an array", [good]), ("one bare key", good),
            ("no keys", {"KEYS": [good]}), ("keys is null", {"keys": None}),
            ("keys is an object", {"keys": good}),
            ("keys is text", {"keys": "[]"}), ("257 keys",
                                               {"keys": [good] * 257})):
        add(f"set: {name}", "keys_unavailable", make(),
            keys=forge.dump(keys), detail="keyset_invalid")
    add("set: empty", "keys_unavailable", make(), keys={"keys": []})
    add("set: 256 keys", "ok", make(), keys={"keys": [
        dict(good, kid=f"k{i}") for i in range(255)] + [good]})
    add("set: keys that are no objects beside a good one", "ok", make(),
        keys={"keys": [None, 1, "x", [], True, good]})
    add("set: broken keys of every kind beside a good one", "ok", make(),
        keys={"keys": [{}, {"kty": "EC"}, {"kty": 1}, {"kty": "RSA", "n": 1},
                       {"kty": "oct", "k": "AAAA", "kid": "ec"},
                       dict(good, x="!", kid="other"), good]})
    add("set: unknown members around it", "ok", make(),
        keys=dict(KEYS, issuer="x", n=10 ** 40))
