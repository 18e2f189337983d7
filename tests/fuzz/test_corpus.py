"""Every input that a fuzzer found worth keeping, run with this build's own
compiler: nothing crashes, and no promise of a target is broken."""

import os
import re
import subprocess
import sys

import pytest

from hosts import PATIENCE, build_dir

HERE = os.path.dirname(os.path.realpath(__file__))
TARGETS = sorted(os.listdir(os.path.join(HERE, "corpus")))


def unpack(target, folder):
    subprocess.run([sys.executable, os.path.join(HERE, "pack"), "unpack",
                    os.path.join(HERE, "corpus", target), folder], check=True)
    return [os.path.join(folder, name) for name in os.listdir(folder)]


def run(target, inputs):
    program = os.path.join(build_dir(), "tests", "fuzz", "fuzz_" + target)
    return subprocess.run([program, *inputs], timeout=50 * PATIENCE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def test_every_target_has_a_corpus():
    """And every corpus a target."""
    sources = {match[1] for match in (re.fullmatch(r"fuzz_(\w+)\.c", name)
                                      for name in os.listdir(HERE)) if match}
    assert sources == set(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_corpus(target, tmp_path):
    """All inputs of a target."""
    inputs = unpack(target, str(tmp_path / "inputs"))
    done = run(target, inputs)
    assert done.returncode == 0, done.stdout[-3000:]
    assert done.stdout.endswith(f"{len(inputs)} inputs\n")
    assert len(inputs) >= 3


def test_a_broken_promise_is_seen(tmp_path):
    """The driver ends badly where a target aborts: no file, no success."""
    assert run("json", []).returncode == 2
    assert run("json", [str(tmp_path / "absent")]).returncode == 2
