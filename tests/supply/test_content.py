"""What a key set may hold: unusable keys are skipped, the set survives; what is
no key set changes nothing."""

import json

import pytest

import tokens
from provider import Provider
from supply import skipped_keys


def serve(provider, text):
    """The provider's key set is this text from now on."""
    if not isinstance(text, (str, bytes)):
        text = json.dumps(text)
    provider.scripts["keys"] = lambda handler: handler.answer(
        200, text.encode() if isinstance(text, str) else text)


@pytest.mark.parametrize("kind", ["RS256", "ES256", "EdDSA", "Ed448"])
def test_a_mixed_set(machine, provider, kind):
    """RSA, AKP, Ed448, broken RSA, a string, oct, use=enc and more: the good
    keys work."""
    good = [tokens.shared_key(name, "good-" + name)
            for name in ("RS256", "ES256", "EdDSA", "Ed448")]
    bad = skipped_keys()
    keys = bad[:5] + good[:2] + bad[5:9] + good[2:] + bad[9:]
    serve(provider, tokens.key_set(*keys))
    key = tokens.shared_key(kind, "good-" + kind)
    alg = "EdDSA" if kind == "Ed448" else kind
    machine.accept(machine.token(key=key, alg=alg))


def test_a_broken_key_is_skipped_by_every_login(machine, provider):
    """An RSA key that is unsound is found by the helper alone; a login does
    not use it, and the tool says why."""
    unsound = [key for key in skipped_keys()
               if isinstance(key, dict) and key.get("kid") == "unsound"]
    serve(provider, tokens.key_set(*unsound, *provider.keys))
    machine.accept()
    key = tokens.shared_key("RS256", "unsound")
    login = machine.login(machine.token(key=key, alg="RS256"))
    assert login.reason == "key_unfit", login
    lines = machine.tool("keys")
    assert any("unsound" in line and "skipped: key_size_refused" in line
               for line in lines), lines
    # A 304 tells nothing new of it.
    provider.etag = '"x"'
    machine.fetch()
    machine.fetch()
    login = machine.login(machine.token(key=key, alg="RS256"))
    assert login.reason == "key_unfit", login


def test_the_same_kid_twice(machine, provider):
    """Both keys are tried."""
    one, two = (tokens.make_key("EdDSA", "same") for _ in range(2))
    serve(provider, tokens.key_set(one, two))
    for key in (one, two):
        machine.accept(machine.token(key=key))
    other = tokens.make_key("EdDSA", "same")
    assert machine.login(machine.token(key=other)).reason == \
        "signature_invalid"


def test_two_issuers_with_the_same_kid(machine, provider):
    """A key is looked for with its own issuer only."""
    with Provider("EdDSA", provider.authority) as other:
        machine.configure(
            provider.section(ca_file=machine.ca)
            + other.section("other", ca_file=machine.ca))
        machine.accept(machine.token(provider=provider))
        machine.accept(machine.token(provider=other))
        crossed = machine.token(provider=provider, key=other.keys[0])
        assert machine.login(crossed).reason == "signature_invalid"


NO_SETS = {
    "empty set": '{"keys":[]}',
    "257 keys": json.dumps({"keys": [tokens.public(tokens.make_key(
        "EdDSA", "first"))] * 257}),
    "duplicate keys": '{"keys":[],"keys":%s}',
    "error page": "<!DOCTYPE html><title>Sign in</title>",
    "nothing": "",
    "no object": "[]",
    "keys is no array": '{"keys":{}}',
    "cut": '{"keys":[{"kty":"OKP"',
    "only unusable": '{"keys":[{"kty":"oct","kid":"x","k":"AAAA"}]}',
}


@pytest.mark.parametrize("name", list(NO_SETS))
def test_what_is_no_key_set_destroys_no_key(machine, provider, name):
    """Good keys stay on the disk, and serve."""
    text = NO_SETS[name]
    if "%s" in text:
        text %= json.dumps(tokens.key_set(*provider.keys)["keys"])
    machine.accept()
    serve(provider, text)
    machine.pass_time(901)
    login = machine.accept()
    assert "stale keys are in use" in login.detail, login
    # And from cold nobody gets in, with the reason.
    machine.forget()
    login = machine.login()
    assert login.reason == "keys_unavailable"
    assert "keyset_invalid" in login.detail, login


def test_a_set_without_a_usable_key_ends_the_old_ones_after_900_seconds(
        machine, provider):
    """The provider may have meant it."""
    machine.accept()
    serve(provider, '{"keys":[]}')
    machine.pass_time(300)
    assert "keyset_invalid" in machine.fetch()
    machine.pass_time(890)
    machine.accept()
    machine.pass_time(20)
    assert machine.login().reason == "keys_unavailable"
