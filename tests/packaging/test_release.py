"""A release and its packages are the same bytes wherever they are made."""

import os
import re

import pytest

import packages

pytestmark = pytest.mark.seconds(600)


@pytest.fixture(name="built", scope="module")
def fixture_built(tmp_path_factory):
    return packages.build(str(tmp_path_factory.mktemp("first")))


def test_a_second_build_gives_the_same_bytes(built, tmp_path_factory):
    """Another folder, umask, zone, language and hour: the same files."""
    folder = tmp_path_factory.mktemp("elsewhere") / "with" / "a-longer-name"
    folder.mkdir(parents=True)
    before = os.umask(0o027)
    try:
        again = packages.build(str(folder / "dist"), TMPDIR=str(folder),
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
