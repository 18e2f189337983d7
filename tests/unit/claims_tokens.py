#!/usr/bin/python3
"""Claims sets with genuine signatures for the unit tests, as a C header.

usage: claims_tokens.py OUTPUT

One Ed25519 key signs everything, by python3-jwcrypto, never by our own code.
Times are fixed around NOW: the tests pass the time in.
"""
import base64
import json
import sys

from jwcrypto import jwk, jws

jws.default_allowed_algs += ["EdDSA"]
NOW = 1700000000
BASE = {"iss": "https://id.example", "aud": "ssh", "exp": NOW + 300,
        "iat": NOW - 10, "sub": "alice"}
HEADER = {"alg": "EdDSA", "kid": "k1", "typ": "JWT"}
ABSENT = object()


def claims(**changes):
    """BASE with changes; a member set to ABSENT is left out."""
    return {k: v for k, v in {**BASE, **changes}.items() if v is not ABSENT}


def times():
    out = {
        "plain": claims(),
        "no_exp": claims(exp=ABSENT),
        "exp_null": claims(exp=None),
        "exp_string": claims(exp=str(NOW + 300)),
        "exp_true": claims(exp=True),
        "exp_list": claims(exp=[NOW + 300]),
        "exp_zero": claims(exp=0),
        "exp_negative": claims(exp=-1),
        "exp_fraction": claims(exp=NOW + 0.5),
        "exp_2_53": claims(exp=1 << 53),
        "exp_over_2_53": claims(exp=(1 << 53) + 1),
        "exp_64_bits": claims(exp=(1 << 63) - 1),
        "nbf_future": claims(nbf=NOW + 100, iat=ABSENT, exp=NOW + 900),
        "nbf_fraction": claims(nbf=NOW + 100.9, iat=ABSENT, exp=NOW + 900),
        "nbf_string": claims(nbf="1"),
        "nbf_false": claims(nbf=False),
        "nbf_null": claims(nbf=None),
        "nbf_negative": claims(nbf=-5),
        "nbf_huge": claims(nbf=1 << 53),
        "nbf_too_huge": claims(nbf=(1 << 62)),
        "iat_future": claims(iat=NOW + 100, exp=NOW + 900),
        "iat_string": claims(iat="now"),
        "iat_true": claims(iat=True),
        "iat_null": claims(iat=None),
        "iat_negative": claims(iat=-(1 << 53)),
        "iat_too_negative": claims(iat=-(1 << 60)),
        "iat_100": claims(iat=NOW - 100),
        "no_iat": claims(iat=ABSENT),
        "auth_100": claims(auth_time=NOW - 100),
        "auth_future": claims(auth_time=NOW + 100),
        "auth_string": claims(auth_time="x"),
        "auth_null": claims(auth_time=None),
    }
    # What json.dumps would not write.
    for name, number in (("exp_1e10", "1e10"), ("exp_1e999", "1e999"),
                         ("exp_minus_1e999", "-1e999"),
                         ("exp_1e300", "1e300"), ("exp_exponent", "1.7e9"),
                         ("exp_minus_zero", "-0")):
        text = json.dumps(claims(exp=0))
        out[name] = text.replace('"exp": 0', '"exp": ' + number)
    return out


def purpose():
    cnf = {"jwk": {"kty": "OKP"}}
    return {
        "aud_array": claims(aud=["other", "ssh"]),
        "aud_array_behind": claims(aud=["ssh", 1]),
        "aud_empty": claims(aud=[]),
        "aud_object": claims(aud={"ssh": "ssh"}),
        "aud_absent": claims(aud=ABSENT),
        "aud_other": claims(aud="other"),
        "aud_nul": claims(aud="ssh\0x"),
        "iss_other": claims(iss="https://id.example/"),
        "iss_nul": claims(iss="https://id.example\0"),
        "iss_array": claims(iss=["https://id.example"]),
        "cnf": claims(cnf=cnf),
        "cnf_null": claims(cnf=None),
        "cnf_false": claims(cnf=False),
        "events": claims(events={
            "http://schemas.openid.net/event/backchannel-logout": {}}),
        "events_null": claims(events=None),
        "nested_cnf": claims(extra={"cnf": cnf}),
        "azp_web": claims(azp="web"),
        "azp_evil": claims(azp="evil", client_id="web"),
        "azp_number": claims(azp=1, client_id="web"),
        "azp_null": claims(azp=None, client_id="web"),
        "azp_nul": claims(azp="web\0"),
        "client_web": claims(client_id="web"),
        "client_evil": claims(client_id="evil"),
        "client_list": claims(client_id=["web"]),
    }


