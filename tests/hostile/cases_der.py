"""Certificates of a key, put together by hand with one defect each.  Beside the
bare members of the very same key: whoever looks less closely accepts."""

import base64
import hashlib

import forge
from cases_keys import forged
from corpus import TRUSTED, add, beside, header, make

EC_OID = bytes.fromhex("06072a8648ce3d0201")
P256_OID = bytes.fromhex("06082a8648ce3d030107")
RSA_OID = bytes.fromhex("06092a864886f70d010101")
ED25519_OID = bytes.fromhex("06032b6570")
NULL = b"\5\0"


def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        length = bytes([size])
    elif size < 0x100:
        length = bytes([0x81, size])
    else:
        length = bytes([0x82, size >> 8, size & 255])
    return bytes([tag]) + length + body


def seq(*parts):
    return tlv(0x30, *parts)


def bits(body):
    return tlv(3, b"\0", body)


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def certificate(spki, **parts):
    """A certificate; parts replace what stands around the key."""
    inside = {"version": tlv(0xa0, b"\2\1\2"), "serial": b"\2\1\7",
              "algorithm": seq(EC_OID), "issuer": seq(), "validity": seq(),
              "subject": seq()}
    outside = {"outer_algorithm": seq(EC_OID), "signature": bits(b"\0" * 8)}
    for name, value in parts.items():
        (inside if name in inside else outside)[name] = value
    return seq(seq(*inside.values(), spki), *outside.values())


def of_length(length, spki):
    """A certificate of so many bytes."""
    der = certificate(spki, validity=seq(tlv(4, bytes(length - 1000))))
    der = certificate(spki, validity=seq(tlv(4, bytes(
        length - 1000 + length - len(der)))))
    assert len(der) == length
    return der


def tail_bit(spki):
    """A certificate in base64 whose last digit says more than its bytes."""
    der = next(one for one in (certificate(
        spki, validity=seq(tlv(4, bytes(n)))) for n in range(3))
        if len(one) % 3 == 1)
    text = base64.b64encode(der).decode()
    other = text[:-3] + chr(ord(text[-3]) + 1) + "=="
    assert base64.b64decode(other) == der
    return [other]


def generate():
    key = TRUSTED["ec"]
    bare = forge.jwk(key)
    point = b"\4" + forge.unb64u(bare["x"]) + forge.unb64u(bare["y"])
    spki = seq(seq(EC_OID, P256_OID), bits(point))

    def case(name, der, expect="key_x5c_invalid"):
        add(f"DER: {name}", expect, make(header(kid="k"), key=key),
            keys=beside(dict(bare, kid="k", x5c=forge.x5c(der))))

    nested = b""
    for _ in range(40):
        nested = seq(nested)
    case("nothing wrong", certificate(spki), "ok")
    case("exactly 16 KiB", of_length(16384, spki), "ok")
    case("one byte over 16 KiB", of_length(16385, spki))
    add("DER: nothing wrong, but for the unused bits of its base64",
        "key_x5c_invalid", make(header(kid="k"), key=key),
        keys=beside(dict(bare, kid="k", x5c=tail_bit(spki))))
    for name, parts in (
            ("a tag of two bytes", {"validity": seq(b"\x1f\1\0")}),
            ("an indefinite length",
             {"validity": seq(b"\4\x80" + b"\xff" * 255)}),
            ("a length of three bytes",
             {"validity": seq(b"\4\x83\x80\0\0" + bytes(128))}),
            ("a length longer than needed",
             {"validity": seq(b"\4\x81\1\0")}),
            ("a length with a zero in front",
             {"validity": seq(b"\4\x82\0\x81" + bytes(129))}),
            ("a length beyond the end", {"validity": seq(b"\4\5\0")}),
            ("forty levels", {"validity": nested}),
            ("no serial number", {"serial": b""}),
            ("no algorithm of the signature", {"outer_algorithm": b""}),
            ("no signature", {"signature": b""})):
        case(name, certificate(spki, **parts))
    for name, other in (
            ("no algorithm of the key", seq(seq(), bits(point))),
            ("a curve without a name", seq(seq(EC_OID), bits(point))),
            ("a parameter too many",
             seq(seq(EC_OID, P256_OID, NULL), bits(point))),
            ("something behind the key",
             seq(seq(EC_OID, P256_OID), bits(point), NULL)),
            ("no key", seq(seq(EC_OID, P256_OID), tlv(3, b"\0"))),
            ("a point too short",
             seq(seq(EC_OID, P256_OID), bits(point[:-1]))),
            ("a point too long",
             seq(seq(EC_OID, P256_OID), bits(point + b"\0")))):
        case(name, certificate(other))
    half = {"kty": "EC", "crv": "P-256", "y": bare["y"], "kid": "k",
            "x5c": forge.x5c(certificate(spki))}
    add("DER: y alone beside a good certificate", "key_unfit",
        make(header(kid="k"), key=key), keys=beside(half),
        detail="key_malformed")
    rsa()
    edwards()


