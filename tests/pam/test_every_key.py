"""Every key of the configuration acts: for each there is a situation whose
outcome is another one once the key has another value than its default (or than
another value, where it has to be set).  The list of keys is the program's.

The keys that decide who may log in are tried in a real PAM transaction with
keys from a file; those of the key supply with the real helper, a provider and
clocks that the test moves (tests/support/supply.py)."""

import json
import os
import re
import socket
import subprocess
import time

import pytest

import hosts
import tokens
from provider import KEYS as KEYS_PATH, Provider
from supply import Machine

SERVICE = "login-test"
ISSUER = "https://login.example.test/realms/corp"
KEYS = "/etc/security/keys.json"
OTHER_KEYS = "/etc/security/other.json"
MAP = "/etc/security/users"

BASE = {"issuer": ISSUER, "services": "any", "audience": "ssh-login",
        "user_claim": "preferred_username", "jwks_file": KEYS}
GRANT = {"issuer": "corp", "users": "alice", "require": "team is red"}


def signed(header=None, **members):
    """A token for alice, with these claims and header members changed."""
    return tokens.make_token(
        tokens.shared_key("EdDSA", "k1"), "EdDSA",
        tokens.claims(ISSUER, "alice", "ssh-login", **members), header)


def ago(seconds):
    """The moment of a claim of now() that many seconds before."""
    return tokens.claims(ISSUER, "alice", "")["iat"] - seconds


# key: (value, outcome without the key, outcome with it, what makes the token
# or the situation); what begins with "+" is set in both cases.
POLICY = {
    "issuer": ("https://other.example.test", "ok", "issuer_unknown", {}),
    "services": ("sshd su", "ok", "service_not_served", {}),
    "audience": ("other", "ok", "audience_mismatch", {}),
    "user_claim": ("nick", "ok", "user_mismatch", {"nick": "bob"}),
    "user_map": (MAP, "user_mismatch", "ok",
                 {"preferred_username": "A. Liddell"}),
    "algorithms": ("RS256", "ok", "alg_not_allowed", {}),
    "jwks_file": (OTHER_KEYS, "ok", "key_unknown", {}),
    "require_kid": ("yes", "ok", "kid_missing", {"header": {"kid": None}}),
    "typ": ("at+jwt", "typ_not_allowed", "ok", {"header": {"typ": "at+jwt"}}),
    "leeway": ("5m", "expired", "ok", {"expires_in": -120}),
    "max_token_age": ("1m", "ok", "token_too_old", {"iat": ago(600)}),
    "max_auth_age": ("1m", "ok", "auth_too_old", {"auth_time": ago(600)}),
    "authorized_party": ("ssh", "ok", "party_not_authorized",
                         {"azp": "wiki"}),
    "require": ("groups any admins", "ok", "require_unmet",
                {"groups": ["users"]}),
    "user_strip_domain": ("example.org", "user_mismatch", "ok",
                          {"preferred_username": "alice@example.org"}),
    "user_lowercase": ("yes", "user_mismatch", "ok",
                       {"preferred_username": "Alice"}),
    "allow_unverified_email": ("yes", "email_unverified", "ok",
                               {"email": "alice", "+user_claim": "email"}),
    "account": ("none", "user_unknown", "ok",
                {"preferred_username": "stranger", "user": "stranger",
                 "+services": SERVICE}),
    "min_uid": ("5000", "ok", "uid_refused", {}),
    "export": ("JWT_TEAM=team", "ok", "ok", {"team": "red"}),
}
GRANTS = {
    "issuer": ("other", "ok", "user_mismatch",
               {"team": "red", "preferred_username": "bob"}),
    "users": ("bob", "ok", "user_not_granted", {"team": "red"}),
    "require": ("team is blue", "ok", "user_not_granted", {"team": "red"}),
    "identity": ("bob", "ok", "user_not_granted", {"team": "red"}),
}


def text_of(head, values):
    return f"[{head}]\n" + "".join(
        f"{key} = {value}\n" for key, value in values.items())


def attempt(host, text, situation, **module):
    """One login: the reason, and what it exported."""
    situation = {k: v for k, v in situation.items() if not k.startswith("+")}
    user = situation.pop("user", "alice")
    host.config(text, **module)
    report = host.authenticate(SERVICE, user, signed(**situation))
    line = host.take_attempt()
    assert (report["auth"] == "PAM_SUCCESS") == (line.verdict == "accepted")
    return line.fields.get("reason", "ok"), report["env"]


