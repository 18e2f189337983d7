"""An issuer of tokens that shares no code with the product: jwcrypto signs,
python-cryptography makes certificates.

    key = make_key("ES256", kid="k1")
    token = make_token(key, "ES256", claims("https://x", "alice", "ssh-login"))
    key_set(key)        # the public halves, as a dictionary

Also program for shell tests:
    tokens.py key ALG KID               prints a private JWK
    tokens.py set <JWK...               prints the public key set of the lines
    tokens.py token JWK-FILE CLAIMS-JSON [HEADER-JSON]
"""

import atexit
import base64
import datetime
import functools
import ipaddress
import json
import os
import secrets
import shutil
import sys
import tempfile
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from jwcrypto import jwk, jws

# What jwcrypto needs to generate a key of each algorithm.
KINDS = {
    "RS256": {"kty": "RSA", "size": 2048},
    "RS384": {"kty": "RSA", "size": 2048},
    "RS512": {"kty": "RSA", "size": 2048},
    "PS256": {"kty": "RSA", "size": 2048},
    "PS384": {"kty": "RSA", "size": 2048},
    "PS512": {"kty": "RSA", "size": 2048},
    "ES256": {"kty": "EC", "crv": "P-256"},
    "ES384": {"kty": "EC", "crv": "P-384"},
    "ES512": {"kty": "EC", "crv": "P-521"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
    "Ed448": {"kty": "OKP", "crv": "Ed448"},
}
ALGORITHMS = tuple(name for name in KINDS if name != "Ed448")


def b64url(data):
    """base64url without padding, as text."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- keys -------------------------------------------------------------------

def make_key(kind="ES256", kid="k1", **members):
    """A new private key for an algorithm (or "Ed448"); kid=None for none."""
    parameters = dict(KINDS[kind], **members)
    if kid is not None:
        parameters["kid"] = kid
    return jwk.JWK.generate(**parameters)


@functools.lru_cache(maxsize=None)
def shared_key(kind="ES256", kid="k1"):
    """The same as make_key, made once in a test run."""
    return make_key(kind, kid)


def public(key, **members):
    """The public JWK as a dictionary; members are added, None removes one."""
    result = json.loads(key.export_public())
    for name, value in members.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def key_set(*keys):
    """A JWK set of private keys' public halves, or of ready dictionaries."""
    return {"keys": [public(key) if isinstance(key, jwk.JWK) else key
                     for key in keys]}


def x5c_key(key, only_certificate=False, days=30):
    """The public JWK with a self-signed certificate of its key in x5c.

    With only_certificate the bare members are left out.  The key must be RSA
    or EC: the certificate is signed with it.
    """
    private = serialization.load_pem_private_key(
        key.export_to_pem(private_key=True, password=None), None)
    certificate = _certificate("signer.test", private, None, private, days)
    der = certificate.public_bytes(serialization.Encoding.DER)
    result = public(key, x5c=[base64.b64encode(der).decode()])
    if only_certificate:
        for name in ("n", "e", "x", "y"):
            result.pop(name, None)
    return result


# --- tokens -----------------------------------------------------------------

def claims(issuer, user, audience, expires_in=300, now=None, **members):
    """A claims set for a login; members are added, None removes one."""
    now = int(time.time()) if now is None else now
    result = {"iss": issuer, "sub": "subject-of-" + user, "aud": audience,
              "exp": now + expires_in, "iat": now - 1,
              "preferred_username": user}
    for name, value in members.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result


def sign(key, protected, payload):
    """A compact JWS of exactly these bytes and this header."""
    # JWSCore signs any header; JWS would refuse the ones that tests need.
    parts = jws.JWSCore(protected["alg"], key,
                        json.dumps(protected, separators=(",", ":")),
                        payload if isinstance(payload, bytes)
                        else payload.encode(),
                        list(ALGORITHMS) + ["HS256", "HS384", "HS512"]).sign()
    texts = [parts[name] for name in ("protected", "payload", "signature")]
    return ".".join(text if isinstance(text, str) else text.decode()
                    for text in texts)


def make_token(key, alg, claims, header=None):
    """A signed JWT.  The header has alg, typ and the key's kid; header adds to
    it, a value of None removes a member."""
    protected = {"alg": alg, "typ": "JWT"}
    kid = json.loads(key.export()).get("kid")
    if kid is not None:
        protected["kid"] = kid
    for name, value in (header or {}).items():
        if value is None:
            protected.pop(name, None)
        else:
            protected[name] = value
    return sign(key, protected, json.dumps(claims, separators=(",", ":")))


def unsigned_token(claims, header=None):
    """The classic: alg none and an empty signature."""
    head = dict({"alg": "none", "typ": "JWT"}, **(header or {}))
    return ".".join((b64url(json.dumps(head).encode()),
                     b64url(json.dumps(claims).encode()), ""))


def spoil_signature(token):
    """The same token with one bit of its signature changed."""
    head, payload, signature = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(
        signature + "=" * (-len(signature) % 4)))
    raw[len(raw) // 2] ^= 1
    return ".".join((head, payload, b64url(bytes(raw))))


def swap_payload(token, **members):
    """The token with changed claims and its old signature."""
    head, payload, signature = token.split(".")
    values = json.loads(base64.urlsafe_b64decode(
        payload + "=" * (-len(payload) % 4)))
    values.update(members)
    return ".".join((head, b64url(json.dumps(values).encode()), signature))


def pad_to(length, make):
    """A token of exactly length bytes from make(padding text).

    base64url has no texts of 4n+1 characters: a length that cannot be had by
    padding raises ValueError.
    """
    missing = length - len(make(""))
    for count in range(max(0, missing * 3 // 4 - 8), missing + 1):
        token = make("x" * count)
        if len(token) == length:
            return token
        if len(token) > length:
            break
    raise ValueError(f"no token of {length} bytes")


def token_of_length(length, key, alg, claims, header=None):
    """A token of exactly length bytes: the claim "padding" fills it, and where
    base64url has no text of the length that is missing, the header helps."""
    for filler in range(4):
        head = dict(header or {})
        if filler:
            head["filler"] = "x" * filler
        claims = dict(claims, padding="")
        missing = length - len(make_token(key, alg, claims, head))
        if missing < 0:
            break
        empty = len(json.dumps(claims, separators=(",", ":")))
        for count in range(missing * 3 // 4, missing * 3 // 4 + 3):
            if ((empty + count) * 8 + 5) // 6 - (empty * 8 + 5) // 6 == missing:
                claims["padding"] = "x" * count
                return make_token(key, alg, claims, head)
    raise ValueError(f"no token of {length} bytes")


# --- a private CA -----------------------------------------------------------

def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _certificate(subject, key, issuer, issuer_key, days=30, names=()):
    """A certificate; issuer=None makes it self-signed and a CA."""
    now = datetime.datetime.utcnow()
    builder = (x509.CertificateBuilder()
               .subject_name(_name(subject))
               .issuer_name(_name(subject) if issuer is None
                            else issuer.subject)
               .public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now - datetime.timedelta(days=1))
               .not_valid_after(now + datetime.timedelta(days=days))
               .add_extension(x509.BasicConstraints(
                   ca=issuer is None, path_length=None), critical=True)
               .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                   key.public_key()), critical=False)
               .add_extension(x509.AuthorityKeyIdentifier
                              .from_issuer_public_key(issuer_key.public_key()),
                              critical=False))
    if issuer is None:
        builder = builder.add_extension(x509.KeyUsage(
            digital_signature=True, content_commitment=False,
            key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True,
            encipher_only=False, decipher_only=False), critical=True)
    else:
        builder = builder.add_extension(x509.ExtendedKeyUsage(
            [ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    if names:
        alternatives = []
        for name in names:
            try:
                alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
            except ValueError:
                alternatives.append(x509.DNSName(name))
        builder = builder.add_extension(
            x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def _pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption())


class Authority:
    """A CA with one server certificate, as files in a folder.

    ca: its certificate; server_cert and server_key: for loopback.
    """

    NAMES = ("127.0.0.1", "::1", "localhost", "provider.test")

    def __init__(self, folder, names=NAMES, days=30):
        self.ca = os.path.join(folder, "ca.pem")
        self.server_cert = os.path.join(folder, "server.pem")
        self.server_key = os.path.join(folder, "server.key")
        ca_key = ec.generate_private_key(ec.SECP256R1())
        ca = _certificate("Test CA " + secrets.token_hex(4), ca_key, None,
                          ca_key)
        key = ec.generate_private_key(ec.SECP256R1())
        server = _certificate("provider.test", key, ca, ca_key, days, names)
        self._write(self.ca, ca.public_bytes(serialization.Encoding.PEM),
                    0o644)
        self._write(self.server_cert,
                    server.public_bytes(serialization.Encoding.PEM), 0o644)
        self._write(self.server_key, _pem(key), 0o600)

    @staticmethod
    def _write(path, data, mode):
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(fd, "wb") as file:
            file.write(data)

    def ca_text(self):
        """The CA certificate's PEM text."""
        with open(self.ca, encoding="ascii") as file:
            return file.read()


@functools.lru_cache(maxsize=None)
def shared_authority():
    """One CA for the whole test run, in a private folder that goes with it."""
    folder = tempfile.mkdtemp(prefix="pj-ca.")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Authority(folder)


def main(argv):
    if len(argv) == 3 and argv[0] == "key":
        print(make_key(argv[1], argv[2]).export())
    elif argv == ["set"]:
        print(json.dumps(key_set(*(jwk.JWK(**json.loads(line))
                                   for line in sys.stdin if line.strip()))))
    elif len(argv) in (3, 4) and argv[0] == "token":
        with open(argv[1], encoding="utf-8") as file:
            members = json.load(file)
        key = jwk.JWK(**members)
        kinds = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384",
                 "P-521": "ES512", "Ed25519": "EdDSA", "Ed448": "EdDSA"}
        header = json.loads(argv[3]) if len(argv) == 4 else {}
        alg = header.get("alg") or kinds[members.get("crv", members["kty"])]
        print(make_token(key, alg, json.loads(argv[2]), header))
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