def identities():
    out = {
        "sub_absent": claims(sub=ABSENT),
        "sub_number": claims(sub=1000),
        "sub_null": claims(sub=None),
        "sub_true": claims(sub=True),
        "sub_list": claims(sub=["alice"]),
        "sub_256": claims(sub="a" * 256),
        "sub_255": claims(sub="a" * 255),
        "sub_257": claims(sub="a" * 257),
        "sub_is_client": claims(client_id="alice"),
        "sub_is_azp": claims(azp="alice", client_id="web"),
        "sub_is_client_upper": claims(sub="Alice", client_id="alice"),
        "sub_is_client_both": claims(sub="ALICE", client_id="ALICE"),
        "sub_is_client_domain": claims(sub="alice@example.org",
                                       client_id="alice@example.org"),
        "sub_is_client_stripped": claims(sub="alice@example.org",
                                         client_id="alice"),
        "client_is_number": claims(client_id=1, azp=["alice"]),
        "email_yes": claims(email="alice", email_verified=True),
        "email_no": claims(email="alice", email_verified=False),
        "email_text": claims(email="alice", email_verified="true"),
        "email_one": claims(email="alice", email_verified=1),
        "email_null": claims(email="alice", email_verified=None),
        "email_absent": claims(email="alice"),
        "claim_utf8": claims(**{"benutzer_gr\u00f6\u00dfe": "alice"}),
        "nested": claims(**{
            "a": {"b": {"c": "alice"}, "": "empty"},
            "": {"": "alice"},
            "a/b": "slash", "m~n": "tilde", "m/n": "wrong", "~1": "tilde-one",
            "x/~y": {"z": "both"},
            "list": ["zero", "alice", "two", {"k": "deep"}],
            "long_list": ["zero"] * 10 + ["ten"],
            "numbers": {"0": "alice", "-": "dash", "01": "lead"},
            "https://example.org/user": "alice", "/top": "hidden"}),
    }
    for name, text in (
            ("root", "root"), ("root_upper", "Root"), ("empty", ""),
            ("nul", "alice\0"), ("nul_behind", "alice\0@example.org"),
            ("newline", "alice\n"), ("tab", "al\tice"), ("esc", "\x1balice"),
            ("del", "alice\x7f"), ("c1", "alice\x85"),
            ("utf8", "alic\u00e9"), ("kelvin", "ali\u212ae"),
            ("dash", "-alice"), ("slash", "al/ice"), ("colon", "al:ice"),
            ("dots", ".."), ("space", "al ice"), ("quote", 'al"ice'),
            ("upper", "ALICE"), ("mail", "alice@example.org"),
            ("mail_upper", "Alice@EXAMPLE.org"),
            ("mail_twice", "alice@evil@example.org"),
            ("mail_inner", "alice@example.org@evil.org"),
            ("mail_alone", "@example.org"), ("mail_at", "alice@"),
            ("mail_just_at", "@"),
            ("mail_root", "root@example.org"),
            ("mail_foreign", "alice@example.com"),
            ("mail_below", "alice@sub.example.org"),
            ("mail_suffix", "alice@badexample.org"),
            ("mail_dot", "alice@example.org."),
            ("mail_slash", "al/ice@example.org")):
        out["sub_" + name] = claims(sub=text)
    return out


def rules():
    """Claims that `require` looks at."""
    url = "https://example.org/claims/role"
    return {
        "shapes": claims(
            text="red", spaced="two words", empty="", one=1, minus=-3,
            real=1.0, exponent=1e3, yes=True, no=False, null=None,
            object={"a": 1}, list=["red", "green", "two words", ""],
            none=[], numbers=[1, 2], mixed=["red", 1], nested=[["red"]],
            lists_null=["red", None], nul="red\0", nul_list=["red\0x"],
            newline="red\n", upper="RED", long="a" * 513, just="a" * 512,
            long_list=["a" * 600, "red"],
            scope="openid  ssh:web", scp="ssh wlcg", scope_like="openid ssh",
            ref="refs/heads/main", uuid="8f2c6d1e-0b0a-4b7e-9d3c-aabbccddeeff",
            realm_access={"roles": ["ops", "dev"], "a/b": {"m~n": "deep"},
                          "": "blank"},
            items=[{"name": "first"}, {"name": "second"}],
            **{url: ["admin"], "with space": "kept", "a/b": "slash"}),
        "long": claims(kib="x" * 1024, kib_more="x" * 1025),
        "scope_list": claims(scope=["openid ssh", "x"]),
        "scope_number": claims(scope=1),
        "scope_blank": claims(scope="   "),
        "scope_tab": claims(scope="openid\tssh"),
        "overage": claims(_claim_names={"groups": "src1", url: "src1",
                                        "a/b": "src1"},
                          _claim_sources={"src1": {"endpoint": "https://x"}}),
        "hasgroups": claims(hasgroups=True),
        "overage_odd": claims(_claim_names=["groups"], hasgroup=True),
        "overage_and_groups": claims(_claim_names={"groups": "src1"},
                                     groups=["ssh-users"]),
    }


