"""What takes minutes, for `make check-long`: the units of the verifier, the
hostile corpus and the vectors under other compilers, sanitizers and valgrind;
and each check removed, to see that somebody notices.

Each build has a folder of its own below long/ of the build folder, which is used
again when the test is run again.
"""

import os
import re
import shutil
import signal
import subprocess
import sys

import pytest

from hosts import Missing, build_dir

SOURCE = os.path.realpath(os.environ.get("PJ_SRCDIR", "."))
UNITS = [f"tests/unit/test_{name}" for name in (
    "json", "json_show", "b64url", "alg", "jwk", "jwks", "jws", "jwt", "x5c",
    "claims", "select", "authn", "rule", "config")]
OTHERS = ["tests/hostile/test_differential.py",
          "tests/vectors/test_implementations.py"]
HOSTILE = ["tests/hostile/test_hostile.py", "tests/hostile/test_openssl.py",
           "tests/vectors/test_wycheproof.py"]


@pytest.fixture(autouse=True)
def more_time():
    """These are the tests that conftest's limit is not meant for."""
    signal.alarm(7200)


def run(command, folder, seconds, **environment):
    """What a command printed; it must end well."""
    result = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace",
        timeout=seconds, env=dict(os.environ, **environment))
    assert result.returncode == 0, result.stdout[-6000:]
    return result.stdout


def build(name, *options, programs=(), compiler="gcc"):
    """A folder with everything built and configured in that way."""
    if shutil.which(compiler) is None:
        raise Missing(f"{compiler} is not installed")
    folder = os.path.join(build_dir(), "long", name)
    os.makedirs(folder, exist_ok=True)
    if not os.path.exists(os.path.join(folder, "Makefile")):
        run([os.path.join(SOURCE, "configure"), f"CC={compiler}", *options],
            folder, 300)
    # Not all of it: a module cannot be linked with clang's sanitizers.
    run(["make", "-j2", *(programs or UNITS), "tests/hostile/verdict"],
        folder, 1200)
    return folder


def run_all(folder, **environment):
    """Units, corpus and vectors of a build."""
    for unit in UNITS:
        run([os.path.join(folder, unit)], folder, 900, **environment)
    run_pytest(HOSTILE, folder, **environment)


def run_pytest(names, folder, wrapper="", **environment):
    text = run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                *[os.path.join(SOURCE, name) for name in names]], SOURCE,
               2400, PJ_BUILDDIR=folder, PJ_WRAPPER=wrapper, **environment)
    assert re.search(r"^\d+ passed", text, re.M), text[-2000:]
    print(text[-200:])


SANITIZED = ("--enable-sanitizers", "CFLAGS=-O1 -g1")
VALGRIND = ("valgrind -q --error-exitcode=99 --leak-check=full "
            "--show-leak-kinds=definite,indirect,possible "
            "--errors-for-leak-kinds=definite,indirect,possible")
STRICT = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:"
          "detect_stack_use_after_return=1", "UBSAN_OPTIONS":
          "print_stacktrace=1"}


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_sanitizers(compiler):
    run_all(build(compiler + "-sanitized", *SANITIZED, compiler=compiler),
            **STRICT)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_compiler(compiler):
    run_all(build(compiler, "--enable-werror", compiler=compiler))


def test_valgrind():
    """No leak, no uninitialised read, in anything."""
    if shutil.which("valgrind") is None:
        raise Missing("valgrind is not installed")
    print(run(["make", "-s", "check-valgrind"],
              build("gcc", "--enable-werror"), 2900))


@pytest.mark.parametrize("how", ["gcc", "clang", "gcc-sanitized",
                                 "clang-sanitized", "valgrind"])
def test_against_other_implementations(how):
    """The differential, and tokens that others signed."""
    if how == "valgrind":
        run_pytest(OTHERS, build("gcc", "--enable-werror"), VALGRIND)
    elif how.endswith("-sanitized"):
        run_pytest(OTHERS, build(how, *SANITIZED, compiler=how.split("-")[0]),
                   **STRICT)
    else:
        run_pytest(OTHERS, build(how, "--enable-werror", compiler=how))


def test_threads():
    """A hundred threads under ThreadSanitizer."""
    folder = build("thread", "--disable-hardening",
                   "CFLAGS=-O1 -g1 -fsanitize=thread",
                   "LDFLAGS=-fsanitize=thread",
                   programs=["tests/hostile/verdict"])
    run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
         os.path.join(SOURCE, "tests/hostile/test_hostile.py"), "-k",
         "test_threads"], SOURCE, 900, PJ_BUILDDIR=folder,
        TSAN_OPTIONS="halt_on_error=1:exitcode=66")


def test_every_check_is_missed():
    # The list goes beyond the verifier's units.
    units = sorted("tests/unit/" + name[:-2] for name in os.listdir(
        os.path.join(SOURCE, "tests/unit")) if re.match(r"test_.*\.c$", name))
    folder = build("gcc-sanitized", *SANITIZED, programs=units)
    text = run([sys.executable, os.path.join(SOURCE, "tests/hostile/kill"),
                folder], SOURCE, 7000)
    print(text)
    assert re.search(r"^checks removed: (\d+), noticed: \1$", text, re.M)
