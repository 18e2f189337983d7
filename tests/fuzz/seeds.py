#!/usr/bin/python3
"""Where the corpus began: genuine inputs for each target, made by another
implementation.  Run from the top of the tree:

    PYTHONPATH=tests/support tests/fuzz/seeds.py TARGET FOLDER
"""

import base64
import itertools
import json
import os
import sys

import tokens

ISSUER = "https://login.example.org/realms/corp"
KINDS = ("RS256", "PS384", "ES256", "ES512", "EdDSA", "Ed448")
KEY_SET = tokens.key_set(*(tokens.shared_key(kind, f"k{i}")
                           for i, kind in enumerate(KINDS)))
NUL = b"\0"
SECTION = """[issuer corp]
issuer = https://login.example.org
services = sshd sudo
audience = ssh-login
user_claim = preferred_username
"""


def dumps(value):
    return json.dumps(value).encode()


def certificate(kind):
    entry = tokens.x5c_key(tokens.shared_key(kind, "x"))["x5c"][0]
    return base64.b64decode(entry)


def lines(*parts):
    return "\n".join(parts).encode() + b"\n"


def json_seeds():
    yield b"{}"
    yield dumps(KEY_SET)
    yield b'{"a":[1,-0,1.5e-3,true,null,"\\u00e9\\ud83d\\ude00"],"b":{"c":{}}}'


def base64_seeds():
    for data in (b"", b"a", b"ab", b"abc", bytes(range(256))):
        yield base64.urlsafe_b64encode(data).rstrip(b"=")
        yield base64.b64encode(data)


def token_seeds():
    for kind in KINDS:
        alg = "EdDSA" if kind == "Ed448" else kind
        yield tokens.make_token(tokens.shared_key(kind, "k"), alg,
                                tokens.claims(ISSUER, "alice", "a")).encode()
    yield b"e30.e30.AA"


def jwks_seeds():
    yield dumps(KEY_SET)
    for kind in ("RS256", "ES256"):
        key = tokens.shared_key(kind, "x")
        yield dumps({"keys": [tokens.x5c_key(key)]})
        yield dumps({"keys": [{"use": "sig", "key_ops": ["verify"],
                               **tokens.public(key)}, 7]})


def x5c_seeds():
    for kind in ("RS256", "ES256", "ES512"):
        yield certificate(kind)


def discovery_seeds():
    yield dumps({"issuer": ISSUER, "jwks_uri": ISSUER + "/keys",
                 "id_token_signing_alg_values_supported": ["RS256"]})


def envelope_seeds():
    stamp = "1700000000 1000 11111111-2222-4333-8444-555555555555"
    data = lines("id " + "0123456789abcdef" * 4, f"issuer {ISSUER}",
                 f"jwks_uri {ISSUER}/keys", f"fetched {stamp}", "ttl 900",
                 "refresh_after 700", f"full {stamp}", 'etag "v1"',
                 "body 11", "") + b'{"keys":[]}'
    state = lines("id " + "0123456789abcdef" * 4, f"attempt {stamp}",
                  "running 0", "cause kid", "result fetch_failed",
                  "failures 2", "kid_until 1030", "error GET: no", "body 0",
                  "")
    for first, rest in ((0, data), (2, data), (1, state), (3, state)):
        yield bytes([first]) + rest


def config_seeds():
    yield SECTION.encode()
    yield SECTION.encode() + NUL + lines(
        "[grant deploy]", "issuer = corp", "users = deploy",
        'require = repository_id is "123"', "require = ref matches refs/.*")
    yield ("[module]\ntimeout_cold = 5s\n" + SECTION +
           'typ = at+jwt absent\nleeway = 1m\nuser_map = /etc/m\n'
           'export = JWT_MAIL=email\naccount = none\n').encode()
    for name in sorted(os.listdir("conf/examples")):
        if name.endswith(".conf"):
            with open(os.path.join("conf/examples", name), "rb") as file:
                yield file.read()


def map_seeds():
    yield lines("# people", "corp alice@example.org alice",
                r"corp re:(.+)@example\.org \1", 'corp "a b" alice root',
                "* re:.* same")
    with open("conf/examples/wlcg.users", "rb") as file:
        yield file.read()


def http_seeds():
    yield NUL.join((b"Cache-Control: max-age=600, public", b"Age: 5",
                    b"Date: Sun, 06 Nov 1994 08:49:37 GMT",
                    b"Expires: Sunday, 06-Nov-94 08:49:37 GMT",
                    b'ETag: W/"v1"', b"Retry-After: 120"))
    yield b"Retry-After: Sun Nov  6 08:49:37 1994" + NUL + b"Age: -1"


def pieces_seeds():
    yield b"a" * 511 + NUL + b"b" * 511 + NUL + b"c"
    yield b"secret"
    yield (b"a" * 1023 + NUL) * 17
    yield b"x" * 512 + NUL + NUL


