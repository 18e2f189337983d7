"""What a header asks for: algorithms, extensions, types, keys."""

import hashlib
import hmac

from cryptography.hazmat.primitives import serialization

import forge
from corpus import (EVIL_EC, EVIL_RSA, KEYS, TRUSTED, add, beside, claims,
                    header, make, with_signature)


def generate():
    algorithms()
    confusion()
    unsigned()
    extensions()
    types()
    brought_along()
    key_ids()
    choice()
    thumbprints()


def algorithms():
    """RFC 8725 section 3.1: the section and the key decide, not the token."""
    add("alg: not allowed by the section", "alg_not_allowed", make(),
        algorithms="RS256 EdDSA")
    add("alg: RS512 where RS256 is allowed", "alg_not_allowed",
        make(header("RS512")), algorithms="RS256")
    add("alg: allowed by the section", "ok", make(), algorithms="ES256")
    for name, alg in (
            ("none", "none"), ("None", "None"), ("NONE", "NONE"),
            ("nOnE", "nOnE"), ("empty", ""), ("HS256", "HS256"),
            ("es256", "es256"), ("ES256 and a blank", "ES256 "),
            ("ES256 and a NUL", "ES256\0"), ("NUL", "\0ES256"),
            ("a list in text", "ES256,none"), ("ES256K", "ES256K"),
            ("RS1", "RS1"), ("RS256 in full width", "\uff32S256"),
            ("X25519", "ECDH-ES"), ("a kilobyte", "E" * 1024)):
        add(f"alg: {name}", "alg_unsupported", make(header(alg, kid="ec")))
    for name, alg in (("null", None), ("a number", 256), ("true", True),
                      ("an array", ["ES256"]), ("an object", {"a": "ES256"})):
        head = forge.dump(dict(header(), alg=alg))
        add(f"alg: {name}", "header_invalid", make(head), detail="alg")
    add("alg: absent", "header_invalid", make(forge.dump({"kid": "ec"})),
        detail="alg")
    add("alg: Alg", "header_invalid", make(b'{"Alg":"ES256","kid":"ec"}'),
        detail="alg")
    # Each algorithm with a key that cannot be its own.
    for alg, kid in (("RS256", "ec"), ("PS256", "ec"), ("ES256", "rsa"),
                     ("ES256", "p384"), ("ES384", "ec"), ("ES512", "p384"),
                     ("EdDSA", "rsa"), ("EdDSA", "ec"), ("ES256", "ed"),
                     ("RS256", "ed448"), ("Ed25519", "ed448"),
                     ("Ed448", "ed"), ("Ed25519", "ec")):
        add(f"alg: {alg} with the key {kid}", "key_unfit",
            make(header(alg, kid=kid)))
    for alg, other in (("RS256", "PS256"), ("PS256", "RS256"),
                       ("RS512", "RS256")):
        add(f"alg: {alg} with a key for {other}", "key_unfit",
            make(header(alg), key=TRUSTED["rsa"]),
            keys=beside(forge.jwk(TRUSTED["rsa"], kid="rsa", alg=other)))
    add("alg: PS256 with a key for PS256", "ok", make(header("PS256")),
        keys=beside(forge.jwk(TRUSTED["rsa"], kid="rsa", alg="PS256")))
    # RFC 9864: the names are not exchangeable where the key has one of them.
    for alg, other, expect in (("Ed25519", "EdDSA", "key_unfit"),
                               ("EdDSA", "Ed25519", "key_unfit"),
                               ("Ed25519", "Ed25519", "ok"),
                               ("EdDSA", "EdDSA", "ok")):
        add(f"alg: {alg} with a key for {other}", expect, make(header(alg)),
            keys=beside(forge.jwk(TRUSTED["ed"], kid="ed", alg=other)))
    add("alg: Ed25519 where the section allows EdDSA", "alg_not_allowed",
        make(header("Ed25519")), algorithms="EdDSA")
    # The header says one, the signature is another.
    for said, done in (("RS256", "RS384"), ("RS256", "PS256"),
                       ("PS256", "RS256"), ("PS384", "PS256")):
        add(f"alg: {said} announced, {done} made", "signature_invalid",
            make(header(said), alg=done), genuine=False)


