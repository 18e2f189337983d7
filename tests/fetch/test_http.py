"""HTTP and discovery as real providers do them, and as bad ones do: what is
asked, what is kept, and for how long."""

import datetime
import email.utils
import gzip
import json
import re
import socket
import ssl
import subprocess
import threading
import time

import pytest
from cryptography import x509

import tokens
from fetching import CA, Machine
from provider import Provider

LIMIT = 512 * 1024


@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


@pytest.fixture(name="machine")
def fixture_machine(host, provider):
    return Machine(host, provider)


def http_date(offset):
    return email.utils.formatdate(time.time() + offset, usegmt=True)


def raw(*parts, pause=0, times=1):
    """A script that sends these bytes and closes; the last part repeatedly."""
    def send(handler):
        handler.close_connection = True
        for part in parts[:-1]:
            handler.wfile.write(part)
        for _ in range(times):
            handler.wfile.write(parts[-1])
            if pause and handler.server.provider.stopping.wait(pause):
                break
    return send


def answer(code, body=b"", kind="application/json", headers=()):
    """A script: one whole answer."""
    return lambda handler: handler.answer(code, body, kind, list(headers))


def document(provider):
    """The key set's bytes."""
    return json.dumps(tokens.key_set(*provider.keys)).encode()


# --- how long keys live -------------------------------------------------------

LIFETIMES = [
    ("max-age=1000", [], 1000),
    ("public, max-age=1000, must-revalidate, no-transform", [], 1000),
    ("max-age=15", [], 300),
    ("max-age=0", [], 300),
    ("max-age=-5", [], 300),
    ("max-age=9223372036854775808", [], 3600),
    ("max-age=3293198", [], 3600),
    ("max-age=soon", [], 300),
    ("no-store", [], 300),
    ("max-age=1000, no-cache", [], 300),
    ("private", [], 900),
    (None, [], 900),
    ("max-age=1000", [("Age", "400")], 600),
    ("max-age=1000", [("Age", "5000")], 300),
    ("max-age=1000", [("Age", "-5")], 1000),
    ("max-age=2000", [("Cache-Control", "max-age=700")], 700),
    ("max-age=700", [("Cache-Control", "max-age=2000")], 700),
    ("max-age=1000", [("Expires", "0")], 1000),
    (None, [("Expires", "0")], 300),
    (None, [("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")], 300),
]


@pytest.mark.parametrize("cache_control,headers,ttl", LIFETIMES)
def test_lifetime(machine, provider, cache_control, headers, ttl):
    """The stored ttl, and a refresh between 0.75 and 0.95 of it."""
    provider.cache_control = cache_control
    provider.headers = headers
    told = machine.ask()
    assert (told["ttl"], told["state"]) == (ttl, "fresh")
    assert 0.75 * ttl <= told["due"] <= 0.95 * ttl
    assert machine.asked() == (1, 1, 0)


@pytest.mark.parametrize("after,ttl", [(1200, 1200), (100, 300),
                                       (99999, 3600)])
def test_expires(machine, provider, after, ttl):
    """Without max-age Expires counts, against the provider's own Date."""
    provider.cache_control = None
    provider.headers = [("Expires", http_date(after))]
    assert machine.ask()["ttl"] in (ttl, ttl - 1, ttl + 1)


def test_a_provider_whose_clock_is_wrong(machine, provider):
    """An Expires of another year means what Date makes of it."""
    provider.scripts["keys"] = raw(
        b"HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        b"Expires: Sun, 06 Nov 1994 09:19:37 GMT\r\nConnection: close\r\n"
        b"\r\n" + document(provider))
    assert machine.ask()["ttl"] == 1800
    assert int(machine.state()["provider_date"]) == 784111777


def test_date_and_certificate_are_noted(machine, provider):
    """For check: the provider's clock, ours then, its certificate's end."""
    machine.ask()
    state = machine.state()
    assert abs(int(state["provider_date"]) - time.time()) < 30
    assert abs(int(state["date_seen"]) - time.time()) < 30
    with open(provider.authority.server_cert, "rb") as file:
        certificate = x509.load_pem_x509_certificate(file.read())
    assert int(state["cert_expires"]) == int(
        certificate.not_valid_after.replace(
            tzinfo=datetime.timezone.utc).timestamp())


