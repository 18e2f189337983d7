#!/usr/bin/python3
"""Writes keys.json and ALG.token for the benchmark into the folder given."""

import json
import os
import sys
import time

from jwcrypto import jwk, jwt

KINDS = {
    "RS256": {"kty": "RSA", "size": 2048},
    "ES256": {"kty": "EC", "crv": "P-256"},
    "EdDSA": {"kty": "OKP", "crv": "Ed25519"},
}


def main(folder):
    keys = {alg: jwk.JWK.generate(kid=f"key-{alg}", alg=alg, use="sig", **kind)
            for alg, kind in KINDS.items()}
    now = int(time.time())
    claims = {
        "iss": "https://bench.test", "sub": "alice", "aud": "bench",
        "iat": now, "nbf": now, "exp": now + 86400, "email": "alice@bench.test",
        "email_verified": True, "groups": ["staff", "ssh-users"],
        "name": "Alice Example", "sid": "7c4f0b1e-3f0c-4a53-9b0a-6a3f5f0c2d11",
    }
    for alg, key in keys.items():
        token = jwt.JWT(header={"alg": alg, "kid": key["kid"], "typ": "JWT"},
                        claims=claims)
        token.make_signed_token(key)
        with open(os.path.join(folder, f"{alg}.token"), "w") as out:
            out.write(token.serialize())
    with open(os.path.join(folder, "keys.json"), "w") as out:
        json.dump({"keys": [json.loads(key.export_public())
                            for key in keys.values()]}, out)


if __name__ == "__main__":
    main(sys.argv[1])
