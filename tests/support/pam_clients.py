"""A PAM application that stays: many transactions in a test host, each in a
process of its own, without starting Python for each.

    with PamClient(host) as client:
        report = client.call(service="login", user="alice", answers=[token])
"""

import json
import os
import select
import subprocess
import sys
import time

import hosts


class PamClient:
    """tests/support/pamclient --serve in a host.

    preload is a library for LD_PRELOAD, env further variables.  PJ_PRELOAD in the
    environment names what comes before it (a sanitizer's).
    """

    def __init__(self, host, preload=None, env=None):
        values = {"PYTHONDONTWRITEBYTECODE": "1", **(env or {})}
        argv = [sys.executable, os.path.join(hosts.HERE, "pamclient"),
                "--serve"]
        first = os.environ.get("PJ_PRELOAD")
        if first:
            # The application is Python, which frees little at its end.
            values["ASAN_OPTIONS"] = "detect_leaks=0"
        if first or preload:
            argv = ["env", "LD_PRELOAD=" + ":".join(
                library for library in (first, preload) if library)] + argv
        self._process = host.spawn(
            argv, env=values, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the application."""
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        self._process.stdout.close()

    def call(self, service, user, answers, phases=("auth",),
             timeout=hosts.TIMEOUT, **options):
        """One transaction; returns what pamclient reports."""
        order = {"service": service, "user": user, "phases": list(phases),
                 "answers": answers, **options}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        report = json.loads(self._line(time.monotonic() + timeout))
        assert "died" not in report, f"the application died: {report}"
        return report

    def _line(self, alarm):
        output = self._process.stdout.fileno()
        while b"\n" not in self._rest:
            left = alarm - time.monotonic()
            assert left > 0, "the application gave no answer in time"
            if select.select([output], [], [], left)[0]:
                more = os.read(output, 65536)
                assert more, "the application has ended"
                self._rest += more
        line, self._rest = self._rest.split(b"\n", 1)
        return line
