"""The key supply as a provider sees it: what is asked, how often, by whom, and
what is left on the disk."""

import json
import os
import stat
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import tokens
from provider import Provider

SERVICE = "login-test"
CACHE = "/var/cache/pam_jwks"
STATE = "/run/pam_jwks"
CA = "/etc/security/ca.pem"


@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


@pytest.fixture(name="machine")
def fixture_machine(host, provider):
    """A host with a cold cache that trusts the provider."""
    host.write(CA, provider.authority.ca_text())
    host.config(provider.section(ca_file=CA), timeout_cold="5s",
                timeout_stale="3s")
    host.pam(SERVICE, "auth required {module}")
    return host


def log_in(host, token, user="alice"):
    """One login: the PAM code and the attempt."""
    report = host.authenticate(SERVICE, user, token)
    return report["auth"], host.take_attempt()


def accept(host, token):
    """A login that must work."""
    code, attempt = log_in(host, token)
    assert code == "PAM_SUCCESS", attempt
    assert attempt.verdict == "accepted"
    return attempt


def asked(provider):
    """Requests for (discovery, keys) so far."""
    return provider.count("discovery"), provider.count("keys")


def names(host, folder):
    return sorted(os.listdir(host.path(folder)))


# --- when the provider is asked --------------------------------------------------

def test_cold_then_warm(machine, provider):
    """The first login asks once for each document, the second not at all."""
    accept(machine, provider.token("alice"))
    assert asked(provider) == (1, 1)
    for _ in range(3):
        accept(machine, provider.token("alice"))
    assert asked(provider) == (1, 1)
    assert provider.count("other") == 0


def test_requests_tell_nothing(machine, provider):
    """Requests carry no token, cookie, credential or user."""
    answer = provider.token("alice")
    accept(machine, answer)
    for request in provider.requests:
        assert "authorization" not in request.headers
        assert "cookie" not in request.headers
        text = request.path + str(request.headers)
        assert "alice" not in text
        assert answer.split(".")[2][:20] not in text


def test_nothing_is_asked_for_a_bad_token(machine, provider):
    """What can be refused without a key is refused without a request."""
    for bad in (provider.token("alice", expires_in=-600),
                provider.token("alice", aud="another-service"),
                provider.token("alice", iss="https://other.example.test"),
                tokens.unsigned_token(tokens.claims(
                    provider.issuer, "alice", provider.audience)),
                "password", ""):
        code, _ = log_in(machine, bad)
        assert code == "PAM_AUTH_ERR"
    assert provider.count() == 0


def test_nothing_is_asked_for_a_bad_claim(machine, provider):
    """With warm keys a refusal never causes a request."""
    accept(machine, provider.token("alice"))
    provider.forget()
    for bad in (provider.token("bob"), provider.token("alice", exp="1"),
                tokens.spoil_signature(provider.token("alice"))):
        code, _ = log_in(machine, bad)
        assert code == "PAM_AUTH_ERR"
    assert provider.count() == 0


def test_rotation(machine, provider):
    """A new key of the provider works at the first login: one more request for
    the key set, none for discovery."""
    accept(machine, provider.token("alice"))
    old = provider.keys[0]
    provider.rotate()
    provider.forget()
    attempt = accept(machine, provider.token("alice"))
    assert asked(provider) == (0, 1)
    assert provider.requests[0].headers.get("cache-control") == "no-cache"
    assert attempt["kid"] == json.loads(provider.keys[0].export())["kid"]
    accept(machine, provider.token("alice"))
    assert asked(provider) == (0, 1)
    code, attempt = log_in(machine, provider.token("alice", key=old))
    assert (code, attempt["reason"]) == ("PAM_AUTH_ERR", "key_unknown")


def test_random_kids_do_not_hammer(machine, provider):
    """Anyone can send random kids: the provider is asked once, then held back,
    in this process and in all others."""
    accept(machine, provider.token("alice"))
    provider.forget()
    for number in range(12):
        code, attempt = log_in(machine, provider.token(
            "alice", header={"kid": f"random-{number}"}))
        assert (code, attempt["reason"]) == ("PAM_AUTH_ERR", "key_unknown")
    assert asked(provider) in ((0, 1), (1, 1))
    accept(machine, provider.token("alice"))