def confusion():
    """A public key as the secret of HMAC: CVE-2015-9235, PyJWT
    CVE-2022-29217, libjwt CVE-2026-44699."""
    rsa, ec = TRUSTED["rsa"].private.public_key(), \
        TRUSTED["ec"].public_key()
    der, pem = serialization.Encoding.DER, serialization.Encoding.PEM
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    ssh = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    secrets = {
        "RSA in PEM": rsa.public_bytes(pem, spki),
        "RSA in PEM without newline": rsa.public_bytes(pem, spki).rstrip(),
        "RSA in DER": rsa.public_bytes(der, spki),
        "RSA in PKCS #1": rsa.public_bytes(
            pem, serialization.PublicFormat.PKCS1),
        "RSA in OpenSSH's form": rsa.public_bytes(*ssh),
        "the bytes of n": TRUSTED["rsa"].n.to_bytes(256, "big"),
        "the text of n": forge.number(TRUSTED["rsa"].n).encode(),
        "the JWK": forge.dump(KEYS["keys"][0]),
        "the key set": forge.dump(KEYS),
        "EC in PEM": ec.public_bytes(pem, spki),
        "EC in DER": ec.public_bytes(der, spki),
        "EC's x": forge.unb64u(forge.jwk(TRUSTED["ec"])["x"]),
        "Ed25519's x": forge.raw_public(TRUSTED["ed"]),
        "nothing": b"",
    }
    for name, secret in secrets.items():
        add(f"confusion (CVE-2015-9235, CVE-2022-29217, CVE-2026-44699): {name}",
            "alg_unsupported", with_signature(
                header("HS256", kid="rsa"),
                lambda data, s=secret: hmac.digest(s, data, "sha256")))
    for bits in ("384", "512"):
        add(f"confusion: HS{bits} with RSA in PEM", "alg_unsupported",
            with_signature(header("HS" + bits, kid="rsa"), lambda data, b=bits:
                           hmac.digest(secrets["RSA in PEM"], data,
                                       "sha" + b)))
    oct_key = {"kty": "oct", "kid": "ec", "k": forge.b64u(b"k" * 32)}
    mac = with_signature(header("HS256", kid="ec"), lambda data:
                         hmac.digest(b"k" * 32, data, "sha256"))
    add("confusion: HS256 with an oct key in the set", "alg_unsupported", mac,
        keys=beside(oct_key))
    # The MAC under the name of an algorithm that is allowed.
    for alg in ("RS256", "ES256", "EdDSA"):
        add(f"confusion: a MAC called {alg}", "signature_invalid",
            with_signature(header(alg), lambda data: hmac.digest(
                secrets["RSA in PEM"], data, "sha512")), genuine=False)


def unsigned():
    """CVE-2015-9235 (none), CVE-2020-28042 (an empty signature)."""
    for alg in ("none", "None", "HS256"):
        add(f"unsigned: {alg} with an empty signature", "alg_unsupported",
            with_signature(header(alg, kid="ec"), b""), genuine=False)
    for alg in ("RS256", "PS256", "ES256", "ES512", "EdDSA"):
        add(f"unsigned: {alg} with an empty signature (CVE-2020-28042)",
            "signature_invalid", with_signature(header(alg), b""),
            genuine=False)
    add("unsigned: no third part", "not_a_jwt",
        with_signature(header(), b"")[:-1], genuine=False)


def extensions():
    """RFC 7515 section 4.1.11; PyJWT CVE-2026-32597 ignored crit."""
    for name, value in (("an unknown name", ["x-policy"]), ("exp", ["exp"]),
                        ("an empty array", []), ("null", None),
                        ("text", "exp"), ("a number", 1), ("false", False),
                        ("b64 alone", ["b64"]), ("alg", ["alg"]),
                        ("the same name twice", ["a", "a"])):
        head = dict(header(), crit=value, a=1)
        add(f"crit (CVE-2026-32597): {name}", "crit_present",
            make(forge.dump(head)))
    add("crit: in the payload it is a claim", "ok",
        make(payload=claims(crit=["exp"])))
    add("zip: a compressed payload", "header_invalid", make(header(zip="DEF")),
        detail="zip")


