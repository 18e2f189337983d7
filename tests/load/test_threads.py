"""A hundred threads of one process, each with PAM handles of its own, while
keys are fetched, rotated, and out of reach.  `make check-tsan` runs this with
everything built for ThreadSanitizer, which ends the process at the first
race."""

import os
import time

import pytest

from ageing import Ageing, made
from provider import Provider

pytestmark = pytest.mark.seconds(200)

THREADS = 100
# Under a sanitizer a hundred helpers at once take their time.
SECONDS = {"timeout_cold": "40s", "timeout_stale": "40s"}


@pytest.fixture(name="old")
def fixture_old(host):
    with Provider("EdDSA") as provider:
        provider.cache_control = "max-age=2"
        with Ageing(host, provider, module=SECONDS, min_ttl="1s",
                    kid_cooldown="1s") as old:
            old.tokens(*made(provider))
            yield old


def test_cold(old):
    """A hundred first logins at once: one fetch, and all good ones get in.
    Who comes with a stranger's key id asks again, once in a second, and so do
    keys that are due."""
    begun = time.monotonic()
    old.run(THREADS, THREADS)
    assert old.provider.count("keys") <= 2 + 2 * (time.monotonic() - begun)


def test_due_stale_rotated_and_out_of_reach(old):
    """Every way to the keys."""
    old.run(1)
    time.sleep(1.1)
    old.run(20 * THREADS, THREADS)
    time.sleep(2.1)
    old.run(5 * THREADS, THREADS)
    old.provider.rotate()
    old.fetch()
    old.tokens(*made(old.provider))
    old.run(5 * THREADS, THREADS)
    old.provider.behave("keys", "503")
    time.sleep(2.1)
    old.run(5 * THREADS, THREADS)
    held = old.hold()
    assert (held.children, held.threads) == (0, 1) or is_watched()


def is_watched():
    """ThreadSanitizer has a thread of its own."""
    return "TSAN_OPTIONS" in os.environ
