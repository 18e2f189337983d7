"""The Debian packages in a Debian of their own: after each step of a package's
life people log in as before, and at its end nothing is left.

The tests of this file are one story and run in their order.
"""

import json
import os
import shutil
import subprocess

import pexpect
import pytest

import packages
import tokens
from debian_root import DebianRoot

ISSUER = "https://login.example.test/realms/corp"
PASSWORD = "correct horse"
CONFIGURATION = f"""\
[issuer corp]
issuer = {ISSUER}
services = su su-l
audience = ssh-login
user_claim = preferred_username
jwks_file = /etc/security/keys.json
"""

pytestmark = pytest.mark.seconds(900)


def key():
    return tokens.shared_key("EdDSA", "k1")


def token(user="alice", **members):
    return tokens.make_token(key(), "EdDSA", tokens.claims(
        ISSUER, user, "ssh-login", **members))


def package(name, revision=1):
    """The path of a package inside the Debian."""
    return f"/packages/{name}_{revision}.deb"


@pytest.fixture(name="root", scope="module")
def fixture_root(tmp_path_factory):
    """A Debian with two people and everything that the packages depend on."""
    built = {revision: packages.debs(packages.build(
        str(tmp_path_factory.mktemp("dist")), revision)) for revision in (1, 2)}
    with DebianRoot(str(tmp_path_factory.mktemp("debian") / "root")) as root:
        os.makedirs(root.path("/packages"))
        for revision, paths in built.items():
            for name, path in paths.items():
                shutil.copy(path, root.path(package(name, revision)))
        for name in ("alice", "bob"):
            root.run(["useradd", "-m", "-s", "/bin/sh", name])
        root.run(["chpasswd"], input=f"alice:{PASSWORD}\n")
        needs = subprocess.run(["dpkg-deb", "-f",
                                root.path(package("libpam-jwks")), "Depends"],
                               capture_output=True, text=True, check=True)
        root.apt("satisfy", needs.stdout.strip())
        root.before = root.snapshot()
        root.known = root.packages()
        yield root


def log_in(root, answer):
    """bob becomes alice at a terminal; what su printed and how it ended."""
    argv = root.command(["setpriv", "--reuid=bob", "--regid=bob",
                         "--init-groups", "su", "alice", "-c", "id -un"])
    child = pexpect.spawn(argv[0], argv[1:], timeout=60, encoding="utf-8")
    # Echo goes off before a password is asked for.
    child.expect("(Password|Token): $")
    child.waitnoecho(10)
    child.sendline(answer)
    # A second prompt is another module's: it gets nothing.
    if child.expect(["Password: $", pexpect.EOF]) == 0:
        child.sendline("")
        child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus == 0 and "alice" in child.before.split()


def assert_password_works(root):
    assert log_in(root, PASSWORD)
    assert not log_in(root, "wrong")


def assert_token_works(root):
    assert log_in(root, token())
    assert not log_in(root, token(expires_in=-600))
    assert not log_in(root, token(user="bob"))


def uses_module(root):
    return "pam_jwks.so" in root.read("/etc/pam.d/common-auth")


def test_before(root):
    """The Debian is in order before anything is installed."""
    assert_password_works(root)


def test_installing_changes_no_login(root):
    """Nobody's login changes by the installation alone."""
    root.apt("install", package("libpam-jwks"))
    assert not uses_module(root)
    assert root.read("/etc/pam.d/common-auth") and not log_in(root, token())
    assert_password_works(root)


def test_what_is_installed_works(root):
    """The tool runs and the fetch user and the folders are there."""
    listed = root.run(["getent", "passwd", "pam-jwks"]).stdout.split(":")
    assert int(listed[2]) < 1000 and listed[6].strip().endswith("nologin")
    assert root.run(["pam-jwks", "--help"]).stdout
    info = os.stat(root.path("/var/cache/pam_jwks"))
    assert (info.st_uid, oct(info.st_mode)) == (0, oct(0o40755))


def test_profile_on(root):
    """With the profile switched on a token and the password both work."""
    root.run(["pam-auth-update", "--enable", "jwks"])
    assert uses_module(root)
    # Not configured yet: tokens are refused, passwords work.
    assert_password_works(root)
    assert not log_in(root, token())
    root.write("/etc/security/keys.json", json.dumps(tokens.key_set(key())))
    root.write("/etc/security/pam_jwks.conf", CONFIGURATION)
    assert_password_works(root)
    assert_token_works(root)


def test_broken_configuration_leaves_passwords(root):
    """A mistake in the configuration costs tokens and nothing else."""
    root.write("/etc/security/pam_jwks.conf", CONFIGURATION + "nonsense\n")
    assert_password_works(root)
    assert not log_in(root, token())
    root.write("/etc/security/pam_jwks.conf", CONFIGURATION)


def test_upgrade(root):
    """A higher version takes over; profile and configuration stay."""
    root.apt("install", package("libpam-jwks", 2))
    assert uses_module(root)
    assert root.read("/etc/security/pam_jwks.conf") == CONFIGURATION
    assert_password_works(root)
    assert_token_works(root)


def test_remove_names_stacks_of_administrators(root):
    """Removal ends the profile and names lines that people wrote."""
    stack = root.read("/etc/pam.d/su")
    root.write("/etc/pam.d/su", "auth sufficient pam_jwks.so\n" + stack)
    done = root.apt("remove", "libpam-jwks")
    assert "/etc/pam.d/su names pam_jwks.so" in done.stdout
    assert not uses_module(root)
    assert_password_works(root)
    root.write("/etc/pam.d/su", stack)
    assert root.read("/etc/security/pam_jwks.conf") == CONFIGURATION
    assert_password_works(root)


def test_purge_leaves_nothing(root):
    """After purge the system is what it was before the installation."""
    root.apt("purge", "libpam-jwks")
    os.unlink(root.path("/etc/security/keys.json"))
    assert_password_works(root)
    after = root.snapshot()
    before = root.before
    assert {path: (before.get(path), after.get(path))
            for path in before.keys() | after.keys()
            if before.get(path) != after.get(path)} == {}
    assert root.packages() == root.known


def test_reinstall_after_purge(root):
    """A second life begins like the first one."""
    root.apt("install", package("libpam-jwks", 2))
    assert not uses_module(root)
    assert_password_works(root)
    root.apt("purge", "libpam-jwks")
    assert_password_works(root)


def test_client_package(root):
    """The client package installs and leaves on its own."""
    root.apt("install", package("pam-jwks-client"))
    done = root.run(["pam-jwks-askpass", "--help"])
    assert "askpass" in done.stdout
    root.apt("purge", "pam-jwks-client")
    assert not os.path.exists(root.path("/usr/bin/pam-jwks-askpass"))
