"""Test hosts: real sshd, sudo, su and pamtester on a private /etc.

    with Host() as host:
        host.pam("sshd", "auth required {module}", "account required pam_permit.so")
        host.config(ISSUER_SECTION)
        port = host.sshd()
        result = host.run(["id"], user="alice", timeout=10)
        attempt = host.take_attempt()

Promises: nothing of the system is changed, nothing listens beyond loopback,
every wait has an end, and no process or folder is left when the block ends.
"""

import json
import os
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

try:
    import pexpect
except ImportError:
    pexpect = None

from syslog_lines import parse_attempt, parse_line

HERE = os.path.dirname(os.path.realpath(__file__))
ASKPASS = os.path.normpath(os.path.join(
    HERE, "../../pam_jwks/client/pam-jwks-askpass"))
NODE_NAME = "node.provider.test"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# How many times longer everything may take, where it is watched (a sanitizer).
PATIENCE = int(os.environ.get("PJ_PATIENCE", "1"))
TIMEOUT = 20 * PATIENCE
CONFIG = "/etc/security/pam_jwks.conf"

# Folder of the host's base, and what it stands in for.
FOLDERS = (
    ("run", "/run"),
    ("etc", "/etc"),
    ("cache", "/var/cache"),
    ("varlog", "/var/log"),
    ("sudo", "/var/lib/sudo"),
)

# Homes live below /run, which is private anyway: the build tree may be
# somewhere below /home.
# Name: uid, password hash.  The passwords are NAME-password; deploy has none.
USERS = {
    "alice": (2001, "$6$pjtestalice$HNErGzUgqph8zbUZGpKxfs/gwbSdbPD/hbUUgp4jjQG"
                    "lFziILZbNyHCt9f1ioe5vd6q4kcGtk9HppxsMX6uNz0"),
    "bob": (2002, "$6$pjtestbob$rWznE8vAemZhdetKDOA/vdx6L7sl6/H6AFtnTNLqJVdbj9V"
                  "3gk3GlTTTIq5.ub5e7hKwBBq7A9/gqMO9G3xN1."),
    "deploy": (2003, "*"),
}

# Never copied from the system: secrets, and what the test decides.
NOT_COPIED = re.compile(
    r"^(passwd|shadow|group|gshadow|subuid|subgid)-?$"
    r"|^(sudoers|sudoers\.d|pam\.d|pam\.conf|nsswitch\.conf)$"
    r"|^(hosts|hostname|resolv\.conf|mtab|nologin|motd|update-motd\.d)$"
    r"|^ssh$|^ssl/private$|^security/pam_jwks|^security/opasswd$"
    r"|^(environment|ld\.so\.preload|krb5\.keytab)$|^systemd$")


class Missing(Exception):
    """Something that the test needs is not on this machine."""


class Result:
    """What a command left: returncode, out, err."""

    def __init__(self, returncode, out, err):
        self.returncode = returncode
        self.out = out
        self.err = err

    def __repr__(self):
        return (f"exit {self.returncode}\n--- stdout\n{self.out}"
                f"--- stderr\n{self.err}")


def build_dir():
    """The build tree under test."""
    root = os.path.dirname(os.path.dirname(HERE))
    return os.path.realpath(os.environ.get("PJ_BUILDDIR") or root)


def find_built(name, folder=None):
    """The real file that libtool built, not its wrapper script.

    A program that is not there is a failure, not a reason to skip.
    """
    folder = folder or build_dir()
    for place in ("pam_jwks/.libs", ".libs", "pam_jwks", "."):
        path = os.path.normpath(os.path.join(folder, place, name))
        if os.path.isfile(path):
            with open(path, "rb") as file:
                if file.read(4) == b"\x7fELF":
                    return path
    raise AssertionError(f"{name} is not built below {folder}; run make")


def need(*programs):
    """Raises Missing if one of the programs is not installed."""
    for program in programs:
        if shutil.which(program, path=PATH) is None:
            raise Missing(f"{program} is not installed")


def environment(user, home=None):
    """A small, fixed environment."""
    home = home or ("/run/home/" + user)
    return {"PATH": PATH, "HOME": home, "USER": user, "LOGNAME": user,
            "SHELL": "/bin/sh", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}


# --- preparing the folders ------------------------------------------------

