"""Tokens from a real oidc-agent: on one's own machine for ssh, and on a server
for sudo, to which the agent's socket is forwarded."""

import json

import pytest

import hosts
import long_tokens
import tokens
from provider import Provider

SERVER = "server.example.org"
CONFIG = "/run/ssh_config"
HOME = "/run/home/alice"
FORWARDED = HOME + "/forwarded"
CA = "/etc/security/ca.pem"


class Issuing:
    """The provider's token endpoint: a new long token for a refresh token."""

    def __init__(self, provider, length=2000):
        self.provider = provider
        self.length = length
        self.issued = []
        provider.aliases["/token"] = "token"
        provider.scripts["token"] = self
        provider.members["grant_types_supported"] = ["refresh_token"]
        provider.members["scopes_supported"] = ["openid", "offline_access"]

    def __call__(self, handler):
        assert handler.form["grant_type"] == ["refresh_token"], handler.form
        self.issued.append(tokens.token_of_length(
            self.length, self.provider.keys[0], self.provider.kind,
            tokens.claims(self.provider.issuer, "alice",
                          self.provider.audience)))
        handler.answer(200, json.dumps({
            "access_token": self.issued[-1], "token_type": "Bearer",
            "expires_in": 300, "refresh_token": "the-refresh-token",
        }).encode(), "application/json")


@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("RS256") as provider:
        yield provider


@pytest.fixture(name="port")
def fixture_port(module_host):
    module_host.write("/etc/hosts", f"127.0.0.1 localhost {SERVER}\n")
    port = module_host.sshd()
    key = module_host.read("/run/known_hosts").decode().split(" ", 1)[1]
    module_host.write("/run/known_hosts", f"[{SERVER}]:{port} {key}")
    module_host.write(
        CONFIG, f"Host {SERVER}\n    Port {port}\n    User alice\n"
        "    UserKnownHostsFile /run/known_hosts\n    LogLevel ERROR\n"
        "    NumberOfPasswordPrompts 1\n    ConnectTimeout 10\n")
    return port


@pytest.fixture(name="agent")
def fixture_agent(host, provider):
    """alice's agent with one account, "corp"; yields her environment."""
    hosts.need("oidc-agent", "oidc-gen", "oidc-token")
    host.write(CA, provider.authority.ca_text())
    issuing = Issuing(provider)
    host.run(["mkdir", "-p", HOME + "/.config"], user="alice")
    started = host.run(["oidc-agent", "--json"], user="alice",
                       env={"TMPDIR": HOME})
    assert started.returncode == 0, started
    env = {"OIDC_SOCK": json.loads(started.out)["socket"]}
    made = host.run(
        ["oidc-gen", "-m", "--iss=" + provider.issuer, "--client-id=ssh-login",
         "--client-secret=none", "--rt=the-refresh-token", "--scope=openid",
         "--cp=" + CA, "--redirect-uri=http://localhost:4242", "--prompt=none",
         "--pw-cmd=echo words", "--confirm-default", "--no-url-call", "corp"],
        user="alice", env=env)
    assert made.returncode == 0, made
    yield issuing, env
    stopped = host.run(["oidc-agent", "--kill"], user="alice", env={
        "OIDCD_PID": str(json.loads(started.out)["dpid"]), **env})
    assert stopped.returncode == 0, stopped


def test_ssh_and_remote_sudo(host, port, provider, agent):
    """A token of 2,000 bytes through ssh; on the server another sudo asks the
    agent at home, through the forwarded socket."""
    assert port
    long_tokens.need_set_id()
    issuing, env = agent
    host.config(provider.section(services="sshd sudo", ca_file=CA))
    for service in ("sshd", "sudo"):
        host.pam(service, "auth required {module}")
    asking = long_tokens.askpass(host, PAM_JWKS_TOKEN_COMMAND="oidc-token corp")
    remote = " ".join(f"{name}='{value}'" for name, value in asking.items()
                      if not name.startswith("SSH"))
    result = host.run(
        ["ssh", "-F", CONFIG, "-T", "-R", f"{FORWARDED}:{env['OIDC_SOCK']}",
         SERVER, f"OIDC_SOCK={FORWARDED} {remote} sudo -A id -un"],
        user="alice", env={**asking, **env})
    attempts = host.take_attempts()
    assert result.out == "root\n", (result, attempts)
    assert [(a.service, a.verdict) for a in attempts] == \
        [("sshd", "accepted"), ("sudo", "accepted")]
    assert issuing.issued and all(
        len(token) == issuing.length for token in issuing.issued)
    for token in issuing.issued:
        assert token.split(".")[2][:30] not in host.log()


def test_without_the_socket(host, port, provider, agent):
    """The agent answers through the socket alone: without it the same sudo
    gets nothing."""
    assert port
    long_tokens.need_set_id()
    host.config(provider.section(services="sudo", ca_file=CA))
    host.pam("sudo", "auth required {module}")
    _, env = agent
    asking = long_tokens.askpass(host, PAM_JWKS_TOKEN_COMMAND="oidc-token corp")
    sudo = ["sudo", "-A", "id", "-un"]
    assert host.run(sudo, user="alice", env={**asking, **env}).out == "root\n"
    assert host.take_attempt().verdict == "accepted"
    assert host.run(sudo, user="alice", env=asking).returncode == 1
    assert all(a.verdict == "refused" for a in host.take_attempts())
