"""Signatures that a careless verifier takes for good."""

import hashlib

from cryptography.hazmat.primitives import hashes

import forge
from corpus import ALGORITHMS, TRUSTED, add, beside, header, with_signature


def generate():
    for alg in ALGORITHMS:
        damaged(alg)
    pkcs1()
    pss()
    for crv, alg in (("P-256", "ES256"), ("P-384", "ES384"),
                     ("P-521", "ES512")):
        ecdsa(crv, alg)
    ecdsa_forms()
    edwards("Ed25519", "ed", 32)
    edwards("Ed448", "ed448", 57)
    small_order_r()


def genuine(alg, kid=None):
    """A function from signed bytes to their genuine signature."""
    return lambda data: forge.sign(TRUSTED[kid or ALGORITHMS[alg]], alg, data)


def damaged(alg):
    """Genuine signatures, shortened and lengthened: no byte may be missing,
    none be ignored (cjose CVE-2023-37464 took the length from the token)."""
    sign = genuine(alg)
    for name, change in (
            ("one byte short", lambda s: s[:-1]),
            ("the first byte missing", lambda s: s[1:]),
            ("one byte", lambda s: s[:1]),
            ("half of it", lambda s: s[:len(s) // 2]),
            ("a zero behind", lambda s: s + b"\0"),
            ("a zero in front", lambda s: b"\0" + s),
            ("twice", lambda s: s + s),
            ("all zeros", lambda s: bytes(len(s))),
            ("all ones", lambda s: b"\xff" * len(s)),
            ("reversed", lambda s: s[::-1]),
            ("1024 bytes", lambda s: s + bytes(1024 - len(s))),
            ("1025 bytes", lambda s: s + bytes(1025 - len(s)))):
        add(f"signature (CVE-2023-37464): {alg}, {name}", "signature_invalid",
            with_signature(header(alg), lambda data, c=change: c(sign(data))),
            genuine=False)


def pkcs1():
    """Blocks that are not those of RFC 8017 section 9.2, genuinely raised to
    the private exponent (CVE-2006-4339)."""
    key = TRUSTED["rsa"]
    for name, block in (
            ("garbage behind", lambda t: b"\0\1" + b"\xff" * 8 + b"\0" + t
             + b"\0" * (256 - 11 - len(t))),
            ("garbage behind, one byte", lambda t: b"\0\1"
             + b"\xff" * (256 - 4 - len(t)) + b"\0" + t + b"\0"),
            ("padding of zeros", lambda t: b"\0\1"
             + b"\0" * (256 - 3 - len(t)) + b"\0" + t),
            ("block type 2", lambda t: b"\0\2"
             + b"\xff" * (256 - 3 - len(t)) + b"\0" + t),
            ("block type 0", lambda t: b"\0" * (256 - len(t)) + t),
            ("no zero before the digest", lambda t: b"\0\1"
             + b"\xff" * (256 - 2 - len(t)) + t),
            ("one byte of padding changed", lambda t: b"\0\1\xff\xfe"
             + b"\xff" * (256 - 5 - len(t)) + b"\0" + t),
            ("the digest alone", lambda t: b"\0\1"
             + b"\xff" * (256 - 35) + b"\0" + t[-32:]),
            ("DigestInfo without NULL", lambda t: b"\0\1"
             + b"\xff" * (256 - 3 - len(t) + 2) + b"\0"
             + bytes.fromhex("302f300b0609608648016503040201") + t[17:]),
            ("DigestInfo of SHA-1's name", lambda t: b"\0\1"
             + b"\xff" * (256 - 3 - 47) + b"\0"
             + bytes.fromhex("302d300906052b0e03021a05000420") + t[-32:]),
            ("DigestInfo with long lengths", lambda t: b"\0\1"
             + b"\xff" * (256 - 3 - len(t) - 1) + b"\0\x30\x81" + t[1:]),
            ("everything zero", lambda t: bytes(256))):
        def sign(data, block=block):
            made = block(forge.DIGEST_INFO["256"]
                         + hashlib.sha256(data).digest())
            return key.raw(made[:256].rjust(256, b"\xff"))
        add(f"PKCS #1 (CVE-2006-4339): {name}", "signature_invalid",
            with_signature(header("RS256"), sign))
    # Nobody needs to know its primes.
    cube = forge.Rsa([forge.stream("cube").getrandbits(3072) | 1 << 3071 | 1],
                     3)
    add("PKCS #1: forged without the key, e = 3 (CVE-2006-4339)",
        "key_unfit", with_signature(header("RS256", kid="e3"), lambda data:
                                    forged_cube(cube, data)),
        keys=beside(cube.jwk(kid="e3")), detail="key_size_refused")
    for name, add_n in (("plus n", 1), ("plus n twice", 2)):
        add(f"PKCS #1: the genuine number {name}", "signature_invalid",
            with_signature(header("RS256"), lambda data, k=add_n: (
                int.from_bytes(key.sign("256", data), "big") + k * key.n)
                .to_bytes(257, "big").lstrip(b"\0")), genuine=False)


def forged_cube(key, data):
    """A cube root whose cube begins as the block does: garbage follows."""
    start = b"\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0" \
        + forge.DIGEST_INFO["256"] + hashlib.sha256(data).digest()
    low = int.from_bytes(start + bytes(key.bytes - len(start)), "big")
    root = 1 << (low.bit_length() + 2) // 3
    while True:
        better = (2 * root + low // (root * root)) // 3
        if better >= root:
            break
        root = better
    root += 1
    made = (root ** 3).to_bytes(key.bytes, "big")
    assert made.startswith(start)
    return root.to_bytes(key.bytes, "big")


def pss():
    """The salt is as long as the digest, MGF1 uses the same (RFC 7518 3.5)."""
    key = TRUSTED["rsa"]
    for bits, size in (("256", 32), ("384", 48), ("512", 64)):
        alg = "PS" + bits
        for salt in (0, 1, 20, size - 1, size + 1, 256 - size - 2):
            add(f"PSS: {alg}, salt of {salt}", "signature_invalid",
                with_signature(header(alg), lambda data, b=bits, s=salt:
                               forge.pss(key, data, b, s)))
        add(f"PSS: {alg}, MGF1 with SHA-1", "signature_invalid",
            with_signature(header(alg), lambda data, b=bits: forge.pss(
                key, data, b, mgf=hashes.SHA1())))
    add("PSS: PS256, MGF1 with SHA-512", "signature_invalid",
        with_signature(header("PS256"), lambda data: forge.pss(
            key, data, "256", mgf=hashes.SHA512())))


def ecdsa(crv, alg):
    """r and s at and beyond their bounds (psychic: CVE-2022-21449)."""
    size, n = forge.SIZES[crv], forge.ORDERS[crv]
    key = TRUSTED[ALGORITHMS[alg]]

    def case(name, change, expect="signature_invalid", real=False):
        def sign(data):
            r, s = change(*forge.pair(key, data, alg[2:]))
            return forge.join(r, s, size)
        add(f"ECDSA: {alg}, {name}", expect, with_signature(header(alg), sign),
            genuine=real)

    case("r = s = 0 (CVE-2022-21449)", lambda r, s: (0, 0))
    case("r = 0", lambda r, s: (0, s))
    case("s = 0", lambda r, s: (r, 0))
    case("r = n", lambda r, s: (n, s))
    case("s = n", lambda r, s: (r, n))
    case("r = s = n (CVE-2022-21449)", lambda r, s: (n, n))
    case("r = s = 1", lambda r, s: (1, 1))
    case("r = n - 1", lambda r, s: (n - 1, s))
    case("r = 0, s = 1", lambda r, s: (0, 1))
    case("r = 1, s = 0", lambda r, s: (1, 0))
    case("all ones", lambda r, s: (256 ** size - 1, 256 ** size - 1))
    case("r and s exchanged", lambda r, s: (s, r))
    case("-r", lambda r, s: (n - r, s))
    # The other signature of the same message is as good; FIPS 186 has both.
    case("-s", lambda r, s: (r, n - s), "ok", True)
    if crv == "P-521":
        case("r + n", lambda r, s: (r + n, s))
        case("s + n", lambda r, s: (r, s + n))


def ecdsa_forms():
    """Other encodings of a genuine r and s."""
    key = TRUSTED["ec"]
    for name, form in (
            ("DER", lambda data: key.sign(data, forge.ec.ECDSA(
                hashes.SHA256()))),
            ("the lengths of P-384", lambda data: forge.join(
                *forge.pair(key, data, "256"), 48)),
            ("the lengths of P-521", lambda data: forge.join(
                *forge.pair(key, data, "256"), 66)),
            ("33 bytes each", lambda data: forge.join(
                *forge.pair(key, data, "256"), 33)),
            ("s before r, little-endian", lambda data: forge.join(
                *forge.pair(key, data, "256"), 32)[::-1])):
        add(f"ECDSA: {name}", "signature_invalid",
            with_signature(header(), form))
    add("ECDSA: P-384's signature under ES256", "signature_invalid",
        with_signature(header(), genuine("ES384")), genuine=False)
    add("ECDSA: another digest", "signature_invalid",
        with_signature(header(), lambda data: forge.join(
            *forge.pair(key, data, "384"), 32)), genuine=False)


def edwards(crv, kid, size):
    """S must be below the order: RFC 8032 sections 5.1.7, 5.2.7."""
    order = forge.ORDERS[crv]
    for k in (1, 2, 3):
        def sign(data, k=k):
            signature = TRUSTED[kid].sign(data)
            s = int.from_bytes(signature[size:], "little") + k * order
            return signature[:size] + s.to_bytes(size, "little")
        add(f"EdDSA: {crv}, S + {k} L", "signature_invalid",
            with_signature(header("EdDSA", kid=kid), sign))
    other = "ed448" if kid == "ed" else "ed"
    add(f"EdDSA: {crv}, the signature of the other curve",
        "signature_invalid", with_signature(header("EdDSA", kid=kid),
                                            genuine("EdDSA", other)),
        genuine=False)
    add(f"EdDSA: {crv}, R and S exchanged", "signature_invalid",
        with_signature(header("EdDSA", kid=kid), lambda data:
                       TRUSTED[kid].sign(data)[size:]
                       + TRUSTED[kid].sign(data)[:size]), genuine=False)


def small_order_r():
    """R of small order, made by the key's owner: S = h a fits R = 0."""
    secret = forge.stream("ed Ed25519 first").randbytes(32)
    digest = hashlib.sha512(secret).digest()
    a = int.from_bytes(digest[:32], "little")
    a = a & (1 << 254) - 8 | 1 << 254
    public = forge.raw_public(TRUSTED["ed"])
    p = 2 ** 255 - 19

    def sign(point):
        def made(data):
            h = int.from_bytes(hashlib.sha512(point + public + data).digest(),
                               "little")
            return point + (h * a % forge.ORDERS["Ed25519"]).to_bytes(
                32, "little")
        return made

    head = header("EdDSA")
    identity = (1).to_bytes(32, "little")
    # Of small order, but what it proves is still the owner's secret.
    add("EdDSA: R is the identity", "ok", with_signature(head, sign(identity)))
    for name, point in (("of order 2", p - 1), ("of order 4", 0),
                        ("the identity as p + 1", p + 1),
                        ("the identity with a sign", 1 | 1 << 255)):
        add(f"EdDSA: R {name}", "signature_invalid",
            with_signature(head, sign(point.to_bytes(32, "little"))))