def _copy_etc(target):
    """The system's /etc without its secrets; symbolic links stay links."""
    def ignore(folder, names):
        inner = os.path.relpath(folder, "/etc")
        left_out = []
        for name in names:
            relative = os.path.normpath(os.path.join(inner, name))
            path = os.path.join(folder, name)
            regular = os.path.islink(path) or os.path.isdir(path) \
                or os.path.isfile(path)
            if NOT_COPIED.search(relative) or not regular:
                left_out.append(name)
        return left_out

    shutil.copytree("/etc", target, symlinks=True, ignore=ignore)


def _write(path, text, mode=0o644):
    """Writes a file that is new: never through a link of the copy."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    if os.path.lexists(path):
        os.unlink(path)
    data = text if isinstance(text, bytes) else text.encode()
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW,
                 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
    os.chmod(path, mode)


def _accounts(etc):
    """passwd, shadow, group and gshadow: the system's services, our users."""
    passwd, shadow = [], []
    for entry in pwd.getpwall():
        if entry.pw_uid < 1000 or entry.pw_name == "nobody":
            home = "/run/home/root" if entry.pw_uid == 0 else entry.pw_dir
            passwd.append(f"{entry.pw_name}:x:{entry.pw_uid}:{entry.pw_gid}:"
                          f"{entry.pw_name}:{home}:{entry.pw_shell}")
            shadow.append(f"{entry.pw_name}:*:19000:0:99999:7:::")
    groups = []
    with open("/etc/group", encoding="utf-8", errors="replace") as file:
        for line in file:
            name, _, gid = line.strip().split(":")[:3]
            if int(gid) < 1000 or int(gid) == 65534:
                groups.append(f"{name}:x:{gid}:")
    for name, (uid, secret) in USERS.items():
        passwd.append(f"{name}:x:{uid}:{uid}:{name}:/run/home/{name}:/bin/sh")
        shadow.append(f"{name}:{secret}:19000:0:99999:7:::")
        groups.append(f"{name}:x:{uid}:")
    _write(etc + "/passwd", "\n".join(passwd) + "\n")
    _write(etc + "/shadow", "\n".join(shadow) + "\n", 0o600)
    _write(etc + "/group", "\n".join(groups) + "\n")
    _write(etc + "/gshadow",
           "".join(line.split(":")[0] + ":*::\n" for line in groups), 0o600)


def prepare(base):
    """Fills an empty folder with what the namespace puts over the system's."""
    os.chmod(base, 0o700)
    etc = os.path.join(base, "etc")
    _copy_etc(etc)
    _accounts(etc)
    _write(etc + "/nsswitch.conf",
           "".join(f"{name}: files\n" for name in
                   ("passwd", "group", "shadow", "gshadow", "hosts",
                    "networks", "services", "protocols")))
    _write(etc + "/hosts",
           f"127.0.0.1 localhost provider.test {NODE_NAME}\n")
    _write(etc + "/hostname", NODE_NAME + "\n")
    _write(etc + "/resolv.conf", "")
    _write(etc + "/environment", "")
    _write(etc + "/pam.d/other", "auth required pam_deny.so\n"
           "account required pam_deny.so\npassword required pam_deny.so\n"
           "session required pam_deny.so\n")
    _write(etc + "/sudoers",
           f'Defaults secure_path="{PATH}"\n'
           "Defaults env_reset, timestamp_timeout=0, !mail_badpass\n"
           "Defaults lecture=never, passwd_tries=1\n"
           "root ALL=(ALL:ALL) ALL\nalice ALL=(ALL:ALL) ALL\n", 0o440)
    _write(etc + "/ssh/moduli", "")
    if not os.path.isdir(etc + "/security"):
        os.mkdir(etc + "/security", 0o755)

    run = os.path.join(base, "run")
    os.makedirs(run + "/sshd", mode=0o755)
    os.makedirs(run + "/lock", mode=0o755)
    os.mkdir(run + "/pam_jwks", 0o700)
    os.mkdir(run + "/home", 0o755)
    for name, uid in [("root", 0)] + [(n, u[0]) for n, u in USERS.items()]:
        os.mkdir(f"{run}/home/{name}", 0o700)
        os.chown(f"{run}/home/{name}", uid, uid)
    _write(run + "/utmp", "")
    os.makedirs(base + "/cache/pam_jwks", mode=0o755)
    os.mkdir(base + "/varlog", 0o755)
    for name in ("wtmp", "btmp", "lastlog"):
        _write(f"{base}/varlog/{name}", "", 0o600)
    os.mkdir(base + "/sudo", 0o700)
    _write(base + "/syslog", "", 0o600)
    for folder in ("etc", "run", "cache"):
        os.chmod(os.path.join(base, folder), 0o755)