@pytest.fixture(name="login")
def fixture_login(host):
    host.write(KEYS, json.dumps(tokens.key_set(
        tokens.shared_key("EdDSA", "k1"))))
    host.write(OTHER_KEYS, json.dumps(tokens.key_set(
        tokens.shared_key("EdDSA", "k2"))))
    host.write(MAP, 'corp "A. Liddell" alice\n')
    host.pam(SERVICE, "auth required {module}")
    return host


@pytest.mark.parametrize("key", list(POLICY))
def test_a_key_of_issuer_acts(login, key):
    value, without, with_it, situation = POLICY[key]
    base = dict(BASE, **{k[1:]: v for k, v in situation.items()
                         if k.startswith("+")})
    reason, env = attempt(login, text_of("issuer corp", base), situation)
    assert reason == without
    assert not any(setting.startswith("JWT_") for setting in env), env
    reason, env = attempt(login, text_of(
        "issuer corp", dict(base, **{key: value})), situation)
    assert reason == with_it
    if key == "export":
        assert "JWT_TEAM=red" in env, env


@pytest.mark.parametrize("key", list(GRANTS))
def test_a_key_of_grant_acts(login, key):
    value, without, with_it, situation = GRANTS[key]
    sections = text_of("issuer corp", BASE) + text_of("issuer other", dict(
        BASE, issuer="https://other.example.test"))
    reason, _ = attempt(login, sections + text_of("grant g", GRANT), situation)
    assert reason == without
    reason, _ = attempt(login, sections + text_of(
        "grant g", dict(GRANT, **{key: value})), situation)
    assert reason == with_it


def test_host_name_acts(login):
    text = text_of("issuer corp", dict(BASE, audience="%f"))
    situation = {"aud": "other.example.test"}
    assert attempt(login, text, situation)[0] == "audience_mismatch"
    assert attempt(login, text, situation,
                   host_name="other.example.test")[0] == "ok"


# --- the key supply -----------------------------------------------------------

@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


@pytest.fixture(name="machine")
def fixture_machine(provider):
    with Machine(provider) as machine:
        yield machine


@pytest.fixture(name="silent")
def fixture_silent():
    """A port that accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class Trial:
    """One run of a situation, with a key's value or without it."""

    def __init__(self, machine, provider, silent):
        self.machine, self.provider, self.silent = machine, provider, silent
        self.module, self.settings = {}, {"ca_file": machine.ca}

    def begin(self):
        """The configuration, and nothing in the cache."""
        self.machine.configure(self.provider.section(**self.settings),
                               **self.module)
        self.machine.forget()
        self.machine.set_clock(0, 0)
        self.provider.forget()

    def later(self, seconds):
        """How many keys are fetched by a login so much later."""
        self.machine.accept()
        self.machine.pass_time(seconds)
        self.provider.forget()
        self.machine.accept()
        self.machine.idle()
        return self.provider.count("keys")

    def milliseconds(self, login):
        """After what time a fetch was given up, as its words have it."""
        found = re.search(r"after (\d+) milli", login.detail) or \
            re.search(r"within (\d+) ms", login.detail)
        assert found, login
        return int(found.group(1))


def try_fetch_user(trial):
    return trial.machine.login().reason


def try_helper(trial):
    return "helper_not_started" in trial.machine.login().detail


def try_cache_dir(trial):
    trial.machine.accept()
    return os.path.exists(trial.machine.base + "/elsewhere")


def try_hanging(trial):
    trial.provider.behave("discovery", "hang")
    return trial.milliseconds(trial.machine.login()) < 3000


def try_hanging_stale(trial):
    trial.machine.accept()
    trial.provider.behave("keys", "hang")
    trial.machine.pass_time(901)
    return trial.milliseconds(trial.machine.accept()) < 3000


def try_silent(trial):
    """TLS belongs to the connection, which has 3 s by default."""
    begin = time.monotonic()
    trial.machine.login()
    return time.monotonic() - begin >= 7


def try_discovery_url(trial):
    trial.provider.aliases["/d.json"] = "discovery"
    trial.machine.accept()
    return [r.path for r in trial.provider.requests][0] == "/d.json"


def try_jwks_uri(trial):
    trial.machine.accept()
    return trial.provider.count("discovery")


def try_login(trial):
    return trial.machine.login().reason


def try_cache_control(header, seconds):
    def run(trial):
        trial.provider.cache_control = header
        return trial.later(seconds)
    return run


