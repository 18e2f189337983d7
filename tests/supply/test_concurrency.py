"""Many processes at once: one fetch, nobody late, nothing damaged."""

import os
import signal
import threading
import time

import pytest

import tokens
from supply import LONG, stop

CROWD = 200
DUE_CROWD = 100


def asked(provider):
    return provider.count("discovery"), provider.count("keys")


def reasons(logins):
    return {login.reason for login in logins}


def slow(provider, seconds):
    """Key set and discovery together take that long."""
    provider.slow_seconds = seconds / 2
    for what in ("discovery", "keys"):
        provider.behave(what, "slow")


def test_200_cold_processes_make_one_fetch(machine, provider):
    """The provider takes 300 ms: one discovery, one key set, all succeed."""
    slow(provider, 0.3)
    machine.configure(provider.section(ca_file=machine.ca),
                      timeout_cold="30s")
    logins = machine.logins(CROWD)
    assert reasons(logins) == {"ok"}, [x for x in logins if x.reason != "ok"]
    assert asked(provider) == (1, 1)
    print(f"the longest took {max(x.ms for x in logins):.0f} ms")


@pytest.mark.parametrize("behaviour", ["close", "hang"])
def test_200_cold_processes_and_a_dead_provider(machine, provider, behaviour):
    """A provider that refuses, and one that accepts and never answers: one
    attempt in a pause, nobody later than the deadline and a second."""
    timeout = 6
    machine.configure(provider.section(ca_file=machine.ca),
                      timeout_cold=f"{timeout}s", request_timeout="2s",
                      connect_timeout="2s")
    provider.behave("discovery", behaviour)
    slack = machine.slack(CROWD)
    begin = time.monotonic()
    logins = machine.logins(CROWD)
    took = time.monotonic() - begin
    assert reasons(logins) == {"keys_unavailable"}
    late = [x for x in logins if x.ms > 1000 * (timeout + slack)]
    assert not late, (slack, late)
    # The first pause has two seconds of a clock that knows no fractions: one
    # at least, from the end of the attempt on.
    assert 1 <= provider.count() <= 1 + took, (provider.count(), took)
    assert provider.count("keys") == 0
    print(f"{behaviour}: {provider.count()} requests in {took:.1f} s, the "
          f"longest took {max(x.ms for x in logins):.0f} ms")


