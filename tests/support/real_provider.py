"""Runs real providers on loopback and gets tokens for users from them.

    with RealProvider() as provider:
        issued = provider.log_in("alice")
        issued["id_token"], issued["access_token"]

The flow is the real one: authorization code with PKCE, a login form, cookies.
"""

import importlib.util
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import code_flow
import hosts
import tokens

HERE = os.path.dirname(os.path.realpath(__file__))
CLIENT = "ssh-login"
RESOURCE = "urn:test:login"
REDIRECT = "http://127.0.0.1/callback"


def _die_with_parent():
    import ctypes
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


class RealProvider:
    """A running oidc-provider; ends with the block.

    Raises hosts.Missing where node or npm is not installed.
    """

    def __init__(self, authority=None, install_timeout=50):
        self.authority = authority or tokens.shared_authority()
        self.install_timeout = install_timeout
        self.issuer = None
        self._process = None

    def __enter__(self):
        for program in ("node", "npm"):
            if shutil.which(program) is None:
                raise hosts.Missing(f"{program} is not installed")
        folder = os.path.join(hosts.build_dir(), "tests", "support",
                              "oidc-provider.installed")
        try:
            installed = subprocess.run(
                [os.path.join(HERE, "npm-install"),
                 os.path.join(HERE, "oidc-provider"), folder],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True,
                timeout=self.install_timeout, preexec_fn=_die_with_parent)
        except subprocess.TimeoutExpired:
            raise AssertionError("npm ci did not end in time") from None
        assert installed.returncode == 0, installed.stdout
        self._process = subprocess.Popen(
            ["node", os.path.join(folder, "server.js"),
             self.authority.server_cert, self.authority.server_key, CLIENT],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, preexec_fn=_die_with_parent)
        self.issuer = json.loads(self._first_line(20))["issuer"]
        return self

    def _first_line(self, seconds):
        alarm = time.monotonic() + seconds
        output = self._process.stdout.fileno()
        line = b""
        while not line.endswith(b"\n"):
            left = alarm - time.monotonic()
            if left <= 0 or not select.select([output], [], [], left)[0]:
                self.close()
                raise AssertionError("oidc-provider did not start in time")
            more = os.read(output, 4096)
            if not more:
                self.close()
                raise AssertionError("oidc-provider ended at once")
            line += more
        return line

    def __exit__(self, *_):
        self.close()

    def rotate(self):
        """New signing keys; the old ones stay in the set."""
        self._process.stdin.write(b"rotate\n")
        self._process.stdin.flush()
        assert "rotations" in json.loads(self._first_line(20))

    def close(self):
        """Ends the provider."""
        if self._process is not None:
            self._process.stdin.close()
            try:
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(3)
            self._process.stdout.close()
            self._process = None

    def log_in(self, user, scope="openid profile", resource=None, timeout=10):
        """The token response for a user who logs in with a browser's steps."""
        return code_flow.log_in(
            self.issuer + "/.well-known/openid-configuration",
            self.authority.ca, CLIENT, REDIRECT,
            {"user": user, "password": user + "-password"}, scope, resource,
            timeout)


class Program:
    """A provider that is a program beside this file; ends with the block.

    It prints its issuer in a line of JSON when it serves, and makes a new
    signing key when it is given a line.
    """

    def __init__(self, name, discovery, fields, authority=None):
        self.name = name
        self.discovery = discovery      # behind the issuer
        self.fields = fields            # function of the user
        self.authority = authority or tokens.shared_authority()
        self.issuer = None
        self._folder = None
        self._process = None

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix="pj-provider.")
        self._process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, self.name), self._folder,
             self.authority.server_cert, self.authority.server_key, CLIENT],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"PATH": hosts.PATH, "PYTHONDONTWRITEBYTECODE": "1"},
            preexec_fn=_die_with_parent)
        self.issuer = self._answer()["issuer"]
        return self

    def _answer(self):
        line = b""
        if select.select([self._process.stdout], [], [], 40)[0]:
            line = self._process.stdout.readline()
        if not line:
            self.close()
            raise AssertionError(f"{self.name} does not answer")
        return json.loads(line)

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the provider."""
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(3)
        self._process.stdout.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def rotate(self):
        """A new signing key."""
        self._process.stdin.write(b"rotate\n")
        self._process.stdin.flush()
        self._answer()

    def log_in(self, user):
        """The token response for a user who logs in with a browser's steps."""
        return code_flow.log_in(self.issuer.rstrip("/") + self.discovery,
                                self.authority.ca, CLIENT, REDIRECT,
                                self.fields(user))


class DjangoProvider(Program):
    """Django OAuth Toolkit; raises hosts.Missing where it is not installed."""

    def __init__(self):
        for name in ("django", "oauth2_provider"):
            if importlib.util.find_spec(name) is None:
                raise hosts.Missing(f"Python's {name} is not installed")
        super().__init__(
            "django-provider", "/.well-known/openid-configuration/",
            lambda user: {"username": user, "password": user + "-password"})


class LemonldapProvider(Program):
    """LemonLDAP::NG; raises hosts.Missing where it is not installed."""

    def __init__(self):
        for path in ("/usr/share/perl5/Lemonldap/NG/Portal/Issuer",
                     "/usr/share/perl5/GD/SecurityImage.pm",
                     "/usr/share/perl5/IO/String.pm",
                     "/usr/share/perl5/String/Random.pm"):
            if not os.path.exists(path):
                raise hosts.Missing(f"{path} is not installed")
        hosts.need("plackup", "unshare")
        if os.geteuid() != 0:
            raise hosts.Missing("LemonLDAP::NG in a test needs root")
        super().__init__("lemonldap-provider",
                         "/.well-known/openid-configuration",
                         lambda user: {"user": user, "password": user})