def test_the_first_end_in_the_chain(host, tmp_path):
    """An authority in between may end before the server's own certificate; one
    that is sent for old clients has ended already."""
    made = authority(tmp_path)
    for name, days in (("ended", -0.5), ("soon", 5), ("later", 60)):
        (tmp_path / name).mkdir()
        other = authority(tmp_path / name, days=days)
        with open(other.server_cert, encoding="ascii") as file, \
                open(made.server_cert, "a", encoding="ascii") as chain:
            chain.write(file.read())
    with Provider("EdDSA", made) as provider:
        machine = Machine(host, provider)
        machine.ask()
        days = (int(machine.state()["cert_expires"]) - time.time()) / 86400
    assert 4.9 < days < 5.1


# --- validators ----------------------------------------------------------------

@pytest.mark.parametrize("etag", ['"v1"', 'W/"v1"', '"' + "x" * 500 + '"'])
def test_etag(machine, provider, etag):
    """The second request is conditional; a 304 keeps the keys, and brings a
    lifetime of its own."""
    provider.etag = etag
    provider.cache_control = "max-age=1000"
    assert machine.ask()["ttl"] == 1000
    before = machine.data()
    provider.cache_control = "max-age=2000"
    status, words = machine.fetch()
    assert status == "ok" and words.startswith("the same keys"), words
    assert "if-none-match" not in provider.requests[1].headers
    assert provider.requests[2].what == "keys"
    assert provider.requests[2].headers["if-none-match"] == etag
    assert machine.keys()["ttl"] == 2000
    after = machine.data()
    assert after["etag"] == before["etag"] == etag
    assert (after["body"], after["full"]) == (before["body"], before["full"])
    assert machine.asked() == (1, 2, 0)


def test_last_modified(machine, provider):
    """The same with Last-Modified alone."""
    moment = "Sun, 06 Nov 1994 08:49:37 GMT"
    provider.headers = [("Last-Modified", moment)]
    machine.ask()
    provider.scripts["keys"] = answer(304)
    status, words = machine.fetch()
    assert status == "ok" and words.startswith("the same keys"), words
    assert provider.requests[-1].headers["if-modified-since"] == moment
    assert machine.data()["last_modified"] == moment
    assert machine.asked() == (1, 2, 0)


def test_304_without_a_copy(machine, provider):
    """A 304 to an unconditional request is a failure."""
    provider.scripts["keys"] = answer(304)
    status, words = machine.fetch()
    assert (status, words) == (
        "fetch_failed", f"GET {provider.issuer}/keys.json: HTTP 304, though it "
        "was not asked for")
    assert machine.data() is None
    assert machine.asked() == (1, 1, 0)


def test_304_without_validators(machine, provider):
    """Nor does it stand for a copy that came without validators."""
    machine.ask()
    before = machine.data()
    provider.scripts["keys"] = answer(304)
    status, words = machine.fetch()
    assert status == "fetch_failed" and "HTTP 304, though" in words
    assert machine.data() == before


def test_304_for_discovery(machine, provider):
    """Discovery is never asked conditionally."""
    provider.scripts["discovery"] = answer(304)
    status, words = machine.fetch()
    assert (status, words) == (
        "fetch_failed", f"GET {provider.issuer}/.well-known/"
        "openid-configuration: HTTP 304")
    assert machine.asked() == (1, 0, 0)


def test_one_unconditional_get_a_day(machine, provider):
    """A day after the last whole answer validators are left out once."""
    provider.etag = '"v1"'
    machine.ask()
    wall, boot, boot_id = machine.data()["full"].split()
    machine.rewrite(full=f"full {int(wall) - 86401} {boot} {boot_id}")
    machine.ask()
    assert "if-none-match" not in provider.requests[-1].headers
    machine.ask()
    assert provider.requests[-1].headers["if-none-match"] == '"v1"'
    assert machine.asked() == (1, 3, 0)


