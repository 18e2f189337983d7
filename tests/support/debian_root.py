"""A Debian of its own in a folder: debootstrap makes it, chroot enters it.

    with DebianRoot(folder) as root:
        root.apt("install", "/packages/x.deb")
        root.run(["id", "alice"])

For tests of packages: what is installed there is not installed here.
"""

import glob
import hashlib
import os
import re
import shutil
import stat
import subprocess

import hosts

# What installing and removing any package changes.
UNSTABLE = re.compile(
    r"/(dev|proc|sys|tmp|var/log|var/cache/(apt|debconf|ldconfig|man)"
    r"|var/lib/(dpkg|apt|systemd|pam))(/|$)"
    r"|/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$"
    r"|/etc/\.pwd\.lock$|/etc/ld\.so\.cache$|/etc/(mtab|machine-id)$"
    r"|/root/")


def mirror():
    """This machine's own mirror and release, from its apt configuration."""
    release = ""
    with open("/etc/os-release", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("VERSION_CODENAME="):
                release = line.strip().split("=", 1)[1].strip('"')
            if line.startswith("ID=") and line.strip() != "ID=debian":
                raise hosts.Missing("this machine is not a Debian")
    for path in (["/etc/apt/sources.list"]
                 + sorted(glob.glob("/etc/apt/sources.list.d/*"))):
        if not os.path.isfile(path):
            continue
        with open(path, encoding="utf-8") as lines:
            found = re.search(
                r"^(?:URIs:|deb(?: \[[^]]*\])?)\s+(https?://\S+)",
                lines.read(), re.MULTILINE)
        if found:
            return found.group(1), release
    raise hosts.Missing("no mirror in this machine's apt configuration")


class DebianRoot:
    """The folder; all commands end with the test that started them."""

    def __init__(self, folder):
        self.folder = folder

    def __enter__(self):
        hosts.need("debootstrap", "chroot")
        if os.geteuid() != 0:
            raise hosts.Missing("not root: no debootstrap")
        url, release = mirror()
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", release, self.folder, url],
            capture_output=True, text=True, stdin=subprocess.DEVNULL,
            timeout=900, check=False)
        if done.returncode != 0:
            raise hosts.Missing("debootstrap failed: " + done.stdout[-500:])
        # The machine's own way to packages, and no server that starts.
        for name in ("sources.list", "sources.list.d", "apt.conf.d"):
            source = os.path.join("/etc/apt", name)
            target = self.path(source)
            if os.path.isdir(source):
                shutil.copytree(source, target, dirs_exist_ok=True)
            elif os.path.isfile(source):
                shutil.copy(source, target)
        self.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        self.apt("update")
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, inside):
        return self.folder + inside

    def write(self, inside, text, mode=0o644):
        with open(self.path(inside), "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(self.path(inside), mode)

    def read(self, inside):
        with open(self.path(inside), encoding="utf-8") as text:
            return text.read()

    def command(self, argv):
        """The argument list that runs argv inside, with its own /proc."""
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child",
                "sh", "-c", 'mount -t proc proc "$0/proc" && '
                'mount --bind /dev "$0/dev" && exec chroot "$0" "$@"',
                self.folder, *argv]

    def run(self, argv, check=True, **options):
        """Runs a command inside and returns what subprocess.run returns."""
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                       "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8",
                       "HOME": "/root"}
        done = subprocess.run(
            self.command(argv), env=environment, text=True, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=None if "input" in options else subprocess.DEVNULL,
            timeout=options.pop("timeout", 300), **options)
        if check and done.returncode != 0:
            raise AssertionError(f"{argv}: {done.returncode}\n{done.stdout}")
        return done

    def apt(self, *arguments):
        return self.run(["apt-get", "-q", "-y", "--no-install-recommends",
                         *arguments])

    def packages(self):
        """All that is installed, or was and left configuration."""
        done = self.run(["dpkg-query", "-W", "-f", "${Package} ${Status}\n"])
        return set(done.stdout.splitlines())

    def snapshot(self):
        """Every path that should be the same again, with what it is."""
        result = {}
        for at, folders, files in os.walk(self.folder):
            inside = at[len(self.folder):] + "/"
            folders[:] = [name for name in folders
                          if not UNSTABLE.match(inside + name)]
            for name in folders + files:
                if not UNSTABLE.match(inside + name):
                    result[inside + name] = _what(os.path.join(at, name))
        return result


def _what(path):
    """Kind, owner, mode and contents of a file."""
    info = os.lstat(path)
    content = ""
    if stat.S_ISREG(info.st_mode):
        with open(path, "rb") as data:
            content = hashlib.sha256(data.read()).hexdigest()
    elif stat.S_ISLNK(info.st_mode):
        content = os.readlink(path)
    return (oct(info.st_mode), info.st_uid, info.st_gid, content)