def login_seeds():
    header = dumps({"alg": "EdDSA", "kid": "k1", "typ": "JWT"})
    claims = {"iss": "https://a.test", "aud": ["ssh", "b"], "sub": "alice",
              "exp": 1800000300, "iat": 1799999990, "nbf": 1799999990,
              "groups": ["admins", "b"], "azp": "cli",
              "realm_access": {"roles": ["a/b", "c~d"]}}
    for seed in (b"", b"AA", b"z\x03", b"\x01\x07"):
        for section in (
                "user_claim = sub\n",
                "user_claim = sub\nrequire = groups any admins\n"
                "require = /realm_access/roles all a/b\n"
                "authorized_party = cli\nmax_token_age = 1h\n",
                "user_claim = sub\nexport = JWT_A=azp\n"
                "[grant g]\nissuer = corp\nusers = alice\n"
                "require = groups matches a.*s\n"):
            yield NUL.join((seed, section.encode(), header, dumps(claims)))
    yield NUL.join((b"", b"user_claim = sub\n", header, dumps(claims), b"x"))
    # The same with a cache that is fresh, due, stale, too old or empty.
    for letter in b"abcde":
        yield NUL.join((bytes([63, 9, letter]), b"user_claim = sub\n", header,
                        dumps(claims)))


def rule_seeds():
    claims = {"sub": "alice", "groups": ["admins", "b"], "admin": True,
              "level": 3, "scope": "read  write", "/odd~": "x",
              "realm_access": {"roles": ["a/b", "c~d"]},
              "_claim_names": {"roles": "src1"}}
    for text in (
            "require = groups any admins x\nrequire = scope all read write\n"
            "require = groups none c\nrequire = level is 3\n"
            "require = admin is true\nrequire = sub matches a.*e\n",
            "require = /realm_access/roles any a/b\nrequire = roles any x\n",
            "require = groups all admins c\n", "require = groups none c b\n",
            "require = groups any c d\n", "require = /scope all write read\n",
            "require = /~1odd~0 is x\n", "require = level is 3.0\n",
            "[grant one]\nissuer = corp\nusers = alice same\n"
            "require = groups any c\n[grant two]\nissuer = corp\n"
            "users = same\nidentity = alice\n[grant three]\nissuer = corp\n"
            "users = alice root\nrequire = scope any write\n",
            "[issuer b]\nissuer = https://b.test\nservices = sshd\n"
            "audience = ssh\n[grant b]\nissuer = b\nusers = alice same\n"
            "require = groups any admins\n"):
        yield NUL.join((text.encode(), dumps(claims)))
        yield NUL.join((text.encode(), dumps({"sub": "deploy"})))


def helper_seeds():
    for i, answer in enumerate((
            "ok", "ok new keys", "fetch_timeout no answer", "expired", "",
            "fetch_held_back asking again in 5 s")):
        yield bytes([i]) + b"pam-jwks-fetch 1 " + answer.encode() + b"\n"
    yield b"\x07pam-jwks-fetch 1 ok no"
    yield b"\x08" + b"x" * 1100


def refresh_seeds():
    def frame(kind, http, body):
        return (f"kind {kind}\nresult ok\nhttp {http}\ncert_expires 0\n"
                "cache_control max-age=600\nretry_after 100\netag \"v2\"\n"
                f"body {len(body)}\n\n").encode() + body

    stamp = "1799999000 99000 11111111-2222-4333-8444-555555555555"
    state = lines(f"attempt {stamp}", "running 1", "cause kid",
                  "result fetch_failed", "failures 2", "fruitless 3",
                  "kid_until 99900", "backoff_until 99950", "error GET: no")
    keys = frame("keys", 200, dumps({"keys": KEY_SET["keys"][4:]}))
    discovery = frame("discovery", 200, dumps(
        {"issuer": "https://a.test", "jwks_uri": "https://a.test/k"}))
    for i, answer in enumerate((
            discovery + keys, keys, frame("keys", 304, b""),
            frame("keys", 404, b"no"), frame("keys", 200, b'{"keys":[]}'),
            b"kind keys\nresult fetch_failed\nerror GET: no\nhttp 0\n"
            b"cert_expires 0\nbody 0\n\n")):
        # Alone, overtaken, and while another stores newer keys.
        for cause, other in itertools.product(range(6), (5, 6, 7)):
            yield NUL.join((bytes([32 + 9 * (i % 2), other,
                                   60 + cause + 6 * (i % 5)]),
                            state if i % 2 else b"", answer))


def cache_seeds():
    yield bytes(range(0, 240, 10))
    yield b"\x00\x01\x02\x03"
    yield b"\x05\x0a\x0f\x14\x19\x1e"


if __name__ == "__main__":
    os.makedirs(sys.argv[2], exist_ok=True)
    seeds = globals()[sys.argv[1] + "_seeds"]()
    for i, data in enumerate(seeds):
        with open(os.path.join(sys.argv[2], f"seed{i}"), "wb") as out:
            out.write(data)
