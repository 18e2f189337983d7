#!/usr/bin/python3
"""A small OpenID provider on loopback: HTTPS, discovery, a key set, and any
misbehaviour that a test asks for.

As a library:
    with Provider() as provider:
        host.write("/etc/security/ca.pem", provider.authority.ca_text())
        token = provider.token("alice")
        provider.behave("keys", "html")     # or 503, hang, redirect, ...
        provider.rotate()
        provider.count("keys")
        provider.headers = [("Age", "3")]   # beside the key set
        provider.scripts["keys"] = lambda handler: handler.answer(429, b"")

As a program (the demo uses it):
    provider.py --dir DIR       writes DIR/ca.pem, DIR/port, DIR/issuer (last)
                                and serves until SIGTERM, until its parent
                                ends, or, if its input is a pipe, until that
                                closes
    provider.py token --dir DIR --user NAME [--expires-in SECONDS]
                [--audience TEXT] [--padding BYTES]
                                prints a token that this provider has signed
"""

import argparse
import ctypes
import http.server
import json
import os
import select
import signal
import ssl
import stat
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from jwcrypto import jwk  # noqa: E402

import tokens  # noqa: E402

DISCOVERY = "/.well-known/openid-configuration"
KEYS = "/keys.json"
AUDIENCE = "ssh-login"

# Names of misbehaviours; see Provider.behave.
BEHAVIOURS = (
    "ok", "html", "404", "410", "500", "503", "hang", "slow", "drip",
    "redirect", "broken", "other-issuer", "empty", "huge", "close",
    "no-keys", "http-jwks-uri",
)


class Request:
    """One request that came: what ("discovery", "keys", "other"), path,
    headers, client address, time."""

    def __init__(self, what, path, headers, client=None):
        self.what = what
        self.path = path
        self.headers = {name.lower(): value for name, value in headers}
        self.client = client
        self.time = time.monotonic()


class Provider:
    """A provider in a thread; leaves nothing behind when the block ends."""

    def __init__(self, kind="ES256", authority=None, key=None, path="",
                 tls=None, listening=None):
        self.kind = kind
        self.authority = authority or tokens.shared_authority()
        self.keys = [key or tokens.make_key(kind, "k1")]
        self.path = path                # the issuer's path, for example /realm
        self.name = "127.0.0.1"         # how URLs name this machine
        self.audience = AUDIENCE
        self.cache_control = "max-age=900"
        self.etag = None                # set: sent, and answered with 304
        self.slow_seconds = 2
        self.headers = []               # (name, value) beside the key set
        self.members = {}               # other members of discovery; None: out
        self.aliases = {}               # path without query: what it is
        self.scripts = {}               # what: function of the handler
        self._tls = tls                 # function of the TLS context
        self._listening = listening     # a socket, or None: made here
        self.requests = []
        self._behaviour = {"discovery": "ok", "keys": "ok"}
        self._stop = threading.Event()
        self._server = None
        self._thread = None

    def __enter__(self):
        self._server = _Server(self, self._tls, self._listening)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Stops listening and releases every hanging answer."""
        self._stop.set()
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join(5)
            self._server.server_close()
            self._thread = None

    @property
    def stopping(self):
        """Set once the provider ends; hanging answers wait for it."""
        return self._stop

    @property
    def port(self):
        return self._server.server_address[1]

    @property
    def issuer(self):
        return f"https://{self.name}:{self.port}{self.path}"

    def behave(self, what, behaviour):
        """How "discovery" or "keys" answers from now on; "ok" is the cure."""
        assert behaviour in BEHAVIOURS and what in self._behaviour
        self._behaviour[what] = behaviour

    def behaviour(self, what):
        return self._behaviour.get(what, "ok")

    def rotate(self, kid=None, keep_old=False, kind=None):
        """A new signing key; returns it."""
        key = tokens.make_key(kind or self.kind,
                              kid or f"k{len(self.keys) + 1}-{os.urandom(2).hex()}")
        self.keys = [key] + (self.keys if keep_old else [])
        return key

    def token(self, user="alice", key=None, alg=None, header=None, **members):
        """A token of this provider; see tokens.claims for the members."""
        values = {"audience": self.audience}
        values.update(members)
        alg = alg or ("EdDSA" if self.kind == "Ed448" else self.kind)
        return tokens.make_token(
            key or self.keys[0], alg,
            tokens.claims(self.issuer, user, **values), header)

    def section(self, name="corp", services="any", ca_file=None, **settings):
        """The text of an [issuer] section for this provider."""
        values = {"issuer": self.issuer, "services": services,
                  "audience": self.audience,
                  "user_claim": "preferred_username", "ca_file": ca_file}
        values.update(settings)
        return f"[issuer {name}]\n" + "".join(
            f"{key} = {value}\n" for key, value in values.items()
            if value is not None)

    def count(self, what=None):
        """How many requests came, of one kind or in all."""
        return sum(1 for r in list(self.requests)
                   if what is None or r.what == what)

    def forget(self):
        """Begins counting anew."""
        self.requests.clear()


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, provider, tls, listening):
        self.provider = provider
        super().__init__(("127.0.0.1", 0), _Handler, listening is None)
        if listening is not None:
            self.socket.close()
            self.socket = listening
            self.server_address = listening.getsockname()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(provider.authority.server_cert,
                                provider.authority.server_key)
        if tls is not None:
            tls(context)
        # The handshake is made in the request's own thread: one silent
        # client must not stop the others.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        """Clients may go away at any time."""


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def log_message(self, *_):
        """Silent: tests count requests instead."""

    def do_POST(self):
        """A form; scripts find what was sent in handler.form."""
        size = int(self.headers.get("Content-Length", "0"))
        self.form = urllib.parse.parse_qs(self.rfile.read(size).decode())
        self.do_GET()

    def do_GET(self):
        provider = self.server.provider
        what = {provider.path + DISCOVERY: "discovery",
                KEYS: "keys", **provider.aliases}.get(
                    self.path.partition("?")[0], "other")
        provider.requests.append(Request(what, self.path,
                                         self.headers.items(),
                                         self.client_address[0]))
        if what == "other":
            self.answer(404, b"not here\n", "text/plain")
            return
        if what in provider.scripts:
            provider.scripts[what](self)
            return
        behaviour = provider.behaviour(what)
        if behaviour == "hang":
            provider.stopping.wait(60)
            self.close_connection = True
            return
        if behaviour == "close":
            self.close_connection = True
            return
        if behaviour == "slow":
            provider.stopping.wait(provider.slow_seconds)
        if behaviour in ("404", "410", "500", "503"):
            self.answer(int(behaviour), b"no\n", "text/plain",
                        {"Retry-After": "1"} if behaviour == "503" else None)
        elif behaviour == "html":
            self.answer(200, b"<!DOCTYPE html><title>Sign in</title>"
                        b"<p>Welcome to the hotel\n", "text/html")
        elif behaviour == "redirect":
            self.answer(302, b"", "text/plain",
                        {"Location": provider.issuer + "/elsewhere"})
        elif behaviour == "broken":
            self.answer(200, self.document(what)[:-2])
        elif behaviour == "huge":
            self.answer(200, b'{"keys":[' + b" " * (4 << 20) + b"]}")
        elif behaviour == "empty":
            self.answer(200, b'{"keys":[]}' if what == "keys" else b"{}")
        elif behaviour == "no-keys":
            self.answer(200, b'{"keys":[{"kty":"oct","kid":"x"}]}')
        elif behaviour == "drip":
            self.drip(self.document(what))
        else:
            self.document_answer(what)

    def document(self, what):
        """The bytes of discovery or key set, as the behaviour wants them."""
        provider = self.server.provider
        if what == "keys":
            return json.dumps(tokens.key_set(*provider.keys)).encode()
        other = provider.behaviour(what)
        scheme = "http" if other == "http-jwks-uri" else "https"
        issuer = provider.issuer
        members = {
            "issuer": issuer + "/other" if other == "other-issuer" else issuer,
            "jwks_uri": f"{scheme}://{provider.name}:{provider.port}{KEYS}",
            "authorization_endpoint": issuer + "/authorize",
            "token_endpoint": issuer + "/token",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            **provider.members,
        }
        return json.dumps({name: value for name, value in members.items()
                           if value is not None}).encode()

    def document_answer(self, what):
        provider = self.server.provider
        extra = []
        if provider.cache_control is not None:
            extra.append(("Cache-Control", provider.cache_control))
        if what == "keys":
            extra += provider.headers
        if provider.etag is not None and what == "keys":
            extra.append(("ETag", provider.etag))
            if self.headers.get("If-None-Match") == provider.etag:
                self.send_response(304)
                for name, value in extra:
                    self.send_header(name, value)
                self.end_headers()
                return
        self.answer(200, self.document(what), "application/json", extra)

    def answer(self, code, body, kind="application/json", extra=None):
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (extra.items() if isinstance(extra, dict)
                            else extra or ()):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, body):
        """One byte a second: always alive, never done."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for i in range(len(body)):
            self.wfile.write(body[i:i + 1])
            self.wfile.flush()
            if self.server.provider.stopping.wait(1):
                break


