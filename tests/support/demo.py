#!/usr/bin/python3
"""What ./setup.sh demo shows: a login with a token, step by step.

Everything happens on a private host (see host): its own /etc, /run, /var/cache
and log.  Nothing of the system is changed, and no process is left behind.
"""

import sys

sys.dont_write_bytecode = True

import tokens  # noqa: E402
from hosts import ASKPASS, NODE_NAME, Host, find_built  # noqa: E402
from provider import AUDIENCE, Provider  # noqa: E402

HOME = "/run/home/alice"
PROGRAM = "/run/pam-jwks-askpass"


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
               f"services   = sshd sudo sudo-i demo\n"
               f"audience   = {AUDIENCE}\n"
               f"user_claim = preferred_username\n"
               f"ca_file    = /etc/security/demo-ca.pem\n")
    host.config(section)
    host.pam("sshd", "auth required {module}")
    for service in ("sudo", "sudo-i"):
        host.pam(service, "auth required {module}")
    host.pam("demo", "auth required {module}", "account required pam_unix.so")
    return section


def settle_in(host, provider, port):
    """alice's machine: where the server is, and a long token.  Returns her
    environment."""
    key = host.read("/run/known_hosts").decode().split(" ", 1)[1]
    host.write("/run/known_hosts", f"[{NODE_NAME}]:{port} {key}")
    host.run(["mkdir", "-m", "700", HOME + "/.ssh"], user="alice")
    host.write(HOME + "/.ssh/config", f"Host *\n    Port {port}\n    LogLevel "
               "ERROR\n    UserKnownHostsFile /run/known_hosts\n",
               owner="alice")
    with open(ASKPASS, encoding="ascii") as file:
        host.write(PROGRAM, file.read(), 0o755)
    host.write(HOME + "/token", tokens.token_of_length(
        2000, provider.keys[0], provider.kind,
        tokens.claims(provider.issuer, "alice", AUDIENCE)), 0o600, "alice")
    return {"SSH_ASKPASS": PROGRAM, "SSH_ASKPASS_REQUIRE": "force",
            "PAM_JWKS_HOSTS": "*.provider.test", "SUDO_ASKPASS": PROGRAM,
            "PAM_JWKS_SUDO": "yes", "PAM_JWKS_TOKEN_FILE": HOME + "/token",
            "XDG_RUNTIME_DIR": HOME}


def long_token(host, provider, port):
    """A token that fits into no answer, through plain ssh and sudo -A."""
    env = settle_in(host, provider, port)
    step("a token of 2,000 bytes: ssh passes on 1023 bytes, sudo 511.  On her "
         "machine\n   alice sets")
    show("\n".join(f"{name}={value}" for name, value in env.items()))

    step("pam-jwks-askpass --check")
    result = host.run([PROGRAM, "--check"], user="alice", env=env)
    shown = [line if len(line) < 70 else line[:66] + " ..."
             for line in result.out.splitlines()]
    show("\n".join(shown) + result.err)
    expect(result.returncode == 0, "the token is no token")

    step(f"ssh {NODE_NAME} id -un")
    result = host.run(["ssh", NODE_NAME, "id", "-un"], user="alice", env=env)
    show(result.out + result.err)
    expect(result.out == "alice\n", f"ssh: {result}")
    show("log: " + log_of(host))

    step("sudo -A id -un")
    result = host.run(["sudo", "-A", "id", "-un"], user="alice", env=env)
    if "no new privileges" in result.err:
        show("left out: sudo cannot become root in this container")
    else:
        show(result.out + result.err)
        expect(result.out == "root\n", f"sudo: {result}")
        show("log: " + log_of(host))

    step("ssh to a host that is not in PAM_JWKS_HOSTS: it gets no token")
    result = host.run(
        ["ssh", "-o", "NumberOfPasswordPrompts=1", NODE_NAME, "id", "-un"],
        user="alice", env={**env, "PAM_JWKS_HOSTS": "*.example.org"})
    show(result.out + result.err)
    expect(result.returncode == 255, f"ssh: {result}")


def main():
    with Provider() as provider, Host() as host:
        step(f"a provider is running at {provider.issuer}")
        section = configure(host, provider)
        port = host.sshd()
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
        result = host.ssh(port, "alice", provider.token("alice"),
                          "echo hello from $(id -un), exit status 7; exit 7")
        show(result.out)
        expect(result.returncode == 7, f"ssh: {result}")
        show("log: " + log_of(host))

        step("the provider rotates its keys; a token of the new key")
        provider.rotate("k2")
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

        log_of(host)
        long_token(host, provider, port)

    print("\nThe demo is over; nothing is left running.", flush=True)


if __name__ == "__main__":
    main()