def move(machine, provider):
    """The keys move, and the place that is known of old is too old."""
    provider.etag = '"v1"'
    machine.ask()
    provider.aliases = {"/moved.json": "keys"}
    provider.members = {"jwks_uri": provider.issuer + "/moved.json"}
    wall, boot, boot_id = machine.data()["discovered"].split()
    machine.rewrite(discovered=f"discovered {int(wall) - 90000} {boot} "
                    f"{boot_id}")


def test_validators_belong_to_their_url(machine, provider):
    """When the keys move, the old URL's validators are not sent to the new."""
    move(machine, provider)
    machine.ask()
    assert provider.requests[-1].path == "/moved.json"
    assert "if-none-match" not in provider.requests[-1].headers


def test_304_of_another_place(machine, provider):
    """Nor does a 304 of the new place stand for the old place's keys."""
    move(machine, provider)
    before = machine.data()
    provider.scripts["keys"] = answer(304)
    status, words = machine.fetch()
    assert status == "fetch_failed"
    assert words.startswith(f"GET {provider.issuer}/moved.json: HTTP 304, "
                            "though"), words
    assert machine.data() == before


# --- refusals of the provider ----------------------------------------------------

RETRY_AFTER = [
    # value, pause with usable keys at hand, and without: seconds or a range
    ("120", (120, 121), (60, 61)),
    ("5", (22, 31), (5, 6)),
    ("0", (22, 31), (1, 3)),
    ("soon", (22, 31), (1, 3)),
    ("-1", (22, 31), (1, 3)),
    ("1000000000", (3600, 3601), (60, 61)),
    ("99999999999999999999", (3600, 3601), (60, 61)),
    ("DATE 200", (195, 202), (60, 61)),
    ("DATE -200", (22, 31), (1, 3)),
]


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("value,with_keys,without", RETRY_AFTER)
def test_retry_after(machine, provider, value, with_keys, without, warm):
    """429: nobody asks again before the pause is over, which has a limit."""
    if value.startswith("DATE"):
        value = http_date(int(value.split()[1]))
    if warm:
        machine.ask()
    provider.forget()
    provider.scripts["keys"] = answer(429, b"slow down", "text/plain",
                                      [("Retry-After", value)])
    status, words = machine.fetch()
    assert (status, words) == (
        "fetch_failed", f"GET {provider.issuer}/keys.json: HTTP 429")
    low, high = with_keys if warm else without
    assert low <= machine.pause() <= high, machine.state()
    status, words = machine.fetch(cause="stale" if warm else "cold")
    if machine.pause() > 3:
        assert status == ("ok" if warm else "fetch_held_back"), words
        assert machine.asked()[1] == 1


@pytest.mark.parametrize("what", ["discovery", "keys"])
@pytest.mark.parametrize("to", ["https", "http", "file", "itself"])
@pytest.mark.parametrize("code", [301, 308])
def test_redirects_are_not_followed(machine, provider, what, to, code):
    """Wherever they lead: to the same document elsewhere, to http, to a file,
    to itself."""
    with Provider("EdDSA", key=provider.keys[0]) as other, \
            socket.socket() as plain:
        plain.bind(("127.0.0.1", 0))
        plain.listen(1)
        plain.settimeout(0)
        place = {"https": other.issuer + "/keys.json",
                 "http": f"http://127.0.0.1:{plain.getsockname()[1]}/",
                 "file": "file:///etc/passwd",
                 "itself": provider.issuer + "/keys.json"}[to]
        provider.scripts[what] = answer(code, document(provider),
                                        headers=[("Location", place)])
        status, words = machine.fetch()
        path = "/keys.json" if what == "keys" \
            else "/.well-known/openid-configuration"
        assert (status, words) == (
            "fetch_failed", f"GET {provider.issuer}{path}: HTTP {code}; "
            "redirects are not followed, configure the final URL")
        assert machine.asked() == ((1, 1, 0) if what == "keys" else (1, 0, 0))
        assert other.count() == 0
        with pytest.raises(BlockingIOError):
            plain.accept()
    assert machine.data() is None


@pytest.mark.parametrize("code", [201, 204, 206, 400, 401, 403, 404, 407, 410,
                                  418, 500, 502, 503, 999])
