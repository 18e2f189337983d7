"""The usual provider of tests that need no provider: keys in a file of the
host, tokens made here.

    corp.set_up(host, "sshd sudo")
    token = corp.token("alice", expires_in=-600)
"""

import json

import tokens

ISSUER = "https://login.example.test"
KEYS = "/etc/security/keys.json"


def token(user, key="k1", **members):
    """A token for ssh-login; always under the name of the good key."""
    return tokens.make_token(
        tokens.shared_key("EdDSA", key), "EdDSA",
        tokens.claims(ISSUER, user, "ssh-login", **members), {"kid": "k1"})


def section(services="any", **settings):
    """The text of [issuer corp]."""
    values = {"issuer": ISSUER, "services": services, "audience": "ssh-login",
              "user_claim": "preferred_username", "jwks_file": KEYS}
    values.update(settings)
    return "[issuer corp]\n" + "".join(
        f"{key} = {value}\n" for key, value in values.items()
        if value is not None)


def write_keys(host):
    """The key file."""
    host.write(KEYS, json.dumps(tokens.key_set(
        tokens.shared_key("EdDSA", "k1"))))


def set_up(host, services="any", **settings):
    """Configuration and keys."""
    host.config(section(services, **settings))
    write_keys(host)