def types():
    """typ (RFC 8725 section 3.11)."""
    for name, typ, options, expect in (
            ("JWT", "JWT", {}, "ok"), ("jwt", "jwt", {}, "ok"),
            ("application/jwt", "application/jwt", {}, "ok"),
            ("Application/JWT", "Application/JWT", {}, "ok"),
            ("absent", None, {}, "ok"),
            ("at+jwt listed", "at+jwt", {"typ": "at+jwt"}, "ok"),
            ("application/at+jwt listed", "application/at+jwt",
             {"typ": "at+jwt"}, "ok"),
            ("at+jwt", "at+jwt", {}, "typ_not_allowed"),
            ("logout+jwt", "logout+jwt", {}, "typ_not_allowed"),
            ("secevent+jwt", "secevent+jwt", {}, "typ_not_allowed"),
            ("dpop+jwt", "dpop+jwt", {}, "typ_not_allowed"),
            ("JOSE", "JOSE", {}, "typ_not_allowed"),
            ("empty", "", {}, "typ_not_allowed"),
            ("the word absent", "absent", {}, "typ_not_allowed"),
            ("application/ alone", "application/", {}, "typ_not_allowed"),
            ("application/ twice", "application/application/jwt", {},
             "typ_not_allowed"),
            ("text/jwt", "text/jwt", {}, "typ_not_allowed"),
            ("as long as application/", "xpplication/jwt", {},
             "typ_not_allowed"),
            ("JWT and a blank", "JWT ", {}, "typ_not_allowed"),
            ("JWT and a NUL", "JWT\0", {}, "typ_not_allowed"),
            ("JWT and parameters", "application/jwt;x=1", {},
             "typ_not_allowed"),
            ("JWT where at+jwt is asked for", "JWT", {"typ": "at+jwt"},
             "typ_not_allowed"),
            ("absent where at+jwt is asked for", None, {"typ": "at+jwt"},
             "typ_not_allowed")):
        add(f"typ: {name}", expect, make(header(typ=typ)), **options)
    for name, typ in (("null", None), ("an array", ["JWT"]), ("a number", 1)):
        add(f"typ: {name}", "header_invalid",
            make(forge.dump(dict(header(), typ=typ))), detail="typ")


def brought_along():
    """Keys in the header: CVE-2018-0114 and its kin.  They are ignored: the
    section's key decides, so that its own tokens may carry them."""
    public = forge.jwk(EVIL_EC, kid="ec")
    own = forge.jwk(TRUSTED["ec"], kid="ec")
    certificate = forge.x5c(forge.certificate(EVIL_EC))
    for name, members in (
            ("jwk (CVE-2018-0114)", {"jwk": public}),
            ("jku", {"jku": "https://evil.example/keys"}),
            ("jku of a file", {"jku": "file:///tmp/keys"}),
            ("x5u", {"x5u": "https://evil.example/cert"}),
            ("x5c", {"x5c": certificate}),
            ("all of them", {"jwk": public, "jku": "https://evil.example",
                             "x5c": certificate,
                             "x5u": "https://evil.example"}),
            ("jwk of the wrong type", {"jwk": "ec"}),
            ("an iss", {"iss": "https://evil.example"})):
        add(f"header key: {name}, signed by it", "signature_invalid",
            make(header(**members), key=EVIL_EC))
        add(f"header key: {name}, signed by the section's", "ok",
            make(header(**members), key=TRUSTED["ec"]))
    add("header key: jwk, and no kid", "signature_invalid",
        make(header(kid=None, jwk=public), key=EVIL_EC))
    add("header key: the section's own jwk", "ok",
        make(header(jwk=own), key=TRUSTED["ec"]))
    add("header key: a kid that the evil jwk has", "key_unknown",
        make(header(kid="evil", jwk=forge.jwk(EVIL_EC, kid="evil")),
             key=EVIL_EC))


def key_ids():
    """kid is compared byte for byte and is nothing but a name."""
    for name, kid in (
            ("unknown", "nobody"), ("other case", "EC"), ("a prefix", "e"),
            ("longer", "ecx"), ("a blank behind", "ec "),
            ("a NUL behind", "ec\0"), ("a NUL and more behind", "ec\0x"),
            ("a path to /dev/null", "../../../../dev/null"),
            ("a path to the key file", "keys.json"),
            ("SQL", "x' UNION SELECT 'key' -- "), ("shell", "ec; id"),
            ("a URL", "https://evil.example/keys"), ("a format", "%s%n%x"),
            ("full width", "\uff45\uff43"), ("256 bytes", "k" * 256)):
        add(f"kid: {name}", "key_unknown", make(header(kid=kid)))
        if kid != "nobody":
            add(f"kid: {name}, and a key of that name", "ok",
                make(header(kid=kid)),
                keys=beside(forge.jwk(TRUSTED["ec"], kid=kid)))
    for name, kid in (("empty", ""), ("257 bytes", "k" * 257), ("null", None),
                      ("a number", 1), ("an array", ["ec"]),
                      ("an object", {"ec": 1}), ("true", True)):
        add(f"kid: {name}", "kid_invalid",
            make(forge.dump(dict(header(), kid=kid))))
    add("kid: a number where the key's is its text", "kid_invalid",
        make(forge.dump(dict(header(), kid=1))),
        keys=beside(forge.jwk(TRUSTED["ec"], kid="1")))
    add("kid: normalised forms differ", "key_unknown",
        make(header(kid="\u00e9")),
        keys=beside(forge.jwk(TRUSTED["ec"], kid="e\u0301")))
    add("kid: absent where it is demanded", "kid_missing",
        make(header(kid=None)), require_kid="yes")
    add("kid: present where it is demanded", "ok", make(), require_kid="yes")