def test_only_200_counts(machine, provider, code):
    """A good key set with any other status is none, and the old keys stay."""
    machine.ask()
    before = machine.data()
    provider.forget()
    provider.scripts["keys"] = answer(
        code, b"" if code == 204 else document(provider), headers=[
            ("WWW-Authenticate", "Basic realm=x")])
    status, words = machine.fetch()
    assert status == "fetch_failed", words
    assert f"HTTP {code}" in words
    assert machine.data() == before
    # What went away is looked for once more.
    assert machine.asked() == ((1, 2, 0) if code in (404, 410) else (0, 1, 0))
    assert all("authorization" not in request.headers
               for request in provider.requests)
    assert f"last attempt 0 s ago: fetch_failed: {words}" in \
        re.sub(r"attempt \d+ s", "attempt 0 s", machine.keys()["text"])


# --- bodies ----------------------------------------------------------------------

def test_the_content_type_does_not_matter(machine, provider):
    """JSON as text/html, which a large provider sends."""
    provider.scripts["keys"] = answer(200, document(provider), "text/html")
    machine.ask()
    provider.scripts["keys"] = raw(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + document(provider))
    machine.ask()


@pytest.mark.parametrize("what,status", [("keys", "keyset_invalid"),
                                         ("discovery", "discovery_invalid")])
@pytest.mark.parametrize("body", [
    b"<!DOCTYPE html><title>Sign in</title>", b"", b"{}", b"[]", b"null",
    b'{"keys":[]', b'{"keys":{}}', b"\0", b"\xff\xfe{}",
    b'{"issuer":"x","keys":[]}x'])
def test_200_with_something_else(machine, provider, what, status, body):
    """200 with something that is no such document is a failure."""
    provider.scripts[what] = answer(200, body, "text/html")
    said, words = machine.fetch()
    path = "/keys.json" if what == "keys" \
        else "/.well-known/openid-configuration"
    if (what, body[:9]) == ("discovery", b'{"issuer"'):
        status = "discovery_invalid"
    assert said == status, words
    assert words.startswith(f"GET {provider.issuer}{path}: "), words
    assert machine.data() is None
    assert machine.asked() == ((1, 1, 0) if what == "keys" else (1, 0, 0))


def padded(provider, length):
    body = document(provider)
    return body[:-1] + b" " * (length - len(body)) + body[-1:]


def test_the_largest_body(machine, provider):
    """512 KiB are taken, one byte more is not."""
    provider.scripts["keys"] = answer(200, padded(provider, LIMIT))
    machine.ask()
    before = machine.data()
    assert before["body"] == str(LIMIT)
    provider.scripts["keys"] = answer(200, padded(provider, LIMIT + 1))
    status, words = machine.fetch()
    assert (status, words) == (
        "fetch_failed", f"GET {provider.issuer}/keys.json: the answer's body "
        "is too long")
    assert machine.data() == before


def test_gzip(machine, provider):
    """A compressed body is taken; what grows too large is not."""
    packed = [("Content-Encoding", "gzip")]
    provider.scripts["keys"] = answer(
        200, gzip.compress(padded(provider, LIMIT)), headers=packed)
    machine.ask()
    assert machine.data()["body"] == str(LIMIT)
    bomb = gzip.compress(b" " * (64 << 20))
    assert len(bomb) < LIMIT
    for _ in range(2):
        provider.scripts["keys"] = answer(200, bomb, headers=packed)
        status, words = machine.fetch()
        assert (status, words) == (
            "fetch_failed", f"GET {provider.issuer}/keys.json: the answer's "
            "body is too long")
        bomb = gzip.compress(bomb)
        packed = [("Content-Encoding", "gzip, gzip")]
    provider.scripts["keys"] = answer(
        200, b"\x1f\x8b garbage", headers=[("Content-Encoding", "gzip")])
    status, words = machine.fetch()
    assert status == "fetch_failed", words


def chunked(body, size):
    parts = [body[i:i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part)
                    for part in parts) + b"0\r\n\r\n"


WELL_FORMED = {
    "http-1.0": lambda body: b"HTTP/1.0 200 OK\r\n\r\n" + body,
    "no reason phrase": lambda body:
        b"HTTP/1.1 200\r\nConnection: close\r\n\r\n" + body,
    "chunked": lambda body:
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunked(body, 7),
    "100 first": lambda body:
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body) + body,
    "103 first": lambda body:
        b"HTTP/1.1 103 Early Hints\r\nCache-Control: max-age=1\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
}