def try_max_stale(trial):
    trial.machine.accept()
    trial.provider.behave("keys", "503")
    trial.machine.pass_time(4000)
    return trial.machine.login().reason


def try_discovery_ttl(trial):
    trial.later(1000)
    return trial.provider.count("discovery")


def try_discovery_max_stale(trial):
    trial.machine.accept()
    trial.provider.behave("discovery", "503")
    trial.provider.rotate()
    trial.machine.pass_time(1000)
    return trial.machine.login().reason


def try_kid_cooldown(trial):
    trial.machine.accept()
    for kid in ("x", "y"):
        trial.machine.login(trial.machine.token(header={"kid": kid}))
        trial.machine.pass_time(10)
    return trial.provider.count("keys")


# key: (value, situation, outcome without it, with it, what is set in both)
SUPPLY = {
    "fetch_user": ("no-such-user", try_fetch_user, "ok", "keys_unavailable",
                   {}),
    "cache_dir": ("{base}/elsewhere", try_cache_dir, False, True, {}),
    "state_dir": ("{base}/elsewhere", try_cache_dir, False, True, {}),
    "helper": ("/nonexistent/helper", try_helper, False, True, {}),
    "timeout_cold": ("2s", try_hanging, False, True, {}),
    "timeout_stale": ("2s", try_hanging_stale, False, True, {}),
    "connect_timeout": ("7s", try_silent, False, True,
                        {"jwks_uri": "https://127.0.0.1:{silent}/",
                         "request_timeout": "20s", "timeout_cold": "20s"}),
    "request_timeout": ("1s", try_hanging, False, True, {}),
    "discovery_url": ("https://127.0.0.1:{port}/d.json", try_discovery_url,
                      False, True, {}),
    "jwks_uri": ("https://127.0.0.1:{port}" + KEYS_PATH, try_jwks_uri, 1, 0,
                 {}),
    "ca_file": ("{base}/ca.pem", try_login, "keys_unavailable", "ok",
                {"ca_file": None}),
    "proxy": ("http://127.0.0.1:1", try_login, "ok", "keys_unavailable", {}),
    "ip_resolve": ("6", try_login, "ok", "keys_unavailable", {}),
    "min_ttl": ("10s", try_cache_control("max-age=60", 100), 0, 1, {}),
    "max_ttl": ("600s", try_cache_control("max-age=99999", 2000), 0, 1, {}),
    "default_ttl": ("300s", try_cache_control(None, 500), 0, 1, {}),
    "max_stale": ("1h", try_max_stale, "ok", "keys_unavailable", {}),
    "discovery_ttl": ("10m", try_discovery_ttl, 0, 1, {}),
    "discovery_max_stale": ("10m", try_discovery_max_stale, "ok",
                            "keys_unavailable", {"discovery_ttl": "10m"}),
    "kid_cooldown": ("5s", try_kid_cooldown, 2, 3, {}),
}
MODULE = ("fetch_user", "cache_dir", "state_dir", "helper", "timeout_cold",
          "timeout_stale", "connect_timeout", "request_timeout")


@pytest.mark.parametrize("key", list(SUPPLY))
def test_a_key_of_the_supply_acts(machine, provider, silent, key):
    value, situation, without, with_it, both = SUPPLY[key]
    names = {"base": machine.base, "port": provider.port, "silent": silent}
    outcomes = []
    for given in (False, True):
        trial = Trial(machine, provider, silent)
        for name, text in list(both.items()) + [(key, value)] * given:
            text = None if text is None else text.format(**names)
            (trial.module if name in MODULE else trial.settings)[name] = text
        for what in ("discovery", "keys"):
            provider.behave(what, "ok")
        trial.begin()
        outcomes.append(situation(trial))
    assert outcomes == [without, with_it]


def test_every_key_is_here():
    """Nobody adds a key without showing what it does."""
    out = subprocess.run([hosts.build_dir() + "/tests/lint/dump", "options"],
                         stdout=subprocess.PIPE, check=True, text=True).stdout
    listed = [tuple(line.split("|")[:2]) for line in out.splitlines()]
    shown = [("[grant NAME]", key) for key in GRANTS] + [
        ("[issuer NAME]", key) for key in POLICY] + [
        ("[module]" if key in MODULE else "[issuer NAME]", key)
        for key in SUPPLY] + [("[module]", "host_name")]
    assert sorted(shown) == sorted(listed)