def choice():
    """The same kid several times; no kid at all."""
    good = forge.jwk(TRUSTED["ec"], kid="ec")
    evil = [forge.jwk(forge.ec_key(name=f"other {i}"), kid="ec")
            for i in range(8)]
    nameless = [dict(key, kid=None) for key in evil]
    for key in nameless:
        del key["kid"]
    add("choice: the second of a kid", "ok", make(),
        keys={"keys": [evil[0], good]})
    add("choice: the fourth of a kid", "ok", make(),
        keys={"keys": evil[:3] + [good]})
    add("choice: the fifth of a kid is not tried", "signature_invalid", make(),
        keys={"keys": evil[:4] + [good]}, detail="first 4")
    add("choice: the same kid with another use", "ok", make(),
        keys={"keys": [dict(evil[0], use="enc"), good]})
    add("choice: the same kid with another type", "ok", make(),
        keys={"keys": [forge.jwk(TRUSTED["rsa"], kid="ec")] * 5 + [good]})
    add("choice: the same kid, none the right one", "signature_invalid",
        make(), keys={"keys": evil[:3]}, genuine=False)
    bare = make(header(kid=None))
    add("choice: no kid, the eighth that fits", "ok", bare,
        keys={"keys": nameless[:7] + [good]})
    add("choice: no kid, nine fit", "key_unknown", bare,
        keys={"keys": nameless + [good]})
    add("choice: no kid, those of other types do not count", "ok", bare,
        keys={"keys": [forge.jwk(TRUSTED["rsa"])] * 9 + nameless[:7]
              + [good]})
    add("choice: no kid, none fits", "key_unknown",
        make(header("ES384", kid=None), key=TRUSTED["p384"]),
        keys=beside(good))
    add("choice: no kid, none the right one", "signature_invalid", bare,
        keys={"keys": evil[:2]}, genuine=False)
    add("choice: a kid in the token, none in the set", "key_unknown", make(),
        keys={"keys": nameless[:1] + [{k: v for k, v in good.items()
                                      if k != "kid"}]})


def thumbprints():
    """x5t and x5t#S256 choose a key where there is no kid; no more."""
    der = forge.certificate(TRUSTED["ec"])
    good = forge.jwk(TRUSTED["ec"], x5c=forge.x5c(der))
    other = forge.jwk(forge.ec_key(name="other 0"), kid="other")
    sha1 = forge.b64u(hashlib.sha1(der).digest())
    sha256 = forge.b64u(hashlib.sha256(der).digest())
    for name, members, expect in (
            ("x5t", {"x5t": sha1}, "ok"),
            ("x5t#S256", {"x5t#S256": sha256}, "ok"),
            ("an unknown x5t", {"x5t": sha1[::-1]}, "key_unknown"),
            ("SHA-1 as x5t#S256", {"x5t#S256": sha1}, "key_unknown"),
            ("x5t with padding", {"x5t": sha1 + "="}, "key_unknown"),
            ("x5t#S256 wins over x5t", {"x5t#S256": sha256, "x5t": "x"}, "ok"),
            ("kid wins over x5t", {"kid": "other", "x5t": sha1},
             "signature_invalid")):
        add(f"thumbprint: {name}", expect,
            make(header(**dict({"kid": None}, **members)), key=TRUSTED["ec"]),
            keys={"keys": [other, good]}, detail="no key has the token's "
            "certificate thumbprint" if expect == "key_unknown" else "")
    add("thumbprint: of an evil certificate that the set has not",
        "key_unknown", make(header(kid=None, x5t=forge.b64u(hashlib.sha1(
            forge.certificate(EVIL_EC)).digest())), key=EVIL_EC))
    add("thumbprint: x5t is a number", "header_invalid",
        make(header(kid=None, x5t=1)), detail="x5t")
    add("header key: RSA of the attacker under the section's kid",
        "signature_invalid", make(header("RS256"), key=EVIL_RSA))