@pytest.mark.parametrize("form", list(WELL_FORMED))
def test_forms_of_an_answer(machine, provider, form):
    """Forms that real providers use."""
    provider.scripts["keys"] = raw(WELL_FORMED[form](document(provider)))
    assert machine.ask()["ttl"] == 900


MALFORMED = {
    "cut off": lambda body:
        b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n" + body,
    "cut off chunk": lambda body:
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunked(body, 7)[:-5],
    "bad chunk": lambda body:
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n" + body,
    "no status line": lambda body: body,
    "nothing": lambda body: b"",
    "status 042": lambda body:
        b"HTTP/1.1 042 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body,
    "status -200": lambda body:
        b"HTTP/1.1 -200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
        + body,
    "not http": lambda body: b"SSH-2.0-x\r\n",
    "headers only": lambda body: b"HTTP/1.1 200 OK\r\nContent-Type: a",
    "a NUL": lambda body:
        b"HTTP/1.1 200 OK\r\nETag: \"a\0b\"\r\nContent-Length: 3\r\n\r\nabc",
}


@pytest.mark.parametrize("form", list(MALFORMED))
def test_malformed_answers(machine, provider, form):
    """A failure, and the old keys stay."""
    machine.ask()
    before = machine.data()
    provider.forget()
    provider.scripts["keys"] = raw(MALFORMED[form](document(provider)))
    status, words = machine.fetch()
    assert status in ("fetch_failed", "keyset_invalid"), words
    assert words.startswith(f"GET {provider.issuer}/keys.json: "), words
    assert machine.data() == before
    assert machine.asked()[0] == 0


def test_header_fields_are_no_way_in(machine, provider):
    """Control characters and lines in validators do not reach files."""
    provider.scripts["keys"] = raw(
        b"HTTP/1.1 200 OK\r\nETag: \"a\x01b\"\r\nLast-Modified: a\x0bb\r\n"
        b"Set-Cookie: a=b\r\nStrict-Transport-Security: max-age=9\r\n"
        b"Alt-Svc: h3=\":1\"\r\nConnection: close\r\n\r\n"
        + document(provider))
    machine.ask()
    assert "etag" not in machine.data()
    assert "last_modified" not in machine.data()


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize("script", [
    raw(HEAD, b"X-Pad: 1\r\n", times=100000),
    raw(HEAD, b"X-Pad: " + b"x" * 8000 + b"\r\n", times=1000),
    raw(HEAD + b"X-Pad: ", b"x" * 10000, times=1000),
    raw(HEAD, b"Set-Cookie: a\r\n", times=100000),
    raw(b"HTTP/1.1 100 Continue\r\n\r\n", times=100000),
], ids=["lines", "bytes", "one line", "cookies", "interim answers"])
def test_endless_headers(machine, provider, script):
    """A header without end is cut."""
    provider.scripts["keys"] = script
    begin = time.monotonic()
    status, words = machine.fetch()
    assert status == "fetch_failed"
    assert words in (
        f"GET {provider.issuer}/keys.json: the answer's header is too long",
        f"GET {provider.issuer}/keys.json: a header line is too long, or "
        "there is no memory",
        f"GET {provider.issuer}/keys.json: Too large response headers",
    ), words
    assert time.monotonic() - begin < 5
    assert machine.data() is None


@pytest.mark.parametrize("count,status", [(200, "ok"), (300, "fetch_failed")])
def test_many_header_fields(machine, provider, count, status):
    """256 lines are the limit, however short they are."""
    provider.headers = [(f"X-{number}", "") for number in range(count)]
    said, words = machine.fetch()
    assert said == status, words
    assert (status == "ok") != ("the answer's header is too long" in words)


SLOW = {
    "one byte a second": raw(HEAD + b"Content-Length: 999\r\n\r\n", b" ",
                             pause=1, times=99),
    "headers": raw(HEAD, b"X: 1\r\n", pause=1, times=99),
    "nothing": lambda handler: handler.server.provider.stopping.wait(60),
}


