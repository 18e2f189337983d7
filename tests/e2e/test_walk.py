"""docs/first-login.md as it stands: each of its commands is typed into a shell on
a fresh host, where `make install` really installs and sshd is OpenSSH's, and its
answer is compared.  What was typed and answered is left in walk.log in the build.

Three things are made here: the provider, whose deeds are the lines that begin
with provider$; get-token, which prints a token of it; and systemctl, which starts
sshd.  The tests of this file are one story and run in their order."""

import os
import re
import select
import time

import pytest

import hosts
import pages
import services
import tokens
from provider import Provider

PAGE = services.source_file("docs/first-login.md")
NAME = "login.example.org"
SERVER = "server.example.org"
CA = "/etc/security/corp-ca.pem"
ALICE = "/run/home/alice"
TYPED = re.compile(r"(#|\$|provider\$) (.*)$")
SECONDS = 40

# Debian's own, where it differs from OpenSSH's defaults.
SSHD_CONFIG = "KbdInteractiveAuthentication no\nUsePAM yes\n" \
    "X11Forwarding yes\nPrintMotd no\nAcceptEnv LANG LC_*\n"
PAM_SSHD = "auth     required  pam_unix.so\naccount  required  pam_nologin.so\n" \
    "account  required  pam_unix.so\nsession  required  pam_unix.so\n"


class Step:
    """One command of the page and what it answers there."""

    def __init__(self, line, prompt, command):
        self.line = line
        self.prompt = prompt
        self.command = command
        self.answer = []


