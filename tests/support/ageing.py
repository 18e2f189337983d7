"""A host whose processes live long: tests/load/age on a private host, with keys
that the real helper fetches from a provider.

    with Ageing(host, provider) as old:
        old.tokens(*made(provider))
        old.run(1000)               # in turn; every one must end as it should
        old.run(2000, threads=100)
        old.hold()                  # Hold: memory, descriptors, ...
"""

import collections
import os
import select
import subprocess

import hosts
import tokens

CA = "/etc/security/ca.pem"
TOKENS = "/run/tokens"
SERVICE = "age"

Hold = collections.namedtuple(
    "Hold", "kib descriptors threads children mappings")


def sanitizer_options():
    """What the environment says to a sanitizer, for processes of a host."""
    return {name: value for name, value in os.environ.items()
            if name.endswith("SAN_OPTIONS")}


def made(provider):
    """Good tokens, and bad ones of every way through the module."""
    good = provider.token(expires_in=3600)
    return [good, provider.token(expires_in=3600, jti="another")], [
        provider.token(expires_in=-600),
        tokens.spoil_signature(good),
        provider.token(expires_in=3600, header={"kid": "nobody's"}),
        provider.token(expires_in=3600, audience="another-service"),
        provider.token("bob", expires_in=3600),
        "a password",
    ]


class Ageing:
    """See the head of this file."""

    def __init__(self, host, provider, seconds=50, module=None, **settings):
        self.host = host
        self.provider = provider
        self.seconds = seconds * hosts.PATIENCE
        host.write(CA, provider.authority.ca_text())
        host.config(provider.section(ca_file=CA, **settings),
                    **(module or {}))
        host.pam(SERVICE, "auth required {module}")
        self.process = None
        self.errors = None

    def __enter__(self):
        self.errors = open(self.host.path("/run/age.err"), "w+b")
        self.process = self.host.spawn(
            [hosts.find_built("tests/load/age"), SERVICE],
            env=sanitizer_options(), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self.errors)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        self.process.stdout.close()
        self.errors.close()

    def said(self):
        """What it wrote to its error output."""
        return self.host.read("/run/age.err").decode(errors="replace")

    def ask(self, order):
        """One order; the numbers of its answer."""
        self.process.stdin.write(order.encode() + b"\n")
        self.process.stdin.flush()
        ready = select.select([self.process.stdout], [], [], self.seconds)[0]
        line = self.process.stdout.readline() if ready else b""
        assert line.endswith(b"\n"), (order, line, self.said())
        return [int(word) for word in line.split()]

    def tokens(self, good, bad):
        """What the next runs take in turn."""
        self.host.write(TOKENS, "".join(
            [f"good {token}\n" for token in good]
            + [f"bad {token}\n" for token in bad]), 0o600)

    def run(self, count, threads=1):
        """Logins; returns how many good ones got in."""
        inside, outside, refused, accepted = self.ask(
            f"run {TOKENS} {count} {threads}")
        assert accepted == 0, f"{accepted} bad tokens got in"
        assert refused == 0, (
            f"{refused} good tokens were refused\n" + "\n".join(
                line for line in self.host.log().splitlines()
                if "refused" in line)[-1000:])
        assert inside + outside == count
        return inside

    def hold(self):
        """What the process holds now."""
        return Hold(*self.ask("hold"))

    def fetch(self):
        """What root's timer does."""
        result = self.host.run([hosts.find_built("pam-jwks-fetch"), "--all",
                                "--config", hosts.CONFIG])
        assert result.returncode == 0, result