def test_random_kids_at_once(machine, provider):
    """The same with many at a time."""
    accept(machine, provider.token("alice"))
    provider.forget()
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(
            lambda number: machine.authenticate(
                SERVICE, "alice", provider.token(
                    "alice", header={"kid": f"random-{number}"})), range(16)))
    assert {r["auth"] for r in reports} == {"PAM_AUTH_ERR"}, \
        machine.take_attempts()
    assert provider.count("keys") == 1


def test_cold_and_many_at_once(machine, provider):
    """Many logins with a cold cache: one fetch serves all."""
    answer = provider.token("alice")
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(
            lambda _: machine.authenticate(SERVICE, "alice", answer),
            range(16)))
    assert [r["auth"] for r in reports] == ["PAM_SUCCESS"] * 16, \
        machine.take_attempts()
    assert asked(provider) == (1, 1)


def test_down_with_warm_cache(machine, provider):
    """Fresh keys serve without the provider."""
    accept(machine, provider.token("alice"))
    for what in ("discovery", "keys"):
        provider.behave(what, "503")
    provider.forget()
    for _ in range(2):
        accept(machine, provider.token("alice"))
    assert provider.count() == 0


def test_down_with_cold_cache(machine, provider):
    """Without keys nobody logs in, the provider is asked once and then left
    alone for a while; when it is back, so are the logins."""
    provider.behave("discovery", "503")
    for _ in range(3):
        code, attempt = log_in(machine, provider.token("alice"))
        assert code == "PAM_AUTHINFO_UNAVAIL"
        assert attempt["reason"] == "keys_unavailable"
        assert attempt.level == "warning"
    assert provider.count("discovery") <= 2
    assert provider.count("keys") == 0
    provider.behave("discovery", "ok")
    alarm = time.monotonic() + 15
    code = None
    while code != "PAM_SUCCESS" and time.monotonic() < alarm:
        time.sleep(0.5)
        code, attempt = log_in(machine, provider.token("alice"))
    assert code == "PAM_SUCCESS", attempt


def short_lived(machine, provider, **settings):
    """Keys that are stale after a second."""
    machine.config(provider.section(ca_file=CA, min_ttl="1s", max_ttl="1s",
                                    default_ttl="1s", **settings),
                   timeout_cold="5s", timeout_stale="2s")


def test_stale_keys_are_refreshed(machine, provider):
    """After the ttl a login asks for keys first; a withdrawn key is gone."""
    short_lived(machine, provider)
    old = provider.keys[0]
    accept(machine, provider.token("alice"))
    provider.rotate()
    time.sleep(2.2)
    provider.forget()
    code, attempt = log_in(machine, provider.token("alice", key=old))
    assert (code, attempt["reason"]) == ("PAM_AUTH_ERR", "key_unknown")
    assert provider.count("keys") >= 1


@pytest.mark.parametrize("behaviour", ["503", "html", "hang", "empty"])
def test_stale_keys_serve_in_need(machine, provider, behaviour):
    """Stale keys serve while the provider is in trouble, and it is not asked
    again at once."""
    short_lived(machine, provider)
    accept(machine, provider.token("alice"))
    time.sleep(2.2)
    provider.behave("keys", behaviour)
    provider.forget()
    begin = time.monotonic()
    accept(machine, provider.token("alice"))
    assert time.monotonic() - begin < 5
    seen = provider.count()
    assert seen >= 1
    begin = time.monotonic()
    accept(machine, provider.token("alice"))
    assert time.monotonic() - begin < 2
    assert provider.count() == seen


# --- what is on the disk ----------------------------------------------------------

def check(path, mode, folder=False):
    status = os.lstat(path)
    assert stat.S_ISDIR(status.st_mode) if folder \
        else stat.S_ISREG(status.st_mode)
    assert (status.st_uid, status.st_gid) == (0, 0), path
    assert stat.S_IMODE(status.st_mode) == mode, (path, oct(status.st_mode))
    assert folder or status.st_nlink == 1


