"""pam-jwks purge and import: the cache changed by hand; keys and refresh at a
terminal."""

import json
import os
import pty
import re
import signal
import subprocess
import threading

import pytest

import hosts
import tokens
from provider import Provider
from supply import skipped_keys

OK, WARNING, USAGE = 0, 1, 2


def run(machine, *words, config=None, user=None):
    """pam-jwks with a configuration: exit code, all that it said."""
    as_user = [] if user is None else [
        "setpriv", "--reuid", str(user), "--regid", str(user),
        "--clear-groups", "--"]
    done = subprocess.run(
        [*as_user, hosts.find_built("pam-jwks"), *words, "-c",
         config or machine.conf],
        capture_output=True, text=True, timeout=50, check=False,
        stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout + done.stderr


def key_file(machine, *keys):
    """A key set as a file."""
    return machine.put(machine.base + "/set.json",
                       json.dumps(tokens.key_set(*keys)))


# --- purge ----------------------------------------------------------------------

@pytest.mark.parametrize("name", ["section", "issuer"])
def test_purge(machine, provider, name):
    """A key that the provider has withdrawn, and that the cache still has,
    verifies no token any more."""
    old = machine.token()
    machine.accept(old)
    provider.rotate()
    machine.accept(old)
    code, text = run(machine, "purge",
                     "corp" if name == "section" else provider.issuer)
    assert (code, text) == (
        OK, "corp: its keys are gone; the next login asks the provider\n")
    assert machine.data() is None and machine.state_text() == {}
    provider.forget()
    assert machine.login(old).reason == "key_unknown"
    assert provider.count("keys") >= 1
    machine.accept()


def test_purge_ends_pauses(machine, provider):
    """After it a login asks at once, whatever failed before."""
    provider.behave("keys", "503")
    assert machine.login().reason == "keys_unavailable"
    provider.behave("keys", "ok")
    assert "asking again in" in machine.login().detail
    assert run(machine, "purge", "corp") == (
        OK, "corp: there were no keys; the next login asks the provider\n")
    machine.accept()


def test_purge_takes_the_spare_keys_too(machine):
    """A full disk has them in the folder of the state."""
    machine.accept()
    spare = os.path.join(machine.state, os.path.basename(machine.data()))
    os.rename(machine.data(), spare)
    os.chmod(spare, 0o600)
    assert run(machine, "purge", "corp")[0] == OK
    assert not os.path.exists(spare)


def test_purge_waits_for_a_running_fetch(machine, provider):
    """What was asked for before is gone afterwards, too."""
    provider.slow_seconds = 1
    provider.behave("keys", "slow")
    fetch = machine.start([machine.helper, "--cause", "forced", "--config",
                           machine.conf, "--section", "corp"])
    machine.until(lambda: provider.count("keys") == 1)
    code, text = run(machine, "purge", "corp")
    assert "ok" in machine.finish(fetch)[0]
    assert code == OK and "its keys are gone" in text
    assert machine.data() is None


def test_purge_takes_the_right_to_write_from_a_stuck_fetch(machine, provider):
    """A helper that was stopped and goes on later stores nothing."""
    machine.configure(provider.section(ca_file=machine.ca),
                      timeout_cold="8s", timeout_stale="5s")
    machine.accept()
    provider.slow_seconds = 1
    provider.behave("keys", "slow")
    fetch = machine.start([machine.helper, "--cause", "forced", "--config",
                           machine.conf, "--section", "corp"])
    pid = machine.fetching()
    os.kill(pid, signal.SIGSTOP)
    try:
        code, text = run(machine, "purge", "corp")
        assert code == OK and "its keys are gone" in text, text
    finally:
        os.kill(pid, signal.SIGCONT)
    machine.finish(fetch, may_die=True)
    assert machine.data() is None


def test_purge_removes_keys_before_anything_else(machine):
    """Whatever ends it half way: the keys are gone first."""
    hosts.need("strace")
    machine.accept()
    trace = machine.base + "/trace"
    done = subprocess.run(
        ["strace", "-qq", "-e", "trace=unlinkat,fsync", "-o", trace,
         hosts.find_built("pam-jwks"), "purge", "corp", "-c", machine.conf],
        capture_output=True, text=True, timeout=50, check=False)
    if "not permitted" in done.stderr:
        raise hosts.Missing("strace may not trace here: " + done.stderr)
    with open(trace, encoding="ascii") as file:
        calls = [line for line in file if "ENOENT" not in line]
    kinds = [re.search(r"\.(jwks|state)\"|(fsync)", call) for call in calls]
    order = [kind.group(1) or kind.group(2) for kind in kinds if kind]
    assert order[:2] == ["jwks", "fsync"] and "state" in order[2:], calls


@pytest.mark.parametrize("words, says", [
    (["nobody"], "no section or issuer nobody"),
    ([], "a word is missing"),
    (["corp", "corp"], "too many words"),
])
def test_purge_of_what_is_not_there(machine, words, says):
    code, text = run(machine, "purge", *words)
    assert code == USAGE and says in text


def test_purge_leaves_a_key_file_alone(machine, provider):
    path = key_file(machine, provider.keys[0])
    machine.configure(provider.section(jwks_file=path))
    code, text = run(machine, "purge", "corp")
    assert code == USAGE and "change that file" in text
    assert os.path.exists(path)


def test_purge_needs_rights(machine):
    """Nothing is removed, and the exit code says so."""
    machine.accept()
    before = machine.data()
    code, said = run(machine, "purge", "corp", user=65534)
    assert code not in (OK, WARNING) and "purge: this needs root" in said
    assert machine.data() == before


def test_refresh_needs_rights(machine):
    """Where root keeps the cache; the keys stay."""
    machine.accept()
    before = machine.data()
    code, said = run(machine, "refresh", user=65534)
    assert code != OK and "refresh: this needs root" in said
    assert machine.data() == before


def test_purge_names_caches_that_it_cannot_reach():
    """A service without root has a configuration, and keys, of its own."""
    own = "/etc/security/pam_jwks-postgresql.conf"
    with Provider("ES256") as provider, hosts.Host() as host:
        host.config(provider.section("corp"))
        host.write(own, "[module]\ncache_dir = /run/own/cache\n"
                   "state_dir = /run/own/state\n"
                   + provider.section("database"))
        host.write("/etc/pam.d/postgresql",
                   f"auth required pam_jwks.so config={own}\n")
        words = [hosts.find_built("pam-jwks"), "purge", "-c", hosts.CONFIG,
                 "corp"]
        result = host.run(words)
        assert result.returncode == WARNING
        assert ("database: not reached: /run/own/cache, of the service "
                "postgresql; as its user: pam-jwks purge -c "
                f"{own} database\n") in result.out
        # The same folder, or another issuer: nothing to name.
        for change in (("/run/own/cache", "/var/cache/pam_jwks"),
                       (provider.issuer, "https://other.example")):
            host.write(own, host.read(own).decode().replace(*change))
            result = host.run(words)
            assert result.returncode == OK, result
            assert "not reached" not in result.out


# --- import ---------------------------------------------------------------------

def test_import(machine, provider):
    """Logins without any network, until max_stale."""
    provider.behave("discovery", "503")
    path = key_file(machine, provider.keys[0])
    code, text = run(machine, "import", "corp", path)
    assert (code, text) == (OK, "corp: 1 usable key of 1, good for 86400 s "
                            "without a fetch\n")
    machine.accept()
    assert provider.count() == 0
    machine.pass_time(80000)
    assert machine.login().reason == "ok"
    machine.pass_time(7000)
    assert machine.login().reason == "keys_unavailable"


def test_a_fetch_replaces_imported_keys(machine, provider):
    """The provider's word counts as soon as there is one."""
    old = machine.token()
    run(machine, "import", "corp", key_file(machine, provider.keys[0]))
    provider.rotate()
    assert machine.tool("refresh")[0].startswith("corp: new keys from ")
    assert machine.login(old).reason == "key_unknown"
    machine.accept()


BAD = {
    "html": b"<html>",
    "empty": b"",
    "no keys": b'{"keys": []}',
    "no set": b"{}",
    "duplicate": b'{"keys": [], "keys": []}',
    "not utf-8": b'{"keys": [], "x": "\xff"}',
    "trailing": b'{"keys": []} x',
    "unusable": json.dumps({"keys": skipped_keys()[4:]}).encode(),
    "large": b'{"keys": []}' + b" " * 600000,
}


@pytest.mark.parametrize("name", sorted(BAD))
def test_import_refuses_what_a_fetch_refuses(machine, provider, name):
    """For the same reason, and the old keys stay as they are."""
    provider.scripts["keys"] = lambda handler: handler.answer(200, BAD[name])
    fetched = machine.fetch().split()[2]
    provider.scripts.clear()
    machine.forget()
    machine.accept()
    with open(machine.data(), "rb") as file:
        before = file.read()
    path = machine.put(machine.base + "/bad", BAD[name])
    code, text = run(machine, "import", "corp", path)
    assert code not in (OK, WARNING), text
    reason = text.split(": ")[1]
    # The network's body ends at its limit in curl, a file's in the reader.
    assert reason == ("file_too_large" if name == "large" else fetched), text
    with open(machine.data(), "rb") as file:
        assert file.read() == before


def test_import_skips_what_a_fetch_skips(machine, provider):
    """Keys one by one, with the complete check: the same that a fetch leaves
    out, for the same reasons."""
    keys = {"keys": tokens.key_set(provider.keys[0])["keys"] + skipped_keys()}
    body = json.dumps(keys).encode()
    provider.scripts["keys"] = lambda handler: handler.answer(200, body)

    def skipped():
        return [line for line in machine.tool("keys") if "skipped:" in line]

    assert "ok" in machine.fetch()
    fetched = skipped()
    machine.forget()
    code, text = run(machine, "import", "corp",
                     machine.put(machine.base + "/set", body))
    assert code == OK and "1 usable key of" in text
    assert skipped() == fetched and len(fetched) >= 8
    assert any("unsound" in line for line in fetched)


@pytest.mark.parametrize("path, reason", [
    ("/nonexistent/keys.json", "file_missing"), ("/", ""),
])
def test_import_of_no_file(machine, path, reason):
    code, text = run(machine, "import", "corp", path)
    assert code not in (OK, WARNING) and reason in text
    assert machine.data() is None


def test_import_needs_rights(machine, provider):
    """Also for a set of one's own."""
    path = key_file(machine, provider.keys[0])
    code, said = run(machine, "import", "corp", path, user=65534)
    assert code not in (OK, WARNING) and "import: this needs root" in said
    assert machine.data() is None


def test_imports_and_fetches_at_once(machine, provider):
    """They take turns; what is there is whole."""
    path = key_file(machine, provider.keys[0])
    results = []
    threads = [threading.Thread(target=lambda: results.append(
        run(machine, "import", "corp", path))) for _ in range(6)]
    for thread in threads:
        thread.start()
    fetches = [machine.start([machine.helper, "--cause", "forced",
                              "--config", machine.conf, "--section", "corp"])
               for _ in range(3)]
    for thread in threads:
        thread.join()
    assert [code for code, _ in results] == [OK] * 6, results
    assert all("ok" in machine.finish(one)[0] for one in fetches)
    machine.accept()
    assert [name for name in os.listdir(machine.cache)
            if name.startswith(".")] == []


# --- at a terminal ----------------------------------------------------------------

def terminal(*argv):
    """What a command prints at a terminal, as it was sent."""
    parent, child = pty.openpty()
    process = subprocess.Popen(argv, stdout=child, stderr=child,
                               stdin=subprocess.DEVNULL)
    os.close(child)
    text = b""
    while True:
        try:
            more = os.read(parent, 4096)
        except OSError:
            break
        if not more:
            break
        text += more
    os.close(parent)
    process.wait(30)
    return text.decode()


def test_keys_and_refresh_fit_80_columns(machine, provider):
    """Long names, reasons and addresses go on in the next line; progress is
    shown while the provider is asked, and is gone afterwards."""
    provider.keys += [tokens.shared_key("RS256", "r" * 60)] + [
        key for key in skipped_keys() if isinstance(key, dict)]
    tool = hosts.find_built("pam-jwks")
    shown = terminal(tool, "refresh", "-c", machine.conf)
    assert shown.startswith("corp: asking the provider ...\r\x1b[K"), shown
    shown += terminal(tool, "keys", "-c", machine.conf)
    provider.behave("keys", "503")
    shown += terminal(tool, "refresh", "-c", machine.conf)
    shown += terminal(tool, "keys", "-c", machine.conf)
    lines = re.sub(r"[^\n]*\r\x1b\[K", "", shown).replace("\r", "")
    wide = [line for line in lines.splitlines() if len(line) > 80]
    assert wide == [], wide
    assert "HTTP 503" in lines and "r" * 60 in lines
    # Programs get each fact in one line, and no progress.
    plain = "\n".join(machine.tool("refresh"))
    assert "\x1b" not in plain and plain.count("\n") == 0, plain
