"""Runs the oidc-provider of oidc-provider/ and gets tokens for users from it.

    with RealProvider() as provider:
        issued = provider.log_in("alice")
        issued["id_token"], issued["access_token"]

The flow is the real one: authorization code with PKCE, a login form, cookies.
"""

import base64
import hashlib
import http.cookiejar
import json
import os
import secrets
import select
import shutil
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

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
        context = ssl.create_default_context(cafile=self.authority.ca)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=context),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
            _StopAtCallback())
        with opener.open(self.issuer + "/.well-known/openid-configuration",
                         timeout=timeout) as answer:
            endpoints = json.load(answer)

        verifier = secrets.token_urlsafe(48)
        state = secrets.token_urlsafe(12)
        challenge = base64.urlsafe_b64encode(
            hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {"client_id": CLIENT, "response_type": "code", "scope": scope,
                 "redirect_uri": REDIRECT, "state": state,
                 "code_challenge": challenge, "code_challenge_method": "S256"}
        if resource:
            query["resource"] = resource
        with opener.open(endpoints["authorization_endpoint"] + "?"
                         + urllib.parse.urlencode(query),
                         timeout=timeout) as form:
            form_url = form.geturl()
        try:
            with opener.open(form_url, urllib.parse.urlencode(
                    {"user": user, "password": user + "-password"}).encode(),
                    timeout=timeout) as end:
                raise AssertionError("no redirect to the client: "
                                     + end.read().decode())
        except _Callback as callback:
            answer = urllib.parse.parse_qs(
                urllib.parse.urlparse(callback.url).query)
        assert answer.get("state") == [state], answer

        form = {"grant_type": "authorization_code", "code": answer["code"][0],
                "redirect_uri": REDIRECT, "client_id": CLIENT,
                "code_verifier": verifier}
        if resource:
            form["resource"] = resource
        try:
            with opener.open(endpoints["token_endpoint"],
                             urllib.parse.urlencode(form).encode(),
                             timeout=timeout) as issued:
                return json.load(issued)
        except urllib.error.HTTPError as error:
            raise AssertionError(error.read().decode()) from None


class _Callback(Exception):
    def __init__(self, url):
        super().__init__(url)
        self.url = url


class _StopAtCallback(urllib.request.HTTPRedirectHandler):
    """Follows redirects until the client's own address comes."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if newurl.startswith(REDIRECT):
            raise _Callback(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
