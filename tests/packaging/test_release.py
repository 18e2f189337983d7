"""A release and its packages are the same bytes wherever they are made."""

import os
import re
import subprocess
import tarfile

import pytest

import packages

pytestmark = pytest.mark.seconds(600)


@pytest.fixture(name="built", scope="module")
def fixture_built(tmp_path_factory):
    return packages.build(str(tmp_path_factory.mktemp("first")))


def tarball(built):
    """The release's path."""
    return next(path for name, path in built.items()
                if re.fullmatch(r"pam_jwks-[0-9.]*\.tar\.xz", name))


def test_a_second_build_gives_the_same_bytes(built, tmp_path_factory):
    """Another folder, umask, zone, language and hour, and no network, not even
    the loopback: the same files."""
    folder = tmp_path_factory.mktemp("elsewhere") / "with" / "a-longer-name"
    folder.mkdir(parents=True)
    before = os.umask(0o027)
    try:
        again = packages.build(str(folder / "dist"), TMPDIR=str(folder),
                               wrapper=["unshare", "--net"],
                               TZ="Pacific/Kiritimati", LC_ALL="C.UTF-8")
    finally:
        os.umask(before)
    # These name the machine and the hour by purpose.
    told = re.compile(r"\.(buildinfo|changes|log)$")
    names = {name for name in built if not told.search(name)}
    assert names == {name for name in again if not told.search(name)}
    assert len(names) >= 6
    for name in names:
        with open(built[name], "rb") as one, open(again[name], "rb") as two:
            assert one.read() == two.read(), name


def test_a_release_holds_every_file(built):
    """What is kept in Git is in the release, but for what Git and CI read."""
    source = os.environ["PJ_SRCDIR"]
    if not os.path.exists(os.path.join(source, ".git")):
        pytest.skip("not in a clone: there is nothing to compare with")
    kept = subprocess.run(["git", "-C", source, "ls-files"], check=True,
                          capture_output=True, text=True).stdout.split("\n")
    with tarfile.open(tarball(built)) as tar:
        held = {name.partition("/")[2] for name in tar.getnames()}
    missing = {name for name in kept if name} - held
    assert missing <= {".ci/run", ".gitignore"}


def test_a_release_holds_nothing_that_was_built(built):
    """A folder that is named as a whole must hold nothing but sources, also
    where the build stands in the source."""
    with tarfile.open(tarball(built)) as tar:
        names = tar.getnames()
    assert [name for name in names if re.search(
        r"/(\.libs|\.deps|__pycache__)(/|$)"
        r"|\.(o|lo|la|so|a|log|trs|pyc|dirstamp)$", name)] == []


def test_times_of_32_bits_are_an_error(built, tmp_path):
    """Where time_t ends in 2038 there is no build, and configure says why."""
    with tarfile.open(tarball(built)) as tar:
        tar.extractall(tmp_path)
    done = subprocess.run(
        [next(tmp_path.glob("*/configure")), "ac_cv_sizeof_time_t=4"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, timeout=300)
    assert done.returncode != 0
    assert "time_t has 32 bits" in done.stdout, done.stdout[-2000:]
    assert not list(tmp_path.glob("Makefile"))