# --- the host ---------------------------------------------------------------

class Host:
    """A private host; see the head of this file."""

    def __init__(self, builddir=None):
        self.builddir = builddir or build_dir()
        self.base = None
        self._process = None
        self._pid = None
        self._spawned = []
        self._taken = 0
        self._markers = 0
        self._sshd_keys = None

    def __enter__(self):
        if os.geteuid() != 0:
            raise Missing("test hosts need root")
        need("unshare", "nsenter", "setpriv")
        self.base = tempfile.mkdtemp(prefix="pj-host.")
        try:
            prepare(self.base)
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self):
        self._process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "host"), "--hold", self.base],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True)
        alarm = time.monotonic() + TIMEOUT
        output = self._process.stdout.fileno()
        line = b""
        while time.monotonic() < alarm and not line.endswith(b"\n"):
            if select.select([output], [], [], 1)[0]:
                more = os.read(output, 100)
                if not more:
                    break
                line += more
        words = line.split()
        if len(words) != 2 or words[0] != b"ready":
            self._process.kill()
            error = self._process.stderr.read().decode().strip()
            if re.search("not permitted|denied", error):
                raise Missing("no private namespaces here: " + error)
            raise AssertionError("the test host did not start: " + error)
        self._pid = words[1].decode()

    def close(self):
        """Ends every process of the host and removes its folder."""
        if self._process is not None:
            self._process.stdin.close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)
            self._process.stdout.close()
            self._process.stderr.close()
            self._process = None
        for process in self._spawned:
            _kill(process)
        self._spawned = []
        if self.base is not None:
            shutil.rmtree(self.base, ignore_errors=True)
            self.base = None

    # --- files

    def path(self, inner):
        """Where a path of the host is, seen from outside."""
        for name, target in FOLDERS:
            if inner == target or inner.startswith(target + "/"):
                return os.path.join(self.base, name) + inner[len(target):]
        raise ValueError(f"{inner} is not private to the host")

    def write(self, inner, text, mode=0o644, owner=None):
        """Writes a private file of the host; an old one is replaced."""
        path = self.path(inner)
        _write(path, text, mode)
        if owner is not None:
            os.chown(path, USERS[owner][0], USERS[owner][0])
        return inner

    def read(self, inner):
        """The bytes of a private file."""
        with open(self.path(inner), "rb") as file:
            return file.read()

    def remove(self, inner):
        """Removes a private file or folder, if it is there."""
        path = self.path(inner)
        if os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif os.path.lexists(path):
            os.unlink(path)

    def config(self, text, **module):
        """Writes pam_jwks.conf: a [module] section for tests, then text."""
        settings = {"fetch_user": "nobody", "cache_dir": "/var/cache/pam_jwks",
                    "state_dir": "/run/pam_jwks"}
        if "jwks_file" not in text and "helper" not in module:
            settings["helper"] = find_built("pam-jwks-fetch", self.builddir)
        settings.update(module)
        lines = "".join(f"{key} = {value}\n"
                        for key, value in settings.items()
                        if value is not None)
        self.write(CONFIG, "[module]\n" + lines + text)

    def module(self):
        """Path of the PAM module in the build tree."""
        return find_built("pam_jwks.so", self.builddir)

    def pam(self, service, *lines):
        """Writes pam.d/SERVICE; {module} stands for the module's path and for
        config=, since the built-in path depends on configure.

        Phases that no line names are permitted, so that a service with an
        auth line alone can be used.
        """
        lines = [line.replace("{module}", f"{self.module()} config={CONFIG}")
                 if "{module}" in line else line for line in lines]
        named = {line.split()[0].lstrip("-") for line in lines}
        for phase in ("auth", "account", "password", "session"):
            if phase not in named:
                lines.append(f"{phase} required pam_permit.so")
        self.write("/etc/pam.d/" + service, "\n".join(lines) + "\n")

    # --- processes

    def _command(self, argv, user):
        enter = ["nsenter", "--target", self._pid, "--mount", "--uts",
                 "--pid", "--"]
        if user != "root":
            uid, gid = (USERS[user][0],) * 2 if user in USERS \
                else pwd.getpwnam(user)[2:4]
            enter += ["setpriv", "--reuid", str(uid), "--regid", str(gid),
                      "--init-groups", "--"]
        return enter + list(argv)

    def spawn(self, argv, user="root", env=None, **kwargs):
        """Starts a command in the host; it ends with the host at the latest."""
        values = environment(user)
        values.update(env or {})
        process = subprocess.Popen(
            self._command(argv, user), env=values,
            start_new_session=True, **kwargs)
        self._spawned.append(process)
        return process

    def run(self, argv, user="root", input=None, env=None, timeout=TIMEOUT):
        """Runs a command in the host without a terminal, waits, returns Result.

        input is text or bytes.  After timeout everything of it is killed and
        the test fails.
        """
        data = input.encode() if isinstance(input, str) else input
        process = self.spawn(
            argv, user, env, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL if data is None else subprocess.PIPE)
        try:
            out, err = process.communicate(data, timeout)
        except subprocess.TimeoutExpired:
            _kill(process)
            raise AssertionError(
                f"{argv[0]} did not end in {timeout} s\n{self.log()}") from None
        finally:
            self._spawned.remove(process)
        return Result(process.returncode, out.decode(errors="replace"),
                      err.decode(errors="replace"))

    def serve(self, command, user="root", log=None):
        """Starts a server that stays in the foreground; returns its port.

        command makes its command line from a free loopback port; what it
        prints goes to the private file log.
        """
        for _ in range(5):
            port = _free_port()
            with open(self.path(log) if log else os.devnull, "ab") as out:
                server = self.spawn(
                    command(port), user, stdin=subprocess.DEVNULL,
                    stdout=out, stderr=out)
            if _wait_for_port(port, server):
                return port
            _kill(server)
            self._spawned.remove(server)
        raise AssertionError(
            f"{command(0)[0]} did not start\n{self.log()}"
            + (self.read(log).decode(errors="replace") if log else ""))

    def terminal(self, argv, user="root", env=None, timeout=TIMEOUT):
        """Starts a command on a terminal of its own, for pexpect."""
        if pexpect is None:
            raise Missing("python3-pexpect is not installed")
        values = environment(user)
        values.update(env or {})
        line = self._command(argv, user)
        return pexpect.spawn(line[0], line[1:], env=values, timeout=timeout,
                             echo=False)

    # --- PAM clients

    def authenticate(self, service, user, answers, phases=("auth",),
                     timeout=TIMEOUT, **options):
        """One PAM transaction by tests/support/pamclient.

        answers are given to the prompts in turn; an answer of None fails the
        conversation.  Returns what pamclient reports, as a dictionary: codes
        of the phases by name, prompts, texts, env.
        """
        if isinstance(answers, (str, bytes)):
            answers = [answers]
        order = {"service": service, "user": user, "phases": list(phases),
                 "answers": [a.decode("latin-1") if isinstance(a, bytes)
                             else a for a in answers]}
        order.update(options)
        result = self.run(
            [sys.executable, os.path.join(HERE, "pamclient")],
            input=json.dumps(order), timeout=timeout,
            env={"PYTHONDONTWRITEBYTECODE": "1"})
        assert result.returncode == 0, result
        return json.loads(result.out)

    def pamtester(self, service, user, answer, *operations, timeout=TIMEOUT):
        """pamtester with the answer on its input."""
        need("pamtester")
        return self.run(
            ["pamtester", service, user, *(operations or ("authenticate",))],
            input=answer + "\n", timeout=timeout)

    # --- sshd

    def sshd(self, **options):
        """Starts an OpenSSH server on a free loopback port; returns the port.

        options are lines of sshd_config.
        """
        need("sshd", "ssh", "ssh-keygen")
        if self._sshd_keys is None:
            made = self.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "",
                             "-C", "test", "-f", "/etc/ssh/host_key"])
            assert made.returncode == 0, made
            self._sshd_keys = self.read("/etc/ssh/host_key.pub").decode()
        settings = {
            "ListenAddress": "127.0.0.1",
            "HostKey": "/etc/ssh/host_key",
            "UsePAM": "yes",
            "KbdInteractiveAuthentication": "yes",
            "PasswordAuthentication": "no",
            "PubkeyAuthentication": "no",
            "AuthenticationMethods": "keyboard-interactive",
            "PermitRootLogin": "yes",
            "PidFile": "none",
            "UseDNS": "no",
            "PrintMotd": "no",
            "PrintLastLog": "no",
            "LogLevel": "VERBOSE",
            "LoginGraceTime": "30",
            "PerSourcePenalties": "no",
            "PerSourceMaxStartups": "none",
            "MaxStartups": "100",
        }
        settings.update(options)
        self.write("/etc/ssh/sshd_config",
                   self._known_settings(settings))
        port = self.serve(lambda port: [
            "/usr/sbin/sshd", "-D", "-f", "/etc/ssh/sshd_config",
            "-p", str(port)])
        self.write("/run/known_hosts",
                   f"[127.0.0.1]:{port} {self._sshd_keys}")
        return port

    def _known_settings(self, settings):
        """Leaves out what this version of sshd does not know."""
        optional = {"PerSourcePenalties", "PerSourceMaxStartups"}
        left_out = set()
        while True:
            text = "".join(f"{key} {value}\n"
                           for key, value in settings.items()
                           if key not in left_out)
            self.write("/etc/ssh/sshd_config.try", text)
            checked = self.run(["/usr/sbin/sshd", "-t", "-f",
                                "/etc/ssh/sshd_config.try"])
            if checked.returncode == 0:
                return text
            wrong = {key for key in optional - left_out if key in checked.err}
            assert wrong, checked
            left_out |= wrong

    def ssh(self, port, user, token, command="id -un", timeout=TIMEOUT,
            **options):
        """Logs in with the OpenSSH client, which asks an SSH_ASKPASS program."""
        self.write("/run/askpass-answer", token, 0o600)
        self.write("/run/askpass", "#!/bin/sh\n"
                   "printf '%s\\n' \"$1\" >>/run/askpass-prompts\n"
                   "cat /run/askpass-answer\n", 0o755)
        settings = {
            "UserKnownHostsFile": "/run/known_hosts",
            "StrictHostKeyChecking": "yes",
            "PreferredAuthentications": "keyboard-interactive",
            "NumberOfPasswordPrompts": "1",
            "ConnectTimeout": "10",
            "LogLevel": "ERROR",
        }
        settings.update(options)
        argv = ["ssh", "-F", "none", "-T", "-p", str(port), "-l", user]
        for key, value in settings.items():
            argv += ["-o", f"{key}={value}"]
        return self.run(
            argv + ["127.0.0.1", command], timeout=timeout,
            env={"SSH_ASKPASS": "/run/askpass",
                 "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": "none:0"})

    # --- the log

    def log(self):
        """Everything that was sent to syslog up to now."""
        self._markers += 1
        marker = f"--- marker {self._markers} ---"
        folder = os.open(self.path("/run"), os.O_PATH | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(5)
                sender.connect(f"/proc/self/fd/{folder}/dev-log")
                sender.send(marker.encode())
        except OSError:
            pass        # the host has ended; what was written stays readable
        else:
            alarm = time.monotonic() + 5
            while time.monotonic() < alarm and marker not in self._syslog():
                time.sleep(0.005)
        finally:
            os.close(folder)
        return re.sub(r"--- marker \d+ ---\n", "", self._syslog())

    def _syslog(self):
        with open(os.path.join(self.base, "syslog"),
                  encoding="utf-8", errors="replace") as file:
            return file.read()

    def log_lines(self):
        """The log as parsed lines; see syslog_lines.py."""
        return [parse_line(line) for line in self.log().splitlines()]

    def take_attempts(self):
        """The module's attempt lines since the last call."""
        lines = self.log_lines()
        new, self._taken = lines[self._taken:], len(lines)
        return [a for a in map(parse_attempt, new) if a is not None]

    def take_attempt(self):
        """The one attempt since the last call; another number is a failure."""
        attempts = self.take_attempts()
        assert len(attempts) == 1, (
            f"{len(attempts)} attempts in the log:\n{self.log()}")
        return attempts[0]

    def processes(self):
        """Command lines of all processes of the host but its first."""
        listed = self.run(["ps", "-eo", "pid=,ppid=,args="])
        return [line for line in listed.out.splitlines()
                if line.split()[0] != "1" and "ps -eo" not in line]


def _kill(process):
    """Ends a process that spawn started, and its session."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        pass
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for_port(port, process):
    """True once something accepts connections; False if process ended."""
    alarm = time.monotonic() + 10
    while time.monotonic() < alarm:
        if process.poll() is not None:
            return False
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return True
        except OSError:
            time.sleep(0.02)
    return False
