"""The stacks of conf/pam.d as they are shipped (paths alone are filled in):
who gets in, with what, and what happens when something is missing.

What is expected stands in pam_jwks(8), under "What the sample stacks do"; this
test reads it there.
"""

import os
import re

import pytest

import corp
import hosts
from pam_clients import PamClient

STACKS = "/etc/pam.d"
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))
SHIPPED = os.path.join(ROOT, "conf", "pam.d")
MANUAL = os.path.join(ROOT, "man", "pam_jwks.8")
HEADING = ".Ss What the sample stacks do"
GROUP = "break-glass"

# What the distribution includes, on Debian 12.
COMMON = {
    "common-account":
        "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n"
        "account requisite pam_deny.so\naccount required pam_permit.so\n",
    "common-session": "session required pam_unix.so\n",
    "common-session-noninteractive": "session required pam_unix.so\n",
    "common-password": "password required pam_unix.so yescrypt\n",
    "other": "".join(f"{phase} required pam_deny.so\n" for phase in
                     ("auth", "account", "password", "session")),
}


# --- the table ------------------------------------------------------------------

def section():
    """The lines of the manual under the heading."""
    with open(MANUAL, encoding="utf-8") as file:
        text = file.read()
    assert HEADING in text
    return re.split(r"(?m)^\.S[sh] ", text.split(HEADING, 1)[1])[0]


def columns():
    """Letter: (files, what kind of user), as the list in the manual says."""
    found = {}
    for letter, words in re.findall(
            r"(?m)^\.It Sy ([A-Z])\n((?:[^.].*\n|\.(?!It|El).*\n)+)",
            section()):
        files = [name for name in re.findall(r"(?m)^\.Pa (\S+)", words)]
        found[letter] = (files, "carol" if "members" in words else "alice")
    return found


def rows():
    """(situation, answer, letter, "in" or "out") for each cell."""
    letters, cells = None, []
    for line in section().splitlines():
        if not line.startswith(".It ") or " Ta " not in line:
            continue
        parts = [part.strip() for part in line[4:].split(" Ta ")]
        if parts[0].startswith("Sy "):
            letters = [part[3:] for part in parts[2:]]
            continue
        assert len(parts) == 2 + len(letters), line
        for letter, verdict in zip(letters, parts[2:]):
            assert verdict in ("in", "out"), line
            cells.append((parts[0], parts[1], letter, verdict))
    return cells


# --- the host -------------------------------------------------------------------

ANSWERS = {
    "good token": corp.token,
    "expired token": lambda user: corp.token(user, exp=1000000000),
    "right password": lambda user: USERS[user] + "-password",
    "wrong password": lambda user: "not-the-password",
}
BAD = ("expired token", "wrong password")
USERS = {"alice": "alice", "carol": "bob"}      # and whose password it is


class Situation:
    """A host in a situation; what a stack's text becomes in it."""

    def __init__(self, host):
        self.host = host
        self.module = host.module()
        self.arguments = " config=" + hosts.CONFIG
        self.added = ""

    def make(self, name):
        """Brings the situation about."""
        config = corp.section()
        mode = 0o644
        corp.write_keys(self.host)
        if name == "no keys, provider down":
            helper = hosts.find_built("pam-jwks-fetch")
            config = (f"[module]\nfetch_user = nobody\nhelper = {helper}\n"
                      "cache_dir = /var/cache/pam_jwks\n"
                      "state_dir = /run/pam_jwks\n"
                      + corp.section(jwks_file=None,
                                     jwks_uri="https://127.0.0.1:9/keys"))
        elif name == "configuration broken":
            config += "colour = blue\n"
        elif name == "configuration world-writable":
            mode = 0o666
        elif name == "module missing":
            self.module = "/run/nothing/pam_jwks.so"
        elif name == "argument misspelt":
            self.arguments += " use_frist_pass"
        elif name == "module in account":
            self.added = "account required {module}\n"
        elif name == "module in session":
            self.added = "session required {module}\n"
        else:
            assert name in ("all is well", "configuration missing"), name
        self.host.write(hosts.CONFIG, config, mode)
        if name == "configuration missing":
            self.host.remove(hosts.CONFIG)

    def install(self):
        """Every shipped file, in the folder that the application reads."""
        module = self.module + self.arguments
        added = self.added.replace("{module}", module)
        for name in os.listdir(SHIPPED):
            with open(os.path.join(SHIPPED, name), encoding="utf-8") as file:
                text = file.read()
            lines = [line if line.startswith("#") else
                     line.replace("pam_jwks.so", module)
                     for line in text.splitlines()]
            self.host.write(f"{STACKS}/{name}",
                            "\n".join(lines) + "\n" + added)
        for name, text in COMMON.items():
            self.host.write(f"{STACKS}/{name}", text)