def test_100_logins_with_due_keys_wait_for_nobody(machine, provider):
    """Nobody waits, one fetch."""
    machine.accept()
    provider.forget()
    slow(provider, 2)
    # 95 % of 900 s at most is when they are due.
    machine.pass_time(870)
    logins = machine.logins(DUE_CROWD)
    assert reasons(logins) == {"ok"}
    machine.idle()
    assert asked(provider) == (0, 1)
    # A second's answer was on its way all the time.
    middle = sorted(login.ms for login in logins)[DUE_CROWD // 2]
    assert middle < 1000, middle


def test_killed_in_mid_fetch(machine, provider):
    """The winner is killed: the others are not late, the provider is left
    alone for ten seconds, then all is well."""
    provider.behave("keys", "hang")
    machine.configure(provider.section(ca_file=machine.ca), timeout_cold="5s")
    process = machine.start(machine.command(None, "at-once", 20))
    machine.until(lambda: provider.count("keys") == 1)
    os.kill(machine.fetching(), signal.SIGKILL)
    lines = machine.finish(process)
    assert {line.split()[0] for line in lines} == {"keys_unavailable"}
    assert all(float(line.split()[1]) < 7000 for line in lines)
    assert provider.count("keys") == 1
    provider.behave("keys", "ok")
    login = machine.login()
    assert "did not end its work" in login.detail, login
    assert provider.count("keys") == 1
    machine.pass_time(11)
    machine.accept()


def test_a_helper_that_crashes_again_and_again_is_held_back_longer(machine,
                                                                   provider):
    """10, 20, 40, 60 seconds, and no helper is started meanwhile."""
    provider.behave("keys", "hang")
    for number, pause in enumerate((10, 20, 40, 60, 60), 1):
        process = machine.begin()
        machine.until(lambda: provider.count("keys") == number)
        os.kill(machine.fetching(), signal.SIGKILL)
        assert machine.result(process).reason == "keys_unavailable"
        machine.idle()
        assert provider.count("keys") == number
        assert machine.login().reason == "keys_unavailable"
        assert machine.state_text()["running"] == "0"
        machine.pass_time(pause - 4)
        assert "asking again in" in machine.login().detail
        assert provider.count("keys") == number
        machine.pass_time(5)
    provider.behave("keys", "ok")
    machine.accept()


def test_a_worker_that_is_killed_keeps_nobody_away_for_long(machine, provider):
    """Whoever can have a worker ended, for want of memory for example, says
    nothing about the provider: the pause behind it has 60 s at most, for new
    keys as well."""
    machine.accept()
    provider.behave("keys", "hang")
    stranger = machine.token(header={"kid": "nobody's"})
    for number in range(5):
        machine.pass_time(61)
        process = machine.begin(stranger)
        machine.until(lambda: provider.count("keys") == number + 2)
        parent = machine.fetching()
        for pid, above in machine.helpers().items():
            if above == parent:
                os.kill(pid, signal.SIGKILL)
        assert machine.result(process).reason == "keys_unavailable"
    provider.behave("keys", "ok")
    provider.rotate()
    machine.pass_time(61)
    machine.accept()


def test_host_killed_while_a_detached_helper_works(machine, provider):
    """The refresh outlives the login's process, however that ends."""
    machine.accept()
    provider.rotate(keep_old=True)
    slow(provider, 1.5)
    machine.pass_time(870)
    process = machine.begin(machine.token(key=provider.keys[1]), "stay",
                            start_new_session=True)
    pid = machine.fetching()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(5)
    assert os.path.exists(f"/proc/{pid}")
    machine.idle()
    with open(machine.data(), "rb") as file:
        assert tokens.public(provider.keys[0])["kid"].encode() in file.read()


def test_due_keys_are_fetched_only_after_success(machine, provider):
    """A detached refresh is never started before the login has succeeded."""
    machine.accept()
    provider.forget()
    machine.pass_time(870)
    assert machine.login(machine.token("bob")).reason != "ok"
    assert machine.login(tokens.spoil_signature(machine.token())).reason \
        == "signature_invalid"
    machine.idle()
    # A bad signature under old keys asks on its own account.
    assert provider.count("keys") <= 1
    machine.pass_time(-870)
    machine.forget()
    machine.accept()
    provider.forget()
    machine.pass_time(870)
    for user in ("bob", "carol"):
        assert machine.login(machine.token(user)).reason == "user_mismatch"
    machine.idle()
    assert provider.count() == 0
    machine.accept()
    machine.idle()
    assert asked(provider) == (0, 1)


def test_a_host_that_forks_meanwhile(machine, provider):
    """Another thread of the host forks all the time, the children live on:
    the login is neither late nor lost."""
    slow(provider, 0.3)
    lines = machine.run(machine.command(None, "forking"), may_die=True,
                        start_new_session=True)
    reason, ms = lines[0].split()[:2]
    assert reason == "ok", lines
    assert float(ms) < 9000


def test_a_slow_fetch_does_not_undo_a_newer_one(machine, provider):
    """A helper is stopped in mid-fetch, its time passes, another fetches; when
    it goes on, its older keys are discarded."""
    provider.slow_seconds = 0.5
    provider.behave("keys", "slow")
    old = machine.start([machine.helper, "--cause", "forced", "--config",
                         machine.conf, "--section", "corp"])
    pid = machine.fetching()
    stop(pid)
    time.sleep(1)       # the worker ends with the old keys in the pipe
    provider.behave("keys", "ok")
    provider.rotate()
    machine.pass_time(70)
    machine.accept()
    with open(machine.data(), "rb") as file:
        newer = file.read()
    state = machine.state_text()
    stop(pid, signal.SIGCONT)
    assert machine.finish(old, may_die=True)[0].split()[2] in (
        "ok", "fetch_held_back", "fetch_timeout")
    with open(machine.data(), "rb") as file:
        assert file.read() == newer
    assert machine.state_text() == state
    machine.accept()


def test_who_was_overtaken_asks_nobody(machine, provider):
    """A helper that has the lock is frozen before it asks, and another one
    takes the lock over meanwhile: the first one writes nothing down and leaves
    the provider alone."""
    machine.put(machine.bin + "/wait", "3")     # the first look with the lock
    old = machine.start([machine.helper, "--cause", "forced", "--config",
                         machine.conf, "--section", "corp"])
    machine.until(lambda: os.path.isdir(machine.state)
                  and os.listdir(machine.state) != [])
    (name,) = os.listdir(machine.state)
    machine.until(lambda: os.path.getsize(f"{machine.state}/{name}") > 0)
    machine.put(f"{machine.state}/{name}", "", 0o600)
    os.unlink(machine.bin + "/wait")
    assert machine.finish(old, may_die=True)[0].split()[2] == \
        "fetch_held_back"
    assert machine.state_text() == {} and machine.data() is None
    assert provider.count() == 0
    machine.accept()


def test_8_writers_and_64_readers(machine, provider):
    """No reader ever sees an invalid file."""
    seconds = 30 if LONG else 5
    # 64 readers leave a small machine little time for writing.
    machine.configure(provider.section(ca_file=machine.ca),
                      timeout_cold="30s", request_timeout="20s",
                      connect_timeout="10s")
    machine.accept()
    readers = machine.start(machine.command(
        machine.token(), "for", seconds * 1000, 64))
    end = time.monotonic() + seconds
    written = []

    def write():
        while time.monotonic() < end:
            line = machine.fetch()
            written.append(line.split()[2])
            if len(provider.keys) < 8:
                provider.rotate()
                provider.keys.append(signer)

    signer = provider.keys[0]
    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    counts = {}
    for line in machine.finish(readers, timeout=seconds + 60):
        reason, count = line.split()[:2]
        counts[reason] = counts.get(reason, 0) + int(count)
    assert set(counts) == {"ok"}, counts
    assert counts["ok"] > 64
    assert written.count("ok") > 2, written
    print(f"{counts['ok']} logins, {written.count('ok')} times written")


def test_who_has_no_process_for_a_worker_is_no_failure(machine, provider):
    """fork fails on this machine: the provider was not asked, so that there
    is no pause, and the next login works."""
    machine.put(machine.bin + "/nofork", "")
    for _ in range(3):
        line = machine.fetch("cold")
        assert "Resource temporarily unavailable" in line, line
    state = machine.state_text()
    assert (state["failures"], state["backoff_until"], state["running"]) == \
        ("0", "0", "0")
    assert provider.count() == 0
    os.unlink(machine.bin + "/nofork")
    machine.accept()


def test_who_has_no_process_for_a_worker_keeps_no_new_key_away(machine,
                                                               provider):
    """A caller who may have no more processes sends a key id that nobody knows.
    Nobody was asked for it, and the pause that it leaves would let him keep
    other people's new keys away for as long as he likes."""
    machine.accept()
    machine.pass_time(31)
    provider.rotate()
    provider.forget()
    machine.put(machine.bin + "/nofork", "")
    stranger = machine.token(header={"kid": "nobody's"})
    assert machine.login(stranger).reason == "keys_unavailable"
    os.unlink(machine.bin + "/nofork")
    assert provider.count() == 0
    machine.accept()
    # And who did ask leaves one.
    assert machine.login(stranger).reason == "key_unknown"
    assert asked(provider) == (0, 1)
