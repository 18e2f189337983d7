"""The longest token through sshd, sudo, opendoas, su, login and pamtester: in
one answer, and in pieces.  README and pam_jwks(8) say what is measured here;
those of services are measured by their own tests."""

import glob
import os

import pytest

import hosts
import libssh_client
import limits
import long_tokens
from limits import longest, number
from long_tokens import at_terminal, pieces, token
from services import source_file
from ssh_client import converse

HOME = "/run/home/alice"
SERVICES = ("sshd", "sudo", "doas", "su", "login", "tester")
SSH = ["-F", "none", "-o", "UserKnownHostsFile=/dev/null", "-o",
       "StrictHostKeyChecking=no", "-o", "NumberOfPasswordPrompts=1", "-o",
       "LogLevel=ERROR", "-o", "ConnectTimeout=10"]


@pytest.fixture(scope="module", name="ports")
def fixture_ports(module_host):
    """A server for each method."""
    return {"keyboard-interactive": module_host.sshd(
                Subsystem="sftp internal-sftp"),
            "password": module_host.sshd(
                PasswordAuthentication="yes", AuthenticationMethods="password",
                KbdInteractiveAuthentication="no")}


@pytest.fixture(name="machine")
def fixture_machine(host, ports):
    """Nothing but pam_jwks in every stack."""
    assert ports
    long_tokens.need_set_id()
    host.write("/etc/doas.conf", "permit alice\n", 0o400)
    return long_tokens.machine(host, *SERVICES)


# --- what takes answers: clients with their hosts ----------------------------------

class Ways:
    """Each method lets alice in with these answers and returns whether the
    command ran."""

    def __init__(self, machine, ports):
        self.machine = machine
        self.ports = ports

    def _ssh(self, method):
        return ["ssh", *SSH, "-p", str(self.ports[method]), "-o",
                "PreferredAuthentications=" + method, "alice@127.0.0.1",
                "echo got in"]

    def _typed(self, argv, answers, user="alice"):
        typed = at_terminal(self.machine, argv, answers, user)
        return "got in" in typed.out

    def _helped(self, argv, env):
        result = self.machine.run(argv, user="alice", env=env)
        return "got in" in result.out

    def ssh(self, answers):
        return self._typed(self._ssh("keyboard-interactive"), answers)

    def ssh_askpass(self, text):
        return self._helped(self._ssh("keyboard-interactive"),
                            long_tokens.askpass(self.machine, text))

    def ssh_password(self, answers):
        self.machine.write(HOME + "/whole", "#!/bin/sh\necho " + answers[0]
                           + "\n", 0o700, "alice")
        return self._helped(self._ssh("password"), {
            "SSH_ASKPASS": HOME + "/whole", "SSH_ASKPASS_REQUIRE": "force"})

    def paramiko(self, answers):
        return converse(self.ports["keyboard-interactive"], "alice",
                        answers).outcome == "in"

    def paramiko_password(self, answers):
        return converse(self.ports["password"], "alice", answers,
                        "password").outcome == "in"

    def libssh(self, answers):
        return libssh_client.log_in(self.ports["keyboard-interactive"],
                                    "alice", answers)[0]

    def curl(self, answers):
        """curl has one answer for every prompt."""
        hosts.need("curl")
        self.machine.write(HOME + "/curlrc", f'user = "alice:{answers[0]}"\n',
                           0o600, "alice")
        self.machine.write(HOME + "/file", "got in", 0o644, "alice")
        port = self.ports["keyboard-interactive"]
        return self._helped(
            ["curl", "-q", "-s", "-S", "-k", "-K", HOME + "/curlrc",
             f"sftp://127.0.0.1:{port}{HOME}/file"], {})

    def sudo(self, answers):
        return self._typed(["sudo", "echo", "got in"], answers)

    def sudo_a(self, answers):
        """A helper that says the whole token at the first prompt."""
        self.machine.write(
            HOME + "/whole", '#!/bin/sh\ncase $1 in "Token: ") echo '
            + answers[0] + " ;; *) echo ;; esac\n", 0o700, "alice")
        return self._helped(["sudo", "-A", "echo", "got in"],
                            {"SUDO_ASKPASS": HOME + "/whole"})

    def sudo_a_askpass(self, text):
        return self._helped(["sudo", "-A", "echo", "got in"],
                            long_tokens.askpass(self.machine, text))

    def sudo_s(self, answers):
        result = self.machine.run(
            ["sudo", "-S", "echo", "got in"], user="alice",
            input="".join(text + "\n" for text in answers + [""]))
        return "got in" in result.out

    def doas(self, answers):
        hosts.need("doas")
        return self._typed(["doas", "echo", "got in"], answers)

    def su(self, answers):
        return self._typed(["su", "alice", "-c", "echo got in"], answers,
                           "bob")

    def login(self, answers):
        """The shell that it starts is left with exit; login says no more."""
        typed = at_terminal(self.machine, [
            "script", "-qec", "login alice && echo got in", "/dev/null"],
            answers, "root")
        return "got in" in typed.out

    def pamtester(self, answers):
        return self.machine.pamtester("tester", "alice", "\n".join(
            answers + [""])).returncode == 0


# Host, client, by one answer, in pieces, who makes the pieces.
TABLE = [
    ("sshd", "ssh", "ssh", "ssh_askpass", "askpass"),
    ("sshd", "paramiko, libssh", "paramiko", "", ""),
    ("sshd", "paramiko, libssh", "libssh", "", ""),
    ("sshd", "curl", "curl", "", ""),
    ("sshd, password", "ssh", "ssh_password", "", ""),
    ("sshd, password", "paramiko", "paramiko_password", "", ""),
    ("sudo", "terminal", "sudo", "sudo", "pasted"),
    ("sudo", "-A", "sudo_a", "sudo_a_askpass", "askpass"),
    ("sudo", "-S", "sudo_s", "sudo_s", "piped"),
    ("opendoas", "terminal", "doas", "doas", "pasted"),
    ("su", "terminal", "su", "su", "pasted"),
    ("login", "terminal", "login", "login", "pasted"),
    ("pamtester", "pipe", "pamtester", "pamtester", "piped"),
]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row[0]}-{row[2]}")
def test_limits(machine, ports, row):
    """The documents say what is measured."""
    name, client, one_answer, in_pieces, maker = row
    ways = Ways(machine, ports)
    beyond = []

    def works(length, answer):
        machine.take_attempts()
        good = answer(token(length))
        attempts = machine.take_attempts()
        assert good == any(a.verdict == "accepted" for a in attempts), attempts
        if not good:
            beyond[:] = attempts
        return good

    by_one = getattr(ways, one_answer)
    one = longest(lambda length: works(length, lambda text: by_one([text])))
    said = beyond[0]["reason"] if beyond else "nothing"
    cell = "none"
    if in_pieces:
        way = getattr(ways, in_pieces)
        split = way if maker == "askpass" else lambda text: way(pieces(text))
        cell = number(longest(lambda length: works(length, split),
                              limits.LENGTHS[-1:]))
    limits.measured(name, client, one, cell, said)


def test_every_row_is_measured():
    """No row stands in the documents that no test has measured."""
    code = ""
    for path in glob.glob(source_file("tests/e2e/test_*.py")):
        with open(path, encoding="utf-8") as file:
            code += " ".join(file.read().split())
    assert os.path.exists(source_file("README.md"))
    for name, rows in limits.documented().items():
        assert len(rows) >= len({row[:2] for row in TABLE})
        for row in rows:
            assert f'"{row[0]}", "{row[1]}"' in code, (name, row)
