#!/usr/bin/python3
"""Genuine keys and tokens for the unit tests, as a C header.

usage: tokens.py OUTPUT

Everything here is signed by python3-jwcrypto and certified by
python3-cryptography, never by our own code.  Keys are new in every run.
"""
import base64
import datetime
import json
import secrets
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, ed25519, ed448,
                                                       padding, rsa)
from cryptography.x509.oid import NameOID
from jwcrypto import jwk, jws

jws.default_allowed_algs += ["EdDSA"]
CLAIMS = {"iss": "https://id.example", "aud": ["ssh"], "exp": 2000000000,
          "sub": "alice", "preferred_username": "alice"}


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def new_keys():
    return {
        "RSA": rsa.generate_private_key(65537, 2048),
        "RSA_OTHER": rsa.generate_private_key(65537, 2048),
        "RSA_ODD": rsa.generate_private_key(65537, 2056),
        "P256": ec.generate_private_key(ec.SECP256R1()),
        "P384": ec.generate_private_key(ec.SECP384R1()),
        "P521": ec.generate_private_key(ec.SECP521R1()),
        "ED25519": ed25519.Ed25519PrivateKey.generate(),
        "ED448": ed448.Ed448PrivateKey.generate(),
    }


def to_jwk(key):
    pem = key.private_bytes(serialization.Encoding.PEM,
                            serialization.PrivateFormat.PKCS8,
                            serialization.NoEncryption())
    return jwk.JWK.from_pem(pem)


def public(key):
    return json.loads(to_jwk(key).export_public())


def sign(key, alg, payload=None, **header):
    token = jws.JWS(json.dumps(CLAIMS) if payload is None else payload)
    protected = {"alg": alg, "typ": "JWT", "kid": "k1", **header}
    token.add_signature(to_jwk(key), None,
                        json.dumps({k: v for k, v in protected.items()
                                    if v is not None}))
    return token.serialize(compact=True)


def sign_rsa(key, header, scheme, digest):
    """An RSA signature that jwcrypto would not make."""
    text = ".".join(b64u(json.dumps(part).encode())
                    for part in (header, CLAIMS))
    return text + "." + b64u(key.sign(text.encode(), scheme, digest))


def certify(key, subject=None):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
    start = datetime.datetime(2020, 1, 1)
    edwards = isinstance(key, (ed25519.Ed25519PrivateKey,
                               ed448.Ed448PrivateKey))
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(subject or key.public_key()).serial_number(1000)
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=365))
            .add_extension(x509.BasicConstraints(False, None), False)
            .sign(key, None if edwards else hashes.SHA256()))
    return cert.public_bytes(serialization.Encoding.DER)


def short_coordinate():
    """A P-256 key whose x begins with a zero byte, x stripped."""
    while True:
        key = ec.generate_private_key(ec.SECP256R1())
        x = key.public_key().public_numbers().x
        if x < 1 << 248:
            bare = public(key)
            bare["x"] = b64u(x.to_bytes(31, "big"))
            return key, bare