def rsa():
    key = TRUSTED["rsa"]

    def spki(*numbers, algorithm=seq(RSA_OID, NULL), behind=b""):
        return seq(algorithm, bits(seq(*numbers) + behind))

    def case(name, info, expect="key_x5c_invalid"):
        add(f"DER: RSA, {name}", expect,
            make(header("RS256", kid="k"), key=key),
            keys=beside(key.jwk(kid="k", x5c=forge.x5c(certificate(info)))))

    n, e = integer(key.n), integer(key.e)
    case("nothing wrong", spki(n, e), "ok")
    case("no parameters", spki(n, e, algorithm=seq(RSA_OID)), "ok")
    case("NULL that is not empty",
         spki(n, e, algorithm=seq(RSA_OID, b"\5\1\0")))
    case("a negative modulus",
         spki(tlv(2, key.n.to_bytes(256, "big")), e))
    case("a modulus with two zeros in front",
         spki(tlv(2, b"\0\0" + key.n.to_bytes(256, "big")), e))
    case("an exponent with a zero in front", spki(n, tlv(2, b"\0\1\0\1")))
    case("an empty exponent", spki(n, tlv(2)))
    case("a third number", spki(n, e, e))
    case("something behind the numbers", spki(n, e, behind=NULL))
    case("another exponent", spki(n, integer(65539)), "key_x5c_differs")
    case("another modulus", spki(integer(key.n - 2), e), "key_x5c_differs")
    case("numbers that would not fit", spki(
        integer((1 << 8191) + 1), integer((1 << 800) + 1)), "key_x5c_differs")
    half = key.jwk(kid="k", x5c=forge.x5c(certificate(spki(n, e))))
    for member in ("n", "e"):
        add(f"DER: RSA, no {member} beside a good certificate", "key_unfit",
            make(header("RS256", kid="k"), key=key),
            keys=beside({k: v for k, v in half.items() if k != member}),
            detail="key_malformed")


def edwards():
    key = TRUSTED["ed"]
    raw = forge.raw_public(key)

    def der(public):
        return forge.x5c(certificate(seq(seq(ED25519_OID), bits(public))))

    for name, public, expect in (
            ("nothing wrong", raw, "ok"),
            ("a byte too few", raw[:-1], "key_x5c_invalid"),
            ("a byte too many", raw + b"\0", "key_x5c_invalid")):
        add(f"DER: Ed25519, {name}", expect,
            make(header("EdDSA", kid="k"), key=key),
            keys=beside(forge.jwk(key, kid="k", x5c=der(public))))
    identity = (1).to_bytes(32, "little")
    signer = forge.certificate(key).replace(raw, identity)
    add("small order: Ed25519, the identity in a certificate alone",
        "key_unfit", forged(identity, 32, 1, lambda data: hashlib.sha512(
            data).digest(), "Ed25519"),
        keys=beside({"kty": "OKP", "kid": "k", "x5c": forge.x5c(signer)}),
        detail="key_point_invalid")
