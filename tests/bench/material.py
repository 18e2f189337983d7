"""Writes what the benchmark works on into a folder: keys, tokens, texts of many
sizes.  Tokens are jwcrypto's."""

import base64
import datetime
import json
import os
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from jwcrypto import jwk, jwt

ISSUER = "https://bench.test/realms/corp"
KINDS = {
    "RS256": {"kty": "RSA", "size": 2048},
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}
KEY_COUNTS = (1, 10, 100, 256)
TOKEN_SIZES = (768, 1024, 2048, 4096, 8192, 16384)
ISSUER_COUNTS = (1, 2, 4, 8, 16)
MAP_LINES = (10, 100, 1000, 10000)

SECTION = """\
[issuer {name}]
issuer = {issuer}
services = {service}
audience = bench
user_claim = preferred_username
require = groups any ssh-users
"""


def claims(**more):
    """What a provider says of a person."""
    now = int(time.time())
    return {
        "iss": ISSUER, "sub": "9b1c7e4e-5d1a-4a3e-8b43-7a1d40c1f2aa",
        "aud": "bench", "iat": now, "nbf": now, "exp": now + 86400,
        "jti": "a6ddc3c0-77f2-4f11-8b0f-0a9a1cd6a1f5",
        "preferred_username": "alice", "email": "alice@example.org",
        "email_verified": True, "groups": ["staff", "ssh-users"],
        "name": "Alice Example", **more}


def sign(alg, key, content, kid=None):
    """A token in compact form."""
    token = jwt.JWT(header={"alg": alg, "kid": kid or key["kid"],
                            "typ": "JWT"}, claims=content)
    token.make_signed_token(key)
    return token.serialize()


def of_size(key, size):
    """A token of exactly so many bytes, or one or two less: groups fill it."""
    groups = ["staff", "ssh-users"]
    pad = ""
    while len(sign("RS256", key, claims(groups=groups))) + 64 < size:
        groups.append(f"team-{len(groups):04}-of-the-company")
    token = sign("RS256", key, claims(groups=groups))
    while True:
        pad += "x"
        longer = sign("RS256", key, claims(groups=groups, pad=pad))
        if len(longer) > size:
            return token
        token = longer


def certificate(key):
    """A self-signed one, in base64."""
    name = x509.Name([
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
        x509.NameAttribute(NameOID.COMMON_NAME, "bench.test")])
    start = datetime.datetime(2024, 1, 1)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name) \
        .public_key(key.public_key()).serial_number(1) \
        .not_valid_before(start) \
        .not_valid_after(start + datetime.timedelta(days=3650)) \
        .sign(key, hashes.SHA256())
    return base64.b64encode(
        made.public_bytes(serialization.Encoding.DER)).decode()


def public(key):
    """The members that a provider publishes."""
    return json.loads(key.export_public())


class Folder:
    """A folder that files are written into."""

    def __init__(self, path):
        self.path = path

    def write(self, name, text):
        """One file."""
        data = text if isinstance(text, bytes) else text.encode()
        with open(os.path.join(self.path, name), "wb") as out:
            out.write(data)


def write_floor(folder, key, token):
    """For a program that decodes nothing."""
    numbers = key.get_op_key("verify").public_numbers()
    signed, _, signature = token.rpartition(".")
    folder.write("floor.n", numbers.n.to_bytes(256, "little"))
    folder.write("floor.e", numbers.e.to_bytes(3, "little"))
    folder.write("floor.input", signed)
    folder.write("floor.sig", base64.urlsafe_b64decode(
        signature + "=" * (-len(signature) % 4)))


def write_key_sets(folder):
    """Sets with x5c, as Keycloak and Entra ID have them; eight keys in turn."""
    some = []
    for i in range(8):
        own = rsa.generate_private_key(65537, 2048)
        some.append((jwk.JWK.from_pyca(own), certificate(own)))
    for count in KEY_COUNTS:
        keys = []
        for i in range(count):
            key, cert = some[i % len(some)]
            keys.append({**public(key), "kid": f"key-{i}", "alg": "RS256",
                         "use": "sig", "x5c": [cert]})
        # The token's key is the last one in each.
        keys[-1] = {**public(some[0][0]), "kid": "the-key", "alg": "RS256",
                    "use": "sig", "x5c": [some[0][1]]}
        folder.write(f"keys.{count}", json.dumps({"keys": keys}))
    folder.write("x5c.token", sign("RS256", some[0][0], claims(), "the-key"))


def write_maps(folder):
    """A pattern or two in a hundred lines; the user is in the last line."""
    for count in MAP_LINES:
        patterns = max(1, count // 50)
        lines = [f"corp  user{i}.surname@example.org  user{i}"
                 for i in range(count - patterns - 1)]
        lines += [f"corp  re:(.+)@ops{i}\\.example\\.org  \\1"
                  for i in range(patterns)]
        lines.append("corp  alice@last.example.org  alice")
        folder.write(f"maps.{count}", "\n".join(lines) + "\n")


def write_configurations(folder):
    """The token's issuer is the last section."""
    for count in ISSUER_COUNTS:
        sections = [SECTION.format(
            name=f"corp{i}", issuer=f"https://bench.test/realms/corp{i}",
            service="bench") for i in range(count - 1)]
        sections.append(configuration())
        folder.write(f"issuers.{count}", "\n".join(sections))


def configuration():
    """One section, as the examples write it."""
    return SECTION.format(name="corp", issuer=ISSUER, service="bench")


def make(path):
    """Everything."""
    folder = Folder(path)
    keys = {alg: jwk.JWK.generate(kid=f"key-{alg}", alg=alg, use="sig", **kind)
            for alg, kind in KINDS.items()}
    for alg, key in keys.items():
        token = sign(alg, key, claims())
        folder.write(alg + ".token", token)
        folder.write(alg + ".jwk", key.export_public())
        folder.write(alg + ".pem", key.export_to_pem())
        if alg == "RS256":
            write_floor(folder, key, token)
    folder.write("keys.json", json.dumps(
        {"keys": [public(key) for key in keys.values()]}))
    for size in TOKEN_SIZES:
        folder.write(f"tokens.{size}", of_size(keys["RS256"], size))
    write_key_sets(folder)
    write_maps(folder)
    write_configurations(folder)
