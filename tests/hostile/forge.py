"""Keys and signatures for the hostile corpus, from a seed, without a line of the
product's code: python-cryptography and plain arithmetic.

Keys are the same in each run; ECDSA's and PSS's signatures are not, since the
library draws their random numbers.
"""

import base64
import datetime
import functools
import hashlib
import json
import math
import random

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import (ec, ed448, ed25519,
                                                       padding, rsa, utils)

SEED = 20260101

HASHES = {"256": hashes.SHA256(), "384": hashes.SHA384(),
          "512": hashes.SHA512()}
# RFC 8017 section 9.2, note 1.
DIGEST_INFO = {
    "256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(),
          "P-521": ec.SECP521R1()}
SIZES = {"P-256": 32, "P-384": 48, "P-521": 66}
# The orders of the groups.
ORDERS = {
    "P-256": 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551,
    "P-384": int("ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f437"
                 "2ddf581a0db248b0a77aecec196accc52973", 16),
    "P-521": int("1ff" + "f" * 63 + "a51868783bf2f966b7fcc0148f709a5d03bb5c9b8"
                 "899c47aebb6fb71e91386409", 16),
    "Ed25519": 2**252 + 27742317777372353535851937790883648493,
    "Ed448": 2**446 - int("138180668098951153520073863485156268213266924759706"
                          "32086042217884885"),
}


