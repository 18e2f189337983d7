"""The OpenID-certified oidc-provider issues a token to a user; the user logs in
with it through discovery, with pamtester and over ssh."""

import pytest

import tokens
from real_provider import CLIENT, RESOURCE, RealProvider

CA = "/etc/security/ca.pem"


@pytest.fixture(scope="module", name="provider")
def fixture_provider():
    with RealProvider() as provider:
        yield provider


@pytest.fixture(scope="module", name="port")
def fixture_port(module_host):
    module_host.pam("sshd", "auth required {module}")
    return module_host.sshd()


@pytest.fixture(name="machine")
def fixture_machine(host, provider):
    """A host that trusts the provider; its cache is empty."""
    host.write(CA, provider.authority.ca_text())
    host.config(f"""
[issuer id-tokens]
issuer = {provider.issuer}
services = any
audience = {CLIENT}
user_claim = preferred_username
ca_file = {CA}

[issuer access-tokens]
issuer = {provider.issuer}
services = any
audience = {RESOURCE}
user_claim = preferred_username
typ = at+jwt
authorized_party = {CLIENT}
ca_file = {CA}
""")
    host.pam("pamtester", "auth required {module}")
    return host


@pytest.fixture(scope="module", name="id_token")
def fixture_id_token(provider):
    """An ID token for alice, who has logged in at the provider."""
    return provider.log_in("alice")["id_token"]


@pytest.fixture(scope="module", name="access_token")
def fixture_access_token(provider):
    """A JWT access token for alice."""
    return provider.log_in("alice", "openid profile login",
                           RESOURCE)["access_token"]


def test_id_token_with_pamtester(machine, id_token):
    """The first login fetches through discovery, the second uses the cache."""
    for _ in range(2):
        result = machine.pamtester("pamtester", "alice", id_token,
                                   "authenticate", "setcred")
        attempt = machine.take_attempt()
        assert result.returncode == 0, (result, attempt)
        assert attempt.verdict == "accepted"
        assert attempt["user"] == "alice"
        assert attempt["identity"] == "alice"
        assert attempt["issuer"] == "id-tokens"
        assert attempt["kid"] == "ec-1"


def test_id_token_over_ssh(machine, port, id_token):
    """ssh with a cold cache: the module fetches, the command runs."""
    result = machine.ssh(port, "alice", id_token, "id -un; exit 3")
    attempt = machine.take_attempt()
    assert (result.returncode, result.out) == (3, "alice\n"), (result, attempt)
    assert attempt.verdict == "accepted"
    assert attempt.service == "sshd"
    assert attempt["issuer"] == "id-tokens"


def test_access_token_with_pamtester(machine, access_token):
    """A JWT access token (RFC 9068) logs in where the section allows its type."""
    result = machine.pamtester("pamtester", "alice", access_token)
    attempt = machine.take_attempt()
    assert result.returncode == 0, (result, attempt)
    assert attempt.verdict == "accepted"
    assert attempt["issuer"] == "access-tokens"
    assert attempt["kid"] == "rsa-1"


def test_access_token_over_ssh(machine, port, access_token):
    """The same over ssh."""
    assert len(access_token) < 1023
    result = machine.ssh(port, "alice", access_token)
    attempt = machine.take_attempt()
    assert (result.returncode, result.out) == (0, "alice\n"), (result, attempt)
    assert attempt.verdict == "accepted"


def test_another_user(machine, port, id_token):
    """alice's token does not make bob, neither here nor there."""
    result = machine.pamtester("pamtester", "bob", id_token)
    attempt = machine.take_attempt()
    assert result.returncode != 0
    assert (attempt.verdict, attempt["reason"]) == ("refused", "user_mismatch")
    assert attempt["identity"] == "alice"
    result = machine.ssh(port, "bob", id_token)
    attempt = machine.take_attempt()
    assert result.returncode == 255
    assert (attempt.verdict, attempt["reason"]) == ("refused", "user_mismatch")


def test_own_tokens_of_bob(machine, provider):
    """bob logs in with his own."""
    result = machine.pamtester("pamtester", "bob",
                               provider.log_in("bob")["id_token"])
    attempt = machine.take_attempt()
    assert result.returncode == 0, (result, attempt)
    assert attempt["identity"] == "bob"


def test_spoiled_token(machine, id_token):
    """One changed bit in a real token is a refusal."""
    result = machine.pamtester("pamtester", "alice",
                               tokens.spoil_signature(id_token))
    attempt = machine.take_attempt()
    assert result.returncode != 0
    assert attempt["reason"] == "signature_invalid"