# --- the program --------------------------------------------------------------

def _put(folder, name, text, mode=0o644):
    """Writes a file that appears complete."""
    path = os.path.join(folder, name)
    fd = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(fd, "w") as file:
        file.write(text)
    os.rename(path + ".new", path)


def serve(folder):
    parent = os.getppid()
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
    done_read, done_write = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: os.write(done_write, b"x"))

    os.makedirs(folder, mode=0o755, exist_ok=True)
    private = os.path.join(folder, "private")
    os.makedirs(private, mode=0o700, exist_ok=True)
    authority = tokens.Authority(private)
    with Provider("EdDSA", authority) as provider:
        _put(private, "key.json", provider.keys[0].export(), 0o600)
        _put(folder, "ca.pem", authority.ca_text())
        _put(folder, "port", f"{provider.port}\n")
        _put(folder, "issuer", provider.issuer + "\n")
        watched = [done_read]
        if stat.S_ISFIFO(os.fstat(0).st_mode):
            watched.append(0)
        while os.getppid() == parent:
            ready, _, _ = select.select(watched, [], [], 5)
            if done_read in ready or (0 in ready and not os.read(0, 4096)):
                break
    return 0


def print_token(args):
    with open(os.path.join(args.dir, "private", "key.json"),
              encoding="utf-8") as file:
        key = jwk.JWK(**json.load(file))
    with open(os.path.join(args.dir, "issuer"), encoding="utf-8") as file:
        issuer = file.read().strip()
    members = {"padding": "x" * args.padding} if args.padding else {}
    print(tokens.make_token(key, "EdDSA", tokens.claims(
        issuer, args.user, args.audience, args.expires_in, **members)))
    return 0


def main(argv):
    parser = argparse.ArgumentParser(description="a provider for tests")
    if argv[:1] == ["token"]:
        parser.add_argument("--dir", required=True)
        parser.add_argument("--user", required=True)
        parser.add_argument("--expires-in", type=int, default=300)
        parser.add_argument("--audience", default=AUDIENCE)
        parser.add_argument("--padding", type=int, default=0)
        return print_token(parser.parse_args(argv[1:]))
    parser.add_argument("--dir", required=True)
    return serve(parser.parse_args(argv).dir)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
