"""One process that lets in and refuses, over and over, while keys are fetched,
rotated, and out of reach: it holds after all of them what it held after the
first thousand.  PJ_LONG=1 makes it 100,000."""

import os
import time

import pytest

from ageing import Ageing, made
from provider import Provider

ROUNDS, ROUND = (22, 4500) if os.environ.get("PJ_LONG") == "1" else (4, 1000)
WARM_UP = 1000
KIB_MAX = 64


@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        # Due after a second, stale after two.
        provider.cache_control = "max-age=2"
        yield provider


def one_round(old, provider, number):
    """Logins with keys that are due, stale, rotated, or out of reach."""
    if number % 4 == 2:
        provider.rotate()
        old.fetch()
        old.tokens(*made(provider))
    if number % 4 == 3:
        provider.behave("keys", "503")
    time.sleep(1.1 if number % 2 else 2.1)
    old.run(ROUND)
    if number % 4 == 3:
        provider.behave("keys", "ok")
        old.fetch()


@pytest.mark.seconds(900)
def test_after_all_logins_what_was_after_the_first_thousand(host, provider):
    with Ageing(host, provider, 600, min_ttl="1s", kid_cooldown="1s") as old:
        old.tokens(*made(provider))
        old.run(WARM_UP)
        before = old.hold()
        logins, begun, asked = WARM_UP, time.monotonic(), provider.count()
        for number in range(ROUNDS):
            one_round(old, provider, number)
            logins += ROUND
        # Whoever was started behind the last login has ended.
        time.sleep(0.5)
        after = old.hold()
    print(f"after {WARM_UP}: {before}\nafter {logins}: {after}\n"
          f"{time.monotonic() - begun:.0f} s, {provider.count()} requests")
    assert provider.count() - asked >= 1.5 * ROUNDS
    assert (before.descriptors, before.threads, before.children) == (
        after.descriptors, after.threads, after.children)
    assert before.threads == 1 and before.children == 0
    assert abs(after.kib - before.kib) <= KIB_MAX
    assert abs(after.mappings - before.mappings) <= 1
