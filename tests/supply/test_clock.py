"""Clocks that jump.  Boot time and wall time are simulated, for the logins and
for the helper alike."""

import os
import time

import pytest

from provider import Provider

YEAR = 365 * 86400


@pytest.fixture(name="machine")
def fixture_machine(machine, provider):
    machine.accept()
    provider.forget()
    return machine


def withdraw(machine, provider):
    """The provider withdraws its key; a function that logs in with it."""
    old = provider.keys[0]
    provider.rotate()
    return lambda: machine.login(machine.token(key=old))


def test_a_year_forward(machine, provider):
    """The keys are too old: they are fetched anew, and not used if that
    fails."""
    machine.set_clock(YEAR, 10)
    machine.accept()
    assert provider.count("keys") == 1
    machine.set_clock(2 * YEAR, 20)
    provider.behave("keys", "503")
    provider.behave("discovery", "503")
    login = machine.login()
    assert login.reason == "keys_unavailable"
    assert "too old" in login.detail


def test_a_year_back(machine, provider):
    """Nobody knows how old the keys are: the provider is asked, a withdrawn
    key is refused; in need they serve."""
    old = withdraw(machine, provider)
    machine.set_clock(-YEAR, 10)
    assert old().reason == "key_unknown"
    assert provider.count("keys") == 1
    machine.set_clock(-2 * YEAR, 20)
    provider.behave("keys", "503")
    provider.behave("discovery", "503")
    assert "stale keys are in use" in machine.accept().detail


def test_after_a_jump_back_keys_become_fresh_again(machine, provider):
    """One fetch, not one for each login."""
    machine.set_clock(-YEAR, 10)
    for _ in range(5):
        machine.accept()
    assert provider.count("keys") == 1


def test_an_hour_back_during_a_cooldown(machine, provider):
    """Pauses count in boot time: a jump neither ends nor prolongs them."""
    flood = machine.token(header={"kid": "unknown"})
    assert machine.login(flood).reason == "key_unknown"
    assert provider.count("keys") == 1
    machine.set_clock(-3600, 10)
    # Stale now, for its age is unknown: one question on that account.
    machine.accept(machine.token())
    asked = provider.count("keys")
    assert asked == 2
    unknown = machine.token(header={"kid": "unknown"})
    assert machine.login(unknown).reason == "key_unknown"
    assert provider.count("keys") == asked
    machine.set_clock(-3600, 40)
    machine.login(unknown)
    assert provider.count("keys") == asked + 1


def test_an_hour_forward_during_a_backoff(machine, provider):
    """The provider is not asked again because a clock was set."""
    provider.behave("keys", "503")
    machine.set_clock(901, 901)
    machine.accept()
    asked = provider.count()
    machine.set_clock(901 + 3600, 905)
    machine.accept()
    assert provider.count() == asked


def test_another_boot_with_the_clock_at_1970(machine, provider):
    """A machine without a battery starts: keys of before the boot are not
    believed fresh; they are fetched, and once they are there, they serve."""
    wall = machine.now()
    old = withdraw(machine, provider)
    boot = int(time.clock_gettime(time.CLOCK_BOOTTIME)) - 5
    machine.set_clock(1000 - wall, -boot, "another-boot")
    assert old().reason in ("key_unknown", "keys_unavailable")
    assert provider.count("keys") >= 1
    asked = provider.count("keys")
    machine.accept()
    # Its clock is set at last.
    machine.set_clock(0, 20 - boot, "another-boot")
    machine.accept()
    assert provider.count("keys") <= asked + 1


def test_a_restored_snapshot(machine, provider):
    """The boot clock says seconds, the wall clock weeks."""
    old = withdraw(machine, provider)
    machine.set_clock(21 * 86400, 5)
    assert old().reason == "key_unknown"
    assert provider.count("keys") == 1
    machine.accept()


def test_pauses_of_an_earlier_boot_mean_nothing(machine, provider):
    """The state lies in memory that a boot empties; if not, it is ignored."""
    provider.behave("keys", "503")
    provider.behave("discovery", "503")
    machine.set_clock(901, 901)
    machine.accept()
    asked = provider.count()
    machine.set_clock(911, 911, "another-boot")
    machine.accept()
    assert provider.count() > asked


def test_a_wrong_clock_and_a_dead_provider_remove_no_key(machine, provider):
    """A machine starts two months in the future, and its timer cannot reach
    anybody.  Files that nobody has written for a month were removed then, and
    were missing once the clock was right, also those of other
    configurations."""
    provider.behave("keys", "503")
    provider.behave("discovery", "503")
    another = machine.put(machine.cache + "/" + "ab" * 32 + ".jwks", "x")
    machine.set_clock(60 * 86400, 10, "another-boot")
    lines = machine.run([machine.helper, "--all", "--config", machine.conf],
                        may_die=True)
    assert lines[0].split()[2] == "fetch_failed", lines
    assert os.path.exists(another)
    os.unlink(another)
    machine.set_clock(20, 20, "another-boot")
    machine.accept(mode="offline")


def test_a_wrong_clock_removes_no_key_of_another_section(machine, provider):
    """The same where another provider can be reached."""
    provider.behave("keys", "503")
    provider.behave("discovery", "503")
    with Provider("EdDSA", provider.authority) as other:
        machine.configure(
            provider.section(ca_file=machine.ca)
            + other.section("other", ca_file=machine.ca))
        machine.set_clock(60 * 86400, 10, "another-boot")
        lines = machine.run([machine.helper, "--all", "--config",
                             machine.conf], may_die=True)
        assert [line.split()[2] for line in lines] == ["fetch_failed", "ok"]
        machine.set_clock(20, 20, "another-boot")
        machine.accept(mode="offline")