def b64u(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value, size=None):
    """An integer in base64url, big-endian."""
    size = size or max(1, (value.bit_length() + 7) // 8)
    return b64u(value.to_bytes(size, "big"))


def dump(value):
    return json.dumps(value, separators=(",", ":")).encode()


# --- numbers from the seed ----------------------------------------------------

def stream(name):
    return random.Random(f"{SEED}:{name}")


SMALL_PRIMES = [p for p in range(3, 2000, 2)
                if all(p % q for q in range(3, int(p ** 0.5) + 1, 2))]


def is_prime(value, rng):
    if any(value % p == 0 for p in SMALL_PRIMES if p < value):
        return False
    odd, twos = value - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(8):
        x = pow(rng.randrange(2, value - 1), odd, value)
        if x in (1, value - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % value
            if x == value - 1:
                break
        else:
            return False
    return True


def prime(bits, rng, e=65537):
    """A prime whose predecessor has nothing in common with e."""
    while True:
        value = rng.getrandbits(bits) | 3 << (bits - 2) | 1
        if math.gcd(value - 1, e) == 1 and is_prime(value, rng):
            return value


class Rsa:
    """An RSA key of any number of primes, which signs by plain arithmetic:
    whatever its size and exponent, its signatures are genuine."""

    def __init__(self, primes, e=65537):
        self.primes, self.e, self.n = primes, e, math.prod(primes)

    @property
    def bytes(self):
        return (self.n.bit_length() + 7) // 8

    def power(self, message):
        """message^d mod n, one prime after the other."""
        result, product = 0, 1
        for p in self.primes:
            part = pow(message % p, pow(self.e, -1, p - 1), p)
            result += product * ((part - result) * pow(product, -1, p) % p)
            product *= p
        return result

    def sign(self, bits, data):
        """PKCS #1 v1.5."""
        tail = DIGEST_INFO[bits] + hashlib.new("sha" + bits, data).digest()
        return self.raw(b"\0\1" + b"\xff" * (self.bytes - len(tail) - 3)
                        + b"\0" + tail)

    def raw(self, block):
        assert len(block) == self.bytes
        return self.power(int.from_bytes(block, "big")).to_bytes(
            self.bytes, "big")

    def jwk(self, **members):
        return {"kty": "RSA", "n": number(self.n), "e": number(self.e),
                **members}

    @functools.cached_property
    def private(self):
        """python-cryptography's, of two primes."""
        p, q = self.primes
        d = pow(self.e, -1, (p - 1) * (q - 1))
        return rsa.RSAPrivateNumbers(
            p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q),
            rsa.rsa_crt_iqmp(p, q),
            rsa.RSAPublicNumbers(self.e, self.n)).private_key()


@functools.lru_cache(maxsize=None)
def rsa_key():
    """2048 bits of two primes, which is what python-cryptography takes."""
    rng = stream("rsa")
    return Rsa([prime(1024, rng), prime(1024, rng)])


@functools.lru_cache(maxsize=None)
def pool(e):
    """Primes of 512 bits, for moduli of any size."""
    rng = stream(f"pool {e}")
    found = []
    for _ in range(32 if e == 65537 else 4):
        found.append(prime(512, rng, e))
    return found


@functools.lru_cache(maxsize=None)
def many_primes_key(bits, e=65537, name=""):
    """A modulus of exactly so many bits out of primes of about 512: quickly
    made, useless as a secret, and its signatures are genuine."""
    rng = stream(f"many {bits} {e} {name}")
    primes = rng.sample(pool(e), (bits - 130) // 512)
    product = math.prod(primes)
    left = bits - product.bit_length()
    while True:
        last = prime(left + rng.randrange(2), rng, e)
        if (product * last).bit_length() == bits:
            return Rsa(primes + [last], e)


@functools.lru_cache(maxsize=None)
def roca_key():
    """A key of the form that CVE-2017-15361 is about."""
    rng = stream("roca")
    product = 2
    for p in SMALL_PRIMES[:37]:
        product *= p
    primes = []
    while len(primes) < 2:
        k = rng.getrandbits(1024 - product.bit_length())
        p = k * product + pow(65537, rng.getrandbits(64), product)
        if p.bit_length() == 1024 and p >> 1022 == 3 and is_prime(p, rng):
            primes.append(p)
    return Rsa(primes)


@functools.lru_cache(maxsize=None)
def ec_key(crv="P-256", name="first"):
    secret = stream(f"ec {crv} {name}").randrange(1, ORDERS[crv])
    return ec.derive_private_key(secret, CURVES[crv])


@functools.lru_cache(maxsize=None)
def ed_key(crv="Ed25519", name="first"):
    rng = stream(f"ed {crv} {name}")
    if crv == "Ed25519":
        return ed25519.Ed25519PrivateKey.from_private_bytes(rng.randbytes(32))
    return ed448.Ed448PrivateKey.from_private_bytes(rng.randbytes(57))


def raw_public(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw,
                                         serialization.PublicFormat.Raw)


def jwk(key, **members):
    """The public JWK of any of the keys above."""
    if isinstance(key, Rsa):
        return key.jwk(**members)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        crv = {256: "P-256", 384: "P-384", 521: "P-521"}[key.curve.key_size]
        at = key.public_key().public_numbers()
        return {"kty": "EC", "crv": crv, "x": number(at.x, SIZES[crv]),
                "y": number(at.y, SIZES[crv]), **members}
    crv = "Ed25519" if isinstance(key, ed25519.Ed25519PrivateKey) else "Ed448"
    return {"kty": "OKP", "crv": crv, "x": b64u(raw_public(key)), **members}


# --- signatures ---------------------------------------------------------------

def pair(key, data, bits):
    """r and s of a genuine ECDSA signature."""
    return utils.decode_dss_signature(key.sign(data, ec.ECDSA(HASHES[bits])))


def join(r, s, size):
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def pss(key, data, bits, salt=None, mgf=None):
    digest = HASHES[bits]
    return key.private.sign(data, padding.PSS(
        padding.MGF1(mgf or digest),
        digest.digest_size if salt is None else salt), digest)


def sign(key, alg, data):
    """What alg means, with a key that may be of the wrong kind for it."""
    if isinstance(key, Rsa):
        bits = alg[2:] if alg[2:] in HASHES else "256"
        if alg.startswith("PS"):
            return pss(key, data, bits)
        if len(key.primes) == 2 and key.e == 65537:
            return key.private.sign(data, padding.PKCS1v15(), HASHES[bits])
        return key.sign(bits, data)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        bits = alg[2:] if alg[2:] in HASHES else "256"
        return join(*pair(key, data, bits), (key.curve.key_size + 7) // 8)
    return key.sign(data)


def certificate(key, subject=None):
    """A self-made certificate of key (or of subject), signed by key, DER."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
    start = datetime.datetime(2020, 1, 1)
    signer = key.private if isinstance(key, Rsa) else key
    edwards = isinstance(signer, (ed25519.Ed25519PrivateKey,
                                  ed448.Ed448PrivateKey))
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(subject or signer.public_key()).serial_number(7)
            .not_valid_before(start)
            .not_valid_after(start + datetime.timedelta(days=365))
            .sign(signer, None if edwards else hashes.SHA256()))
    return made.public_bytes(serialization.Encoding.DER)


def x5c(*ders):
    return [base64.b64encode(der).decode() for der in ders]


def compact(header, payload, signature):
    """Parts that are bytes are encoded, text stands as it is."""
    return b".".join(
        part.encode() if isinstance(part, str) else b64u(part).encode()
        for part in (header, payload, signature))


def token(key, header, payload, alg=None):
    """A genuinely signed token of exactly these bytes; text as in compact."""
    first, second, _ = compact(header, payload, "").split(b".")
    data = first + b"." + second
    return data + b"." + b64u(sign(key, alg or json.loads(header)["alg"],
                                   data)).encode()