def main():
    keys = new_keys()
    out = {}
    algs = [(a, "RSA") for a in ("RS256", "RS384", "RS512", "PS256", "PS384",
                                 "PS512")]
    algs += [("ES256", "P256"), ("ES384", "P384"), ("ES512", "P521")]
    for alg, name in algs:
        out["TOKEN_" + alg] = sign(keys[name], alg)
    out["TOKEN_ED25519"] = sign(keys["ED25519"], "EdDSA")
    out["TOKEN_ED448"] = sign(keys["ED448"], "EdDSA")
    for name, key in keys.items():
        bare = public(key)
        bare.pop("kid", None)
        out["JWK_" + name] = json.dumps(bare)
        out["THUMB_" + name] = to_jwk(key).thumbprint()
        for member in ("n", "e", "x", "y"):
            if member in bare:
                out["%s_%s" % (name, member.upper())] = bare[member]
        der = certify(key)
        out["X5C_" + name] = base64.b64encode(der).decode()
    # No key pairs: nothing is signed with these.
    for name, size, e in (("RSA_2040", 2040, 65537), ("RSA_8200", 8200, 65537),
                          ("RSA_16384", 16384, 65537), ("RSA_E3", 2048, 3),
                          ("RSA_LONG_E", 2048, (1 << 2040) + 1)):
        n = secrets.randbits(size) | 1 << (size - 1) | 1
        out["X5C_" + name] = base64.b64encode(certify(
            keys["P256"],
            rsa.RSAPublicNumbers(e, n).public_key())).decode()
    odd_curve = ec.generate_private_key(ec.SECP256K1())
    out["X5C_SECP256K1"] = base64.b64encode(certify(odd_curve)).decode()
    der = certify(keys["RSA"])
    out["X5T_RSA"] = b64u(x509.load_der_x509_certificate(der)
                          .fingerprint(hashes.SHA1()))
    # RSA signatures of certificates are the same in each run: X5C_RSA is der.
    out["X5T256_RSA"] = b64u(x509.load_der_x509_certificate(der)
                             .fingerprint(hashes.SHA256()))
    out["TOKEN_X5T"] = sign(keys["RSA"], "RS256", kid=None,
                            x5t=out["X5T_RSA"])
    out["TOKEN_X5T256"] = sign(keys["RSA"], "RS256", kid=None,
                               **{"x5t#S256": out["X5T256_RSA"]})
    out["TOKEN_NO_KID"] = sign(keys["RSA"], "RS256", kid=None)
    out["TOKEN_OTHER"] = sign(keys["RSA_OTHER"], "RS256")
    out["TOKEN_RSA_ODD"] = sign(keys["RSA_ODD"], "PS256")
    out["TOKEN_TEXT"] = sign(keys["RSA"], "RS256", "no claims")
    out["TOKEN_ARRAY"] = sign(keys["RSA"], "RS256", "[1]")
    out["TOKEN_TWICE"] = sign(keys["RSA"], "RS256",
                              '{"iss":"a","sub":"x","iss":"b"}')
    out["TOKEN_JWK_HEADER"] = sign(keys["RSA_OTHER"], "RS256",
                                   jwk=public(keys["RSA_OTHER"]))
    for name, claims in (("NO_ISS", {"exp": 1}), ("ISS_TYPE", {"iss": 1}),
                         ("AUD_TYPE", {"iss": "a", "aud": [1]}),
                         ("AUD_NULL", {"iss": "a", "aud": None}),
                         ("EXP_TEXT", {"iss": "a", "exp": "12"}),
                         ("EXP_HALF", {"iss": "a", "aud": "b", "exp": 12.5}),
                         ("ISS_ONLY", {"iss": "a"})):
        out["TOKEN_" + name] = sign(keys["RSA"], "RS256", json.dumps(claims))
    header = {"alg": "PS256", "kid": "k1"}
    sha256 = hashes.SHA256()
    for name, mgf, salt in (("SALT_20", sha256, 20), ("SALT_0", sha256, 0),
                            ("SALT_33", sha256, 33),
                            ("MGF1", hashes.SHA1(), 32)):
        out["TOKEN_PSS_" + name] = sign_rsa(
            keys["RSA"], header, padding.PSS(padding.MGF1(mgf), salt), sha256)
    out["TOKEN_PS_AS_RS"] = sign_rsa(
        keys["RSA"], {"alg": "RS256"},
        padding.PSS(padding.MGF1(sha256), 32), sha256)
    out["TOKEN_RS_AS_PS"] = sign_rsa(keys["RSA"], header, padding.PKCS1v15(),
                                     sha256)
    out["TOKEN_RS384_AS_RS256"] = sign_rsa(
        keys["RSA"], {"alg": "RS256"}, padding.PKCS1v15(), hashes.SHA384())
    key, bare = short_coordinate()
    out["TOKEN_SHORT"] = sign(key, "ES256")
    out["JWK_SHORT"] = json.dumps(bare)
    out["SHORT_X"] = bare["x"]
    with open(sys.argv[1], "w", encoding="ascii") as header:
        header.write("/* Made by tests/unit/tokens.py; do not edit. */\n")
        for name, value in out.items():
            header.write("#define %s %s\n" % (name, json.dumps(value)))


if __name__ == "__main__":
    main()
