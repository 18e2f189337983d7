"""What the tests of the key supply share."""

import pytest

from provider import Provider
from supply import Machine


@pytest.fixture(name="provider")
def fixture_provider():
    with Provider("EdDSA") as provider:
        yield provider


@pytest.fixture(name="machine")
def fixture_machine(provider):
    """A machine with a cold cache; a file may have another one."""
    with Machine(provider) as machine:
        yield machine
