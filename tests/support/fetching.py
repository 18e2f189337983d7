"""What the tests of fetching share: a host with one issuer section, the program
itself, and the two files that it leaves."""

import hashlib
import os
import re

import hosts

CA = "/etc/security/ca.pem"
CACHE = "/var/cache/pam_jwks"
STATE = "/run/pam_jwks"
SECTION = "corp"


def is_sanitized():
    """True for a build with the address sanitizer, which reserves terabytes:
    its worker has no limit on address space."""
    with open(hosts.find_built("pam-jwks-fetch"), "rb") as file:
        return b"__asan_init" in file.read()


class Machine:
    """A host, a provider, and pam-jwks-fetch run by hand."""

    def __init__(self, host, provider):
        self.host = host
        self.provider = provider
        self.fetcher = hosts.find_built("pam-jwks-fetch")
        self.tool = hosts.find_built("pam-jwks")
        host.write(CA, provider.authority.ca_text())
        self.configure()

    def configure(self, module=None, **settings):
        """The section's settings, and those of [module]."""
        times = {"timeout_cold": "8s", "timeout_stale": "5s",
                 "connect_timeout": "3s", "request_timeout": "5s"}
        times.update(module or {})
        values = {"ca_file": CA}
        values.update(settings)
        self.host.config(self.provider.section(SECTION, **values), **times)

    def fetch(self, *before, cause="forced", timeout=20, env=None):
        """One fetch: (status, words) of its reply."""
        result = self.host.run(
            [*before, self.fetcher, "--cause", cause, "--config",
             hosts.CONFIG, "--section", SECTION], timeout=timeout, env=env)
        match = re.fullmatch(r"pam-jwks-fetch 1 (\w+) ?(.*)\n", result.out)
        assert match and result.err == "", result
        return match.groups()

    def ask(self, **settings):
        """A fetch that must bring keys; then what `pam-jwks keys` tells."""
        status, words = self.fetch(**settings)
        assert status == "ok", words
        return self.keys()

    def keys(self):
        """`pam-jwks keys` as numbers and words."""
        said = self.host.run([self.tool, "keys", "-c", hosts.CONFIG])
        told = {}
        for line in (r"^  from (?P<uri>\S+)$",
                     r"^  (?P<state>\w+), fetched (?P<age>\d+) s ago, "
                     r"ttl (?P<ttl>\d+) s, due after (?P<due>\d+) s$"):
            match = re.search(line, said.out, re.M)
            assert match, said
            told.update(
                (name, int(value) if value.isdigit() else value)
                for name, value in match.groupdict().items())
        told["text"] = said.out
        return told

    def files(self, folder, kind):
        names = os.listdir(self.host.path(folder))
        return [os.path.join(self.host.path(folder), name) for name in names
                if name.endswith(kind)]

    def _lines(self, folder, kind):
        """The "name value" lines of the only file of a kind, or None."""
        paths = self.files(folder, kind)
        if not paths:
            return None
        assert len(paths) == 1, paths
        with open(paths[0], "rb") as file:
            head = file.read().partition(b"\n\n")[0].decode()
        return dict(line.split(" ", 1) for line in head.splitlines())

    def data(self):
        """The data file's lines; None if there is no file."""
        return self._lines(CACHE, ".jwks")

    def state(self):
        """The state file's lines."""
        return self._lines(STATE, ".state")

    def rewrite(self, **lines):
        """Changes lines of the data file, with a good checksum."""
        path = self.files(CACHE, ".jwks")[0]
        with open(path, "rb") as file:
            magic, _, rest = file.read().split(b"\n", 2)
        head, empty, body = rest.partition(b"\n\n")
        changed = [line if line.split(b" ")[0].decode() not in lines else
                   lines[line.split(b" ")[0].decode()].encode()
                   for line in head.split(b"\n")]
        rest = b"\n".join(changed) + empty + body
        with open(path, "wb") as file:
            file.write(magic + b"\nsha256 " +
                       hashlib.sha256(rest).hexdigest().encode() + b"\n" +
                       rest)

    def pause(self):
        """Seconds between the last attempt and the end of its pause."""
        state = self.state()
        return int(state["backoff_until"]) - int(state["attempt"].split()[1])

    def asked(self):
        """Requests so far: (discovery, keys, other)."""
        return tuple(self.provider.count(what)
                     for what in ("discovery", "keys", "other"))