@pytest.mark.parametrize("how", list(SLOW))
@pytest.mark.parametrize("what", ["discovery", "keys"])
def test_slow_answers(machine, provider, how, what):
    """request_timeout ends an answer that is alive and never done."""
    machine.configure({"request_timeout": "1s"})
    provider.scripts[what] = SLOW[how]
    begin = time.monotonic()
    status, words = machine.fetch()
    assert status == "fetch_timeout", words
    assert words.startswith(f"GET {provider.issuer}/"), words
    assert time.monotonic() - begin < 6
    assert machine.data() is None
    assert machine.host.processes() == []


# --- TLS --------------------------------------------------------------------------

def authority(tmp_path, **options):
    folder = tmp_path / "authority"
    folder.mkdir()
    return tokens.Authority(str(folder), **options)


def refused(host, provider, ca, words_of):
    """A fetch that ends in the handshake."""
    machine = Machine(host, provider)
    host.write(CA, ca)
    status, words = machine.fetch()
    assert status == "fetch_failed"
    assert words.startswith(
        f"GET {provider.issuer}/.well-known/openid-configuration: "), words
    assert re.search(words_of, words), words
    assert provider.count() == 0
    assert machine.data() is None


def test_another_ca(host, provider, tmp_path):
    """A certificate of another authority than ca_file's."""
    refused(host, provider, authority(tmp_path).ca_text(),
            "certificate verify failed: ")


def test_the_systems_ca_is_another(machine, provider):
    """Without ca_file the system's authorities count."""
    machine.configure(ca_file=None)
    status, words = machine.fetch()
    assert status == "fetch_failed"
    assert "certificate verify failed: " in words
    assert provider.count() == 0


def test_the_systems_ca(machine, provider, tmp_path):
    """The system's bundle is read by the confined worker; a ca_file takes its
    place, and is not added to it."""
    certs = "/etc/ssl/certs"
    bundle = machine.host.read(certs + "/ca-certificates.crt")
    machine.host.write(certs + "/ca-certificates.crt",
                       provider.authority.ca_text())
    machine.configure(ca_file=None)
    machine.ask()
    # Its folder as well, where the name is a digest.
    digest = subprocess.run(
        ["openssl", "x509", "-noout", "-subject_hash", "-in",
         provider.authority.ca], check=True, capture_output=True,
        text=True).stdout.strip()
    machine.host.write(certs + "/ca-certificates.crt", bundle)
    machine.host.write(f"{certs}/{digest}.0", provider.authority.ca_text())
    machine.ask()
    machine.host.write(CA, authority(tmp_path).ca_text())
    machine.configure()
    status, words = machine.fetch()
    machine.host.remove(f"{certs}/{digest}.0")
    assert status == "fetch_failed"
    assert "certificate verify failed: " in words


def test_a_ca_file_of_several(machine, provider, tmp_path):
    """Among several certificates the right one counts."""
    machine.host.write(CA, authority(tmp_path).ca_text()
                       + provider.authority.ca_text())
    machine.ask()


@pytest.mark.parametrize("text", ["", "garbage\n",
                                  "-----BEGIN CERTIFICATE-----\nAAAA\n"
                                  "-----END CERTIFICATE-----\n"])
def test_a_ca_file_of_nothing(machine, provider, text):
    """It does not stand for the system's, and the words name it."""
    bundle = "/etc/ssl/certs/ca-certificates.crt"
    before = machine.host.read(bundle)
    machine.host.write(bundle, provider.authority.ca_text())
    machine.host.write(CA, text)
    status, words = machine.fetch()
    machine.host.write(bundle, before)
    assert status == "fetch_failed"
    assert "ca_file" in words, words
    assert provider.count() == 0


def test_another_name(host, tmp_path):
    """A certificate for another name."""
    made = authority(tmp_path, names=("other.test", "127.0.0.2"))
    with Provider("EdDSA", made) as provider:
        refused(host, provider, made.ca_text(),
                "certificate verify failed: .*(127.0.0.1|match)")


def test_an_expired_certificate(host, tmp_path):
    """A certificate of yesterday."""
    made = authority(tmp_path, days=-0.5)
    with Provider("EdDSA", made) as provider:
        refused(host, provider, made.ca_text(),
                "certificate verify failed: .*expired")