@pytest.fixture(scope="module", name="client")
def fixture_client(module_host):
    """carol is a member of the group, with bob's password."""
    passwd = module_host.read("/etc/passwd").decode()
    shadow = module_host.read("/etc/shadow").decode()
    secret = hosts.USERS["bob"][1]
    module_host.write("/etc/passwd", passwd
                      + "carol:x:2004:2004:carol:/run/home/carol:/bin/sh\n")
    module_host.write("/etc/shadow", shadow
                      + f"carol:{secret}:19000:0:99999:7:::\n", 0o600)
    group = module_host.read("/etc/group").decode()
    module_host.write("/etc/group", group + f"{GROUP}:x:2100:carol\n")
    with PamClient(module_host) as client:
        yield client


def gets_in(client, service, user, answer):
    """True if every phase of a login succeeds."""
    phases = ("auth", "setcred", "acct", "open")
    report = client.call(service, user, [answer], phases,
                         ruid=2002 if service.startswith("su") else None)
    codes = [report[phase] for phase in phases]
    # An application stops at the first phase that fails.
    return codes == ["PAM_SUCCESS"] * len(phases), report


def test_every_shipped_stack_is_in_the_table():
    """Files, columns and rows of the table fit each other."""
    files = [name for names, _ in columns().values() for name in names]
    assert set(files) == set(os.listdir(SHIPPED))
    assert {letter for _, _, letter, _ in rows()} == set(columns())
    assert len(rows()) >= 60


@pytest.mark.parametrize("situation", sorted({row[0] for row in rows()}))
def test_stack(host, client, situation):
    """In this situation people get in as the manual says, and not else."""
    place = Situation(host)
    place.make(situation)
    place.install()
    wrong = []
    told = [row[1:] for row in rows() if row[0] == situation]
    # What is bad in the table's first rows is bad whatever happens.
    told += [(answer, letter, "out") for answer in BAD for letter in columns()
             if answer not in {row[0] for row in told}]
    for answer, letter, verdict in told:
        files, user = columns()[letter]
        for service in files:
            inside, report = gets_in(client, service, user,
                                     ANSWERS[answer](user))
            if inside != (verdict == "in"):
                wrong.append((service, user, answer, verdict, report))
    assert not wrong, "\n".join(map(str, wrong)) + host.log()


def test_root_needs_no_token_for_su(host, client):
    """pam_rootok comes first in su: root is not asked at all."""
    place = Situation(host)
    place.make("all is well")
    place.install()
    report = client.call("su", "alice", [], ("auth", "setcred", "acct"))
    assert (report["auth"], report["prompts"]) == ("PAM_SUCCESS", [])


def test_one_prompt_only(host, client):
    """No stack asks twice, whatever is answered: in a host that cannot show
    prompts a second one would get the token."""
    place = Situation(host)
    place.make("all is well")
    place.install()
    for files, user in columns().values():
        for service in files:
            for make in ANSWERS.values():
                _, report = gets_in(client, service, user, make(user))
                assert len(report["prompts"]) == 1, (service, report)
