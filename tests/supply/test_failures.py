"""What is a failure of the provider, and what is not."""

import fcntl
import os
import struct
import time

F_OFD_SETLK = 37


def hold(machine):
    """Takes the lock as a helper would; close the descriptor to end it."""
    names = [name for name in os.listdir(machine.state)
             if name.endswith(".lock")]
    fd = os.open(os.path.join(machine.state, names[0]), os.O_RDWR)
    fcntl.fcntl(fd, F_OFD_SETLK,
                struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 1, 0))
    return fd


def test_who_had_no_time_left_is_no_failure(machine, provider):
    """The lock came too late for asking anybody: no attempt, no pause."""
    machine.accept()
    provider.forget()
    machine.configure(provider.section(ca_file=machine.ca), timeout_cold="1s")
    os.unlink(machine.data())
    state = machine.state_text()
    for _ in range(40):
        lock = hold(machine)
        process = machine.start(
            [machine.helper, "--cause", "cold", "--config", machine.conf,
             "--section", "corp"])
        time.sleep(0.3)
        os.close(lock)
        line = machine.finish(process, may_die=True)[0]
        if "no time is left" in line:
            break
        # The moment was another one; it is tried again.
        if provider.count() > 0:
            provider.forget()
            if machine.data() is not None:      # asked, but not in time
                os.unlink(machine.data())
            state = machine.state_text()
    assert "no time is left for asking the provider" in line, line
    assert machine.state_text() == state
    assert provider.count() == 0
    machine.configure(provider.section(ca_file=machine.ca))
    machine.accept()


def test_retry_after_and_backoff_are_shared(machine, provider):
    """What one process learned of a failure holds all others back."""
    provider.scripts["keys"] = lambda handler: handler.answer(
        503, b"", extra={"Retry-After": "40"})
    assert machine.login().reason == "keys_unavailable"
    asked = provider.count("keys")
    assert asked == 1
    for login in machine.logins(20):
        assert login.reason == "keys_unavailable"
        assert "asking again in" in login.detail
    assert provider.count("keys") == 1
    machine.pass_time(35)
    machine.login()
    assert provider.count("keys") == 1
    del provider.scripts["keys"]
    machine.pass_time(6)
    machine.accept()


def test_without_keys_pauses_double_from_2_to_30_seconds(machine, provider):
    """And a success ends them."""
    provider.behave("discovery", "503")
    for longest in (2, 4, 8, 16, 30, 30):
        before = provider.count()
        assert machine.login().reason == "keys_unavailable"
        assert provider.count() == before + 1
        state = machine.state_text()
        pause = int(state["backoff_until"]) - int(state["attempt"].split()[1])
        assert longest * 0.7 - 1 <= pause <= longest + 1, (longest, pause)
        machine.pass_time(pause + 1)
    provider.behave("discovery", "ok")
    machine.accept()
    assert machine.state_text()["failures"] == "0"


def test_with_keys_pauses_double_from_30_to_600_seconds(machine, provider):
    """Stale keys serve meanwhile."""
    machine.accept()
    provider.behave("keys", "500")
    machine.pass_time(901)
    for longest in (30, 60, 120, 240, 480, 600, 600):
        before = provider.count("keys")
        machine.accept()
        assert provider.count("keys") == before + 1
        state = machine.state_text()
        pause = int(state["backoff_until"]) - int(state["attempt"].split()[1])
        assert longest * 0.7 - 1 <= pause <= longest + 1, (longest, pause)
        machine.pass_time(pause - 2)
        machine.accept()
        assert provider.count("keys") == before + 1
        machine.pass_time(3)


def test_a_success_ends_a_pause(machine, provider):
    """The timer asks in a pause; what it brings must not leave the pause there
    for the next key id that nobody knows."""
    machine.accept()
    provider.behave("keys", "500")
    machine.pass_time(901)
    for _ in range(5):
        machine.accept()
        state = machine.state_text()
        machine.pass_time(int(state["backoff_until"])
                          - int(state["attempt"].split()[1]) + 1)
    machine.accept()
    provider.behave("keys", "ok")
    assert machine.fetch().split()[2] == "ok"
    provider.rotate()
    provider.forget()
    machine.accept()
    assert provider.count("keys") == 1