def chapters():
    """The page's commands below each heading."""
    result, step, until = {}, None, None
    with open(PAGE, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("## "):
                result[line[3:].strip()] = steps = []
            if not line.startswith("    "):
                # A blank line inside an answer is part of it.
                if line.strip():
                    step = None
                elif step is not None:
                    step.answer.append("")
                continue
            text = line[4:].rstrip("\n")
            typed = TYPED.match(text)
            if until is not None:
                step.command += "\n" + text
                until = None if text == until else until
            elif typed:
                step = Step(number, *typed.groups())
                steps.append(step)
                here = re.search(r"<<'(\w+)'", step.command)
                until = here and here[1]
            else:
                assert step is not None, f"line {number}: who says this?"
                step.answer.append(text)
    for steps in result.values():
        for step in steps:
            while step.answer and not step.answer[-1]:
                step.answer.pop()
    return {name: steps for name, steps in result.items() if steps}


class Shell:
    """A shell that keeps its variables from one command to the next."""

    END = "--- the end of an answer: "

    def __init__(self, host, user, folder):
        self.process = host.spawn(
            ["sh", "-c", f"cd {folder} && exec sh"], user, stdin=-1,
            stdout=-1, stderr=-2)

    def type(self, command):
        """Everything that the command printed, and its exit status."""
        self.process.stdin.write(
            f"{{ {command}\n}} </dev/null\necho '{self.END}'$?\n".encode())
        self.process.stdin.flush()
        said, alarm = b"", time.monotonic() + SECONDS
        while True:
            match = re.search(self.END.encode() + rb"(\d+)\n$", said)
            if match:
                return said[:match.start()].decode(), int(match[1])
            ready, _, _ = select.select([self.process.stdout], [], [],
                                        alarm - time.monotonic())
            got = ready and os.read(self.process.stdout.fileno(), 65536)
            assert got, f"no end of: {command}\n{said.decode()}"
            said += got


class Walk:
    """The machine, the provider and the shells; see the head of this file."""

    def __init__(self, host, provider, transcript):
        self.host = host
        self.provider = provider
        self.transcript = transcript
        # The page has no ports.
        self.address = f"{NAME}:{provider.port}"
        self.sshd = None
        self.shells = {}

    def shell(self, prompt):
        if prompt not in self.shells:
            self.shells[prompt] = Shell(self.host, *(
                ("root", hosts.build_dir()) if prompt == "#" else
                ("alice", ALICE)))
        return self.shells[prompt]

    def prepare(self):
        """A machine that has never heard of pam_jwks, and alice's."""
        host = self.host
        host.write("/etc/hosts", f"127.0.0.1 localhost {NAME} {SERVER}\n")
        host.write(CA, self.provider.authority.ca_text())
        host.write("/etc/ssh/sshd_config", SSHD_CONFIG)
        host.write("/etc/pam.d/sshd", PAM_SSHD)
        assert host.run(["ssh-keygen", "-A"]).returncode == 0
        os.link(os.path.join(host.base, "syslog"),
                host.path("/var/log/auth.log"))
        for name in ("passwd", "group", "shadow", "gshadow"):
            text = host.read("/etc/" + name).decode()
            host.write("/etc/" + name, "".join(
                line for line in text.splitlines(True)
                if not line.startswith("pam-jwks:")),
                0o600 if "shadow" in name else 0o644)
        host.remove("/var/cache/pam_jwks")
        host.remove("/run/pam_jwks")
        os.mkdir(host.path("/run/tokens"))
        # /usr can be written to, and nothing of it stays.
        for folder in ("/usr", "/lib"):
            if not os.path.islink(folder):
                self.cover(folder)
        done = host.run(["sh", "-c", "cat >/usr/bin/get-token && "
                         "chmod 755 /usr/bin/get-token"],
                        input='#!/bin/sh\ncat "/run/tokens/$1$2"\n')
        assert done.returncode == 0, done

    def cover(self, folder):
        """What is written there from now on is the host's own."""
        place = "/run/fresh" + folder
        layers = f"lowerdir={folder},upperdir={place}/new," \
            f"workdir={place}/work"
        done = self.host.run(["sh", "-ec", f"""
            mkdir -p {place}
            mount -t tmpfs tmpfs {place}
            mkdir {place}/new {place}/work
            mount -t overlay -o {layers} overlay {folder}"""])
        if done.returncode != 0:
            raise hosts.Missing("no overlay file system: " + done.err.strip())

    # --- what is done here

    def new_tokens(self):
        """Those that people can get right now."""
        kinds = {"": {}, "--expired": {"expires_in": -312}}
        for user in ("alice", "bob"):
            for kind, members in kinds.items():
                self.host.write(f"/run/tokens/{user}{kind}", self.provider.token(
                    user, email=f"{user}@example.org", groups=[
                        f"/teams/team-{i}" for i in range(40)],
                    **members) + "\n")

    def at_the_provider(self, words):
        if words == "rotate":
            self.provider.rotate("summer")
        else:
            assert words == "stop"
            self.provider.close()
        return ""

    def systemctl(self):
        """Starts sshd, on a port that alice's ssh knows; it is asked once."""
        host = self.host
        assert self.sshd is None
        self.sshd = host.serve(lambda port: [
            "/usr/sbin/sshd", "-D", "-o", "ListenAddress=127.0.0.1", "-p",
            str(port)])
        key = host.read("/etc/ssh/ssh_host_ed25519_key.pub").decode()
        host.write(ALICE + "/.ssh/config", f"Port {self.sshd}\n"
                   "NumberOfPasswordPrompts 1\n")
        host.write(ALICE + "/.ssh/known_hosts",
                   f"[{SERVER}]:{self.sshd} {key}")
        assert host.run(["chown", "-R", "alice:alice",
                         ALICE + "/.ssh"]).returncode == 0
        return ""

    # --- a command

    def take(self, step):
        """Types one command: whether it answers as the page has it, what it
        answers, and its exit status."""
        self.transcript.write(f"{step.prompt} {step.command}\n")
        code = 0
        if step.prompt == "provider$":
            said = self.at_the_provider(step.command)
        elif step.command.startswith("systemctl "):
            said = self.systemctl()
        else:
            self.new_tokens()
            self.host.log()
            said, code = self.shell(step.prompt).type(
                step.command.replace(NAME, self.address))
            said = said.replace(self.address, NAME)
        self.transcript.write(said)
        self.transcript.flush()
        said = "".join(line.rstrip() + "\n" for line in said.splitlines())
        return re.fullmatch(pages.pattern(step.answer), said) is not None, said, code


def need_usual_places():
    """The page's are those of a build without --prefix, and a host's PATH."""
    with open(os.path.join(hosts.build_dir(), "Makefile"),
              encoding="utf-8") as file:
        places = dict(re.findall(r"(?m)^(\w+) = (.*)$", file.read()))
    if (places["prefix"], places["sysconfdir"], places["localstatedir"],
            places["runstatedir"]) != ("/usr/local", "/etc", "/var", "/run"):
        pytest.skip("configured with other places")
    if "no" in (places["sysusersdir"], places["tmpfilesdir"]):
        raise hosts.Missing("configured without systemd's folders")


@pytest.fixture(scope="module", name="walk")
def fixture_walk(module_host, tmp_path_factory):
    """The host before the page begins."""
    need_usual_places()
    hosts.need("make", "mount", "systemd-sysusers", "systemd-tmpfiles", "ssh",
               "ssh-keygen")
    authority = tokens.Authority(str(tmp_path_factory.mktemp("ca")), [NAME])
    folder = os.path.join(hosts.build_dir(), "tests/e2e")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "walk.log"), "w",
              encoding="utf-8") as transcript, \
            Provider("RS256", authority,
                     tokens.make_key("RS256", "spring")) as provider:
        provider.name = NAME
        walk = Walk(module_host, provider, transcript)
        walk.prepare()
        yield walk


@pytest.mark.parametrize("name", chapters())
def test_walk(walk, name):
    """Every answer is the one that the page shows."""
    for step in chapters()[name]:
        right, said, code = walk.take(step)
        assert right, f"line {step.line}: {step.command}: exit {code}\n" \
            + said[:4000]