@pytest.mark.parametrize("version", ["TLSv1", "TLSv1_1"])
def test_old_tls(host, version):
    """A server that speaks nothing newer than TLS 1.1, on a machine whose
    OpenSSL would take it."""
    def old(context):
        context.set_ciphers("ALL@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = getattr(ssl.TLSVersion, version)

    with Provider("EdDSA", tls=old) as provider:
        client = ssl.create_default_context(cafile=provider.authority.ca)
        client.set_ciphers("ALL@SECLEVEL=0")
        client.minimum_version = ssl.TLSVersion.TLSv1
        with socket.create_connection(("127.0.0.1", provider.port)) as sock, \
                client.wrap_socket(sock, server_hostname="127.0.0.1") as tls:
            assert tls.version() in ("TLSv1", "TLSv1.1")
        settings = host.read("/etc/ssl/openssl.cnf")
        host.write("/etc/ssl/openssl.cnf",
                   "openssl_conf = a\n[a]\nssl_conf = b\n[b]\n"
                   "system_default = c\n[c]\nMinProtocol = TLSv1\n"
                   "CipherString = ALL:@SECLEVEL=0\n")
        try:
            refused(host, provider, provider.authority.ca_text(), "TLS: ")
        finally:
            host.write("/etc/ssl/openssl.cnf", settings)


def test_tls_1_2(host):
    """TLS 1.2 will do."""
    def older(context):
        context.maximum_version = ssl.TLSVersion.TLSv1_2

    with Provider("EdDSA", tls=older) as provider:
        Machine(host, provider).ask()


def test_no_tls_at_all(host, provider):
    """Plain HTTP on the port: no answer is taken from it."""
    with socket.create_server(("127.0.0.1", 0)) as plain:
        machine = Machine(host, provider)
        machine.configure(jwks_uri=f"https://127.0.0.1:"
                          f"{plain.getsockname()[1]}/keys.json")

        def serve():
            peer, _ = plain.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + document(provider))
        thread = threading.Thread(target=serve)
        thread.start()
        status, words = machine.fetch()
        thread.join()
    assert status == "fetch_failed" and "TLS: " in words, words


# --- discovery ----------------------------------------------------------------------

@pytest.mark.parametrize("path", ["", "/", "/realms/corp", "/realms/corp/",
                                  "/tenant/v2.0"])
def test_issuers(host, path):
    """Issuers with a path or a trailing slash, byte for byte."""
    with Provider("EdDSA", path=path.rstrip("/")) as provider:
        issuer = f"https://127.0.0.1:{provider.port}{path}"
        provider.members = {"issuer": issuer}
        machine = Machine(host, provider)
        machine.configure(issuer=issuer)
        machine.ask()
        assert provider.requests[0].path == \
            path.rstrip("/") + "/.well-known/openid-configuration"
        assert machine.asked() == (1, 1, 0)
        other = issuer[:-1] if issuer.endswith("/") else issuer + "/"
        machine.configure(issuer=other)
        status, words = machine.fetch()
        assert status == "discovery_issuer_differs", words
        assert f"says issuer '{issuer}', the configuration '{other}'" in words


def test_the_default_port(host, tmp_path):
    """443 is not named, neither in the URL nor in the Host field; an issuer
    that names it is another one."""
    name = "127." + ".".join(str(byte) for byte in
                             (time.time_ns() >> 10 & 0xffffff | 1)
                             .to_bytes(3, "big"))
    made = authority(tmp_path, names=(name,))
    with Provider("EdDSA", made, listening=listen((name, 443))) as provider:
        provider.members = {"issuer": f"https://{name}",
                            "jwks_uri": f"https://{name}/keys.json"}
        machine = Machine(host, provider)
        machine.configure(issuer=f"https://{name}")
        machine.ask()
        assert [request.headers["host"] for request in provider.requests] == \
            [name, name]
        machine.configure(issuer=f"https://{name}:443")
        status, words = machine.fetch()
        assert status == "discovery_issuer_differs", words


def listen(address, family=socket.AF_INET, backlog=64):
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(address)
    listening.listen(backlog)
    return listening


