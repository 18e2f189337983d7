"""What all pytest files share: TAP output, time limits, and the host.

    python3 -m pytest -q -p no:cacheprovider --tap FILE

prints "ok N - name", "not ok N - name", "ok N - name # SKIP reason" and "1..N";
the text of a failure follows it as comment lines.  Something that is missing
on the machine is a skip with its reason, and a failure where CI=true.
"""

import os
import signal
import sys

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                "support"))

import hosts  # noqa: E402

# A run that nohup has begun ignores it, and with it every program under test.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# For one test with all of its fixtures; PJ_LONG=1 is `make check-long`.
SECONDS = 900 if os.environ.get("PJ_LONG") == "1" else 55


def in_ci():
    """In CI everything has to be there."""
    return os.environ.get("CI") == "true"


# --- TAP ----------------------------------------------------------------------

class Tap:
    """Writes TAP for each test, in the order in which they run."""

    def __init__(self, out):
        self.out = out
        self.count = 0
        self.told = {}
        self.skipped_files = []

    def line(self, text):
        self.out.write(text + "\n")
        self.out.flush()

    def result(self, passed, name, note="", text=""):
        self.count += 1
        name = name.replace("#", "%")
        self.line(f"{'ok' if passed else 'not ok'} {self.count} - {name}{note}")
        for part in text.splitlines():
            self.line("# " + part)

    def pytest_runtest_logreport(self, report):
        name = report.nodeid.split("::", 1)[-1].replace("::", " ")
        if report.skipped:
            self.told[report.nodeid] = True
            self.result(True, name, " # SKIP " + _reason(report))
        elif report.failed:
            self.told[report.nodeid] = True
            if report.when != "call":
                name += f" ({report.when})"
            self.result(False, name, "", report.longreprtext)
        elif report.when == "call":
            self.told[report.nodeid] = True
            self.result(True, name)

    def pytest_collectreport(self, report):
        if report.failed:
            self.result(False, (report.nodeid or "collection")
                        + " cannot be read", "", report.longreprtext)
        elif report.skipped:
            self.skipped_files.append(_reason(report))

    def pytest_sessionfinish(self):
        note = ""
        if self.count == 0 and self.skipped_files:
            note = " # SKIP " + self.skipped_files[0]
        self.line(f"1..{self.count}{note}")


def _reason(report):
    """Why something was skipped, in one line."""
    reason = report.longrepr
    if isinstance(reason, tuple):
        reason = reason[2]
    return " ".join(str(reason).split()).replace("Skipped: ", "", 1)


def pytest_addoption(parser):
    parser.addoption("--tap", action="store_true",
                     help="print results in the Test Anything Protocol")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.addinivalue_line("markers", "seconds(n): a time limit of its own")
    if not config.getoption("--tap"):
        return
    # The usual reporter stays, since others rely on it, but it is not heard.
    writer = config.pluginmanager.getplugin("terminalreporter")._tw
    config.pluginmanager.register(Tap(writer._file), "tap")
    writer._file = open(os.devnull, "w", encoding="utf-8")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """hosts.Missing is a skip, but not in CI."""
    outcome = yield
    report = outcome.get_result()
    if (call.excinfo is not None and call.excinfo.errisinstance(hosts.Missing)
            and not in_ci()):
        report.outcome = "skipped"
        report.longrepr = (str(item.path), 0, f"Skipped: {call.excinfo.value}")


# --- time limits ----------------------------------------------------------------

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item):
    """No test runs longer than SECONDS, or what its mark `seconds` allows."""
    mark = item.get_closest_marker("seconds")
    seconds = SECONDS if mark is None else mark.args[0]
    seconds *= hosts.PATIENCE

    def too_long(*_):
        raise AssertionError(f"no end after {seconds} s")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(seconds)
    yield
    signal.alarm(0)


# --- fixtures -------------------------------------------------------------------

@pytest.fixture(scope="module", name="module_host")
def fixture_module_host():
    """One private host for all tests of a file."""
    with hosts.Host() as host:
        yield host


@pytest.fixture(name="host")
def fixture_host(module_host):
    """The file's host without configuration, cache, state, and old log lines."""
    module_host.remove("/etc/security/pam_jwks.conf")
    for folder, mode in (("/var/cache/pam_jwks", 0o755),
                         ("/run/pam_jwks", 0o700)):
        module_host.remove(folder)
        os.mkdir(module_host.path(folder), mode)
        os.chmod(module_host.path(folder), mode)
    module_host.take_attempts()
    yield module_host
