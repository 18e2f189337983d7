#!/usr/bin/python3
"""What ./setup.sh demo shows: a login with a token, step by step.

Everything happens on a private host (see host): its own /etc, /run, /var/cache
and log.  Nothing of the system is changed, and no process is left behind.
"""

import sys

sys.dont_write_bytecode = True

from hosts import Host, find_built  # noqa: E402
from provider import AUDIENCE, Provider  # noqa: E402


def step(text):
    print(f"\n-- {text}", flush=True)


def show(text):
    for line in text.rstrip("\n").splitlines():
        print("   " + line, flush=True)


def expect(condition, what):
    if not condition:
        print(f"\ndemo: {what}", file=sys.stderr)
        sys.exit(1)


def log_of(host):
    """The module's lines since the last look, as an administrator sees them."""
    lines = [line for line in host.log().splitlines()
             if "pam_jwks(" in line]
    new = lines[log_of.seen:]
    log_of.seen = len(lines)
    return "\n".join(line[line.index("pam_jwks("):] for line in new)


log_of.seen = 0


def configure(host, provider):
    host.write("/etc/security/demo-ca.pem", provider.authority.ca_text())
    section = (f"[issuer corp]\n"
               f"issuer     = {provider.issuer}\n"
               f"services   = sshd demo\n"
               f"audience   = {AUDIENCE}\n"
               f"user_claim = preferred_username\n"
               f"ca_file    = /etc/security/demo-ca.pem\n")
    host.config(section)
    host.pam("sshd", "auth required {module}")
    host.pam("demo", "auth required {module}", "account required pam_unix.so")
    return section


def main():
    with Provider() as provider, Host() as host:
        step(f"a provider is running at {provider.issuer}")
        section = configure(host, provider)
        step("/etc/security/pam_jwks.conf of a private host says")
        show(section)

        step("pam-jwks check --offline")
        result = host.run([find_built("pam-jwks"), "check", "--offline"])
        show(result.out + result.err)
        expect(result.returncode == 0, "check found something")

        token = provider.token("alice")
        step(f"alice has a token of {len(token)} bytes; pamtester logs in")
        result = host.pamtester("demo", "alice", token, "authenticate",
                                "acct_mgmt")
        show(result.out + result.err)
        expect(result.returncode == 0, "the login failed")
        show("log: " + log_of(host))
        show(f"requests at the provider: {provider.count('discovery')} for "
             f"discovery, {provider.count('keys')} for keys")

        step("ssh with a new token: a real sshd, the keys come from the cache")
        port = host.sshd()
        result = host.ssh(port, "alice", provider.token("alice"),
                          "echo hello from $(id -un), exit status 7; exit 7")
        show(result.out)
        expect(result.returncode == 7, f"ssh: {result}")
        show("log: " + log_of(host))

        step("the provider rotates its keys; a token of the new key")
        provider.rotate()
        result = host.ssh(port, "alice", provider.token("alice"), "id -un")
        show(result.out)
        expect(result.returncode == 0, f"ssh: {result}")
        show("log: " + log_of(host))

        step("bob tries alice's account with his own token")
        result = host.ssh(port, "alice", provider.token("bob"), "id -un")
        expect(result.returncode == 255, f"ssh: {result}")
        show("log: " + log_of(host).splitlines()[0])

        step("alice comes with a token that has expired")
        result = host.ssh(port, "alice",
                          provider.token("alice", expires_in=-312), "id -un")
        expect(result.returncode == 255, f"ssh: {result}")
        show("log: " + log_of(host).splitlines()[0])

    print("\nThe demo is over; nothing is left running.", flush=True)


if __name__ == "__main__":
    main()