def logins():
    """Whole logins, for test_authn."""
    return {
        "bob": claims(sub="bob"),
        "root_login": claims(sub="root"),
        "expired": claims(exp=NOW - 300, iat=NOW - 900),
        "expired_bob": claims(sub="bob", exp=NOW - 300, iat=NOW - 900),
        "expired_cnf": claims(exp=NOW - 300, iat=NOW - 900, cnf={"jkt": "x"}),
        "later": claims(nbf=NOW + 300, exp=NOW + 900),
        "later_bob": claims(sub="bob", nbf=NOW + 300, exp=NOW + 900),
        "expired_aud_other": claims(exp=NOW - 300, aud="other"),
        "no_iss": claims(iss=ABSENT),
        "iss_unknown": claims(iss="https://else.example"),
    }


def sign(key, payload, **header):
    token = jws.JWS(payload if isinstance(payload, (str, bytes))
                    else json.dumps(payload))
    protected = {k: v for k, v in {**HEADER, **header}.items()
                 if v is not ABSENT}
    token.add_signature(key, None, json.dumps(protected))
    return token.serialize(compact=True)


def key_set(*pairs):
    keys = [{**json.loads(key.export_public()), "kid": kid}
            for kid, key in pairs]
    return json.dumps({"keys": keys})


def odd_tokens(key, other):
    """The same claims with other headers, keys and forms."""
    plain, gone = claims(), claims(exp=NOW - 300)
    good = sign(key, plain)
    return {
        "kid_new": sign(other, plain, kid="k2"),
        "kid_new_expired": sign(other, gone, kid="k2"),
        "kid_new_aud_other": sign(other, claims(aud="other"), kid="k2"),
        "kid_new_iss_other": sign(other, claims(iss="https://x.example"),
                                  kid="k2"),
        "kid_new_no_exp": sign(other, claims(exp=ABSENT), kid="k2"),
        "kid_new_typ": sign(other, plain, kid="k2", typ="logout+jwt"),
        "kid_new_cnf": sign(other, claims(cnf={"jkt": "x"}), kid="k2"),
        "kid_hostile": sign(key, plain, kid='k" user=root\n'),
        "kid_absent": sign(key, plain, kid=ABSENT),
        "rotated": sign(other, plain),
        "rotated_expired": sign(other, gone),
        "rotated_cnf": sign(other, claims(cnf={"jkt": "x"})),
        "rotated_bob_expired": sign(other, claims(sub="bob",
                                                  exp=NOW - 300)),
        "typ_at": sign(key, plain, typ="at+jwt"),
        "typ_absent": sign(key, plain, typ=ABSENT),
        "crit": ".".join([base64.urlsafe_b64encode(json.dumps(
            {**HEADER, "crit": ["x"], "x": 1}).encode()).decode()
            .rstrip("=")] + good.split(".")[1:]),
        "payload_array": sign(key, "[1]"),
        "payload_text": sign(key, "hello"),
        "payload_twice": sign(key, '{"iss":"https://id.example","sub":"bob",'
                              '"sub":"alice","aud":"ssh","exp":%d}'
                              % (NOW + 300)),
    }


def main():
    key = jwk.JWK.generate(kty="OKP", crv="Ed25519")
    other = jwk.JWK.generate(kty="OKP", crv="Ed25519")
    curve = jwk.JWK.generate(kty="EC", crv="P-256")
    tokens = {}
    for group in (times(), purpose(), identities(), rules(), logins()):
        for name, payload in group.items():
            assert name not in tokens, name
            tokens[name] = sign(key, payload)
    tokens.update(odd_tokens(key, other))
    head, body, signature = tokens["plain"].split(".")
    swapped = tokens["bob"].split(".")[1]
    tokens["tampered"] = ".".join([head, swapped, signature])
    sets = {
        "CLAIMS_JWKS": key_set(("k1", key)),
        "CLAIMS_JWKS_ROTATED": key_set(("k1", other)),
        "CLAIMS_JWKS_BOTH": key_set(("k1", key), ("k2", other)),
        "CLAIMS_JWKS_UNFIT": key_set(("k1", curve)),
        "CLAIMS_JWKS_NONE": json.dumps({"keys": [{"kty": "oct", "k": "AA",
                                                  "kid": "k1"}]}),
    }
    with open(sys.argv[1], "w", encoding="ascii") as header:
        header.write("/* Made by claims_tokens.py; do not edit. */\n")
        header.write("#define CLAIMS_NOW %d\n" % NOW)
        for name, value in sets.items():
            header.write("#define %s %s\n" % (name, json.dumps(value)))
        header.write("static const struct claims_token {\n"
                     "\tconst char *name;\n\tconst char *token;\n"
                     "} claims_tokens[] = {\n")
        for name, token in tokens.items():
            header.write("\t{ %s,\n\t  %s },\n" % (json.dumps(name),
                                                   json.dumps(token)))
        header.write("};\n")


if __name__ == "__main__":
    main()