FOREIGN = ["https://evil.test", "https://127.0.0.1", "", "HTTPS://127.0.0.1",
           None, 5, ["x"]]


@pytest.mark.parametrize("issuer", FOREIGN)
def test_a_foreign_issuer(machine, provider, issuer):
    """A document of somebody else: its keys are not even asked for."""
    provider.members = {"issuer": issuer}
    status, words = machine.fetch()
    assert status == ("discovery_issuer_differs" if isinstance(issuer, str)
                      else "discovery_invalid"), words
    assert machine.asked() == (1, 0, 0)
    assert machine.data() is None
    assert machine.fetch()[0] == status
    assert machine.asked() == (2, 0, 0)


@pytest.mark.parametrize("uri", [
    None, 5, "", "/keys.json", "http://HOST/keys.json",
    "https://user:secret@HOST/keys.json", "https://user@HOST/keys.json",
    "https://HOST/keys.json#x", "file:///etc/passwd", "https://HOST/a b",
    "https://HOST/\\keys.json", "ftp://HOST/keys.json", "https://",
    "https://HOST/" + "x" * 2100])
def test_a_jwks_uri_that_is_none(machine, provider, uri):
    """Missing, not https, with user info and so on: nothing is asked there."""
    if isinstance(uri, str):
        uri = uri.replace("HOST", f"127.0.0.1:{provider.port}")
    provider.members = {"jwks_uri": uri}
    status, words = machine.fetch()
    assert status == "discovery_invalid", words
    assert "jwks_uri" in words
    assert machine.asked() == (1, 0, 0)
    assert machine.data() is None


def test_keys_at_another_port(machine, provider):
    """The keys may be somewhere else, even where the first worker may not
    connect to; validators go there as well."""
    with Provider("EdDSA", key=provider.keys[0]) as other:
        other.etag = '"v1"'
        provider.members = {"jwks_uri": other.issuer + "/keys.json"}
        told = machine.ask()
        assert told["uri"] == other.issuer + "/keys.json"
        assert machine.asked() == (1, 0, 0)
        assert (other.count("keys"), other.count()) == (1, 1)
        wall, boot, boot_id = machine.data()["discovered"].split()
        machine.rewrite(discovered=f"discovered {int(wall) - 90000} {boot} "
                        f"{boot_id}")
        machine.ask()
        assert machine.asked() == (2, 0, 0)
        assert other.requests[-1].headers["if-none-match"] == '"v1"'
        assert other.count() == 2


@pytest.mark.parametrize("said", [["RS256"], ["none", "HS256"], [], "EdDSA",
                                  None])
def test_a_list_of_algorithms_that_is_not_true(machine, provider, said):
    """Discovery's list is not used: keys of another algorithm log in."""
    provider.members = {"id_token_signing_alg_values_supported": said}
    machine.host.pam("login-test", "auth required {module}")
    report = machine.host.authenticate("login-test", "alice",
                                       provider.token("alice"))
    assert report["auth"] == "PAM_SUCCESS", machine.host.take_attempts()
    assert machine.asked() == (1, 1, 0)


# --- what is asked ------------------------------------------------------------------

def test_the_whole_request(machine, provider):
    """Exactly these fields, and none that a cookie or a challenge brought."""
    cookie = [("Set-Cookie", "a=b; Path=/"),
              ("WWW-Authenticate", "Negotiate")]
    provider.headers = cookie
    machine.ask()
    machine.ask()
    host = f"127.0.0.1:{provider.port}"
    for request in provider.requests:
        assert re.fullmatch(r"pam_jwks/\S+", request.headers["user-agent"])
        assert {name: value for name, value in request.headers.items()
                if name != "user-agent"} == {
                    "host": host, "accept": "application/json",
                    "accept-encoding": "gzip"}
    assert [request.path for request in provider.requests] == [
        "/.well-known/openid-configuration", "/keys.json", "/keys.json"]


def test_an_unknown_kid_passes_caches(machine, provider):
    """The request for an unknown key id asks for a fresh answer."""
    machine.ask()
    time.sleep(1.1)
    status, words = machine.fetch(cause="kid")
    assert status == "ok", words
    assert provider.requests[-1].headers["cache-control"] == "no-cache"