def test_files(machine, provider):
    """Data in the cache folder, state and lock in the other, all of them
    root's; no temporary file is left."""
    accept(machine, provider.token("alice"))
    check(machine.path(CACHE), 0o755, folder=True)
    check(machine.path(STATE), 0o700, folder=True)
    data = names(machine, CACHE)
    assert len(data) == 1 and data[0].endswith(".jwks")
    check(os.path.join(machine.path(CACHE), data[0]), 0o644)
    stem = data[0][:-len(".jwks")]
    assert names(machine, STATE) == [stem + ".lock", stem + ".state"]
    for name in names(machine, STATE):
        check(os.path.join(machine.path(STATE), name), 0o600)
    content = machine.read(f"{CACHE}/{data[0]}")
    assert b'"k1"' in content
    assert b"PRIVATE" not in content


def test_replaced_as_a_whole(machine, provider):
    """A refresh puts a new file in the place of the old one."""
    accept(machine, provider.token("alice"))
    path = os.path.join(machine.path(CACHE), names(machine, CACHE)[0])
    before = os.stat(path).st_ino
    with open(path, "rb") as old:
        provider.rotate()
        accept(machine, provider.token("alice"))
        assert os.stat(path).st_ino != before
        assert b'"k1"' in old.read()
    assert len(names(machine, CACHE)) == 1


def test_state_folder_is_made(machine, provider):
    """The helper makes the state folder if it is missing (after a boot)."""
    machine.remove(STATE)
    accept(machine, provider.token("alice"))
    check(machine.path(STATE), 0o700, folder=True)
    for name in names(machine, STATE):
        check(os.path.join(machine.path(STATE), name), 0o600)


def test_sections_that_differ_share_nothing(machine, provider):
    """What a lax section has fetched never feeds a strict one."""
    accept(machine, provider.token("alice"))
    machine.write("/etc/security/ca2.pem", provider.authority.ca_text())
    machine.config(provider.section(ca_file="/etc/security/ca2.pem"))
    accept(machine, provider.token("alice"))
    assert len(names(machine, CACHE)) == 2
    assert asked(provider) == (2, 2)


# --- who fetches ------------------------------------------------------------------

def test_worker_has_no_rights(machine, provider):
    """While it fetches, the helper's worker is nobody, without capabilities,
    without a way back, and with an empty environment."""
    provider.behave("keys", "hang")
    with ThreadPoolExecutor(1) as pool:
        login = pool.submit(machine.authenticate, SERVICE, "alice",
                            provider.token("alice"))
        alarm = time.monotonic() + 4
        while provider.count("keys") == 0 and time.monotonic() < alarm:
            time.sleep(0.05)
        seen = machine.run(["sh", "-c", """
            for dir in /proc/[0-9]*; do
                [ "$(cat $dir/comm 2>/dev/null)" = pam-jwks-fetch ] || continue
                grep -E '^(Uid|Gid|Groups|CapPrm|CapEff|NoNewPrivs):' $dir/status
                echo "environ: $(tr '\\0' ' ' <$dir/environ)"
                echo end
            done"""]).out
        login.result(timeout=15)
    processes = []
    for part in seen.split("end\n")[:-1]:
        processes.append({key: value.split() for key, value in (
            line.split(":", 1) for line in part.splitlines() if ":" in line)})
    workers = [p for p in processes if p["Uid"] != ["0"] * 4]
    parents = [p for p in processes if p["Uid"] == ["0"] * 4]
    assert len(workers) == 1 and parents, seen
    worker = workers[0]
    assert len(set(worker["Uid"])) == 1 and len(set(worker["Gid"])) == 1
    assert worker["Uid"] == ["65534"] * 4
    assert set(worker["Groups"]) <= {"65534"}
    assert int(worker["CapPrm"][0], 16) == int(worker["CapEff"][0], 16) == 0
    assert worker["NoNewPrivs"] == ["1"]
    assert worker["environ"] == []


def test_fetch_user_missing(machine, provider):
    """A fetch user that does not exist: no fetch, and the log says why."""
    machine.config(provider.section(ca_file=CA), fetch_user="no-such-user")
    code, attempt = log_in(machine, provider.token("alice"))
    assert code == "PAM_AUTHINFO_UNAVAIL"
    assert attempt["reason"] == "keys_unavailable"
    assert "no-such-user" in attempt.line or "fetch" in attempt.line
    assert provider.count() == 0
