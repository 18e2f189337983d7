"""What README.md shows is what happens, and no page names what is not there."""

import glob
import os
import re
import subprocess
import sys
import xml.etree.ElementTree

import pytest

import hosts
import pages
from services import source_file


def blocks(heading):
    """The indented blocks of a section."""
    with open(source_file("README.md"), encoding="ascii") as file:
        section = file.read().split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return [re.sub("(?m)^    ", "", block) for block in
            re.findall(r"(?:(?:^    .*)?\n)*^    .*\n", section, re.M)]


def test_demo():
    """The demo prints the lines of README.md in their order."""
    if os.geteuid() != 0:
        raise hosts.Missing("test hosts need root")
    hosts.need("pamtester", "ssh", "/usr/sbin/sshd", "sudo")
    with open(hosts.find_built("pam-jwks"), "rb") as file:
        if b"\0" + hosts.CONFIG.encode() + b"\0" not in file.read():
            pytest.skip("configured with another built-in path")
    done = subprocess.run(
        [sys.executable, source_file("tests/support/demo.py")],
        capture_output=True, text=True, timeout=50, check=False,
        env=dict(os.environ, PJ_BUILDDIR=hosts.build_dir()))
    assert done.returncode == 0, done.stderr
    shown, = blocks("What it looks like")
    rest = iter(done.stdout.splitlines())
    for line in filter(None, shown.splitlines()):
        assert any(re.fullmatch(pages.line_pattern(line), printed)
                   for printed in rest), (line, done.stdout)


def test_first_configuration(tmp_path):
    """check finds nothing to object to."""
    path = tmp_path / "pam_jwks.conf"
    path.write_text(blocks("The first configuration")[0])
    done = subprocess.run(
        [hosts.find_built("pam-jwks"), "check", "--syntax", "-c", str(path)],
        capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1), done.stdout


def test_links():
    """Every link to a file of the tree has one."""
    tree = source_file("")
    found = 0
    for path in glob.glob(tree + "*.md") + glob.glob(
            tree + "docs/**/*.md", recursive=True) + glob.glob(
            tree + "packaging/*.md"):
        with open(path, encoding="utf-8") as file:
            targets = re.findall(r"\]\(([^)#]+)[^)]*\)", file.read())
        for target in targets:
            if "://" not in target:
                found += 1
                assert os.path.exists(os.path.join(
                    os.path.dirname(path), target)), (path, target)
    assert found > 30


def shown_by():
    """The last column of the threat model: (file or folder, name or None)."""
    with open(source_file("docs/threat-model.md"), encoding="utf-8") as file:
        table = file.read().split("| boundary |")[1].split("\n\n")[0]
    for row in table.splitlines()[2:]:
        cells = row.strip("| ").split(" | ")
        assert len(cells) == 5 and cells[4], row
        for part in cells[4].split("; "):
            path, _, names = part.partition(": ")
            yield from ((path, name) for name in names.split(", "))


def is_there(path, name):
    if path == "tests/scenarios":
        return os.path.isfile(source_file(f"{path}/{name}.scenario"))
    if not os.path.isfile(source_file(path)):
        return False
    with open(source_file(path), encoding="utf-8") as file:
        return not name or f"\ndef test_{name}(" in file.read()


def test_threat_model():
    """Each test that it names is there, and no row is without one."""
    named = set(shown_by())
    assert len(named) > 80
    assert not [one for one in named if not is_there(*one)]


def test_picture():
    """It is XML, and has colours for the dark."""
    with open(source_file("docs/picture.svg"), encoding="utf-8") as file:
        text = file.read()
    root = xml.etree.ElementTree.fromstring(text)
    assert root.tag.endswith("svg") and "prefers-color-scheme: dark" in text
