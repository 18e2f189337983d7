"""Builds the packages as ./setup.sh package does."""

import glob
import os
import subprocess

import hosts

TOP = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.realpath(__file__))))
NAMES = ("libpam-jwks", "pam-jwks-client")


def build(folder, revision=1, wrapper=(), **environment):
    """Everything that is released, in the folder: all paths by file name.
    WRAPPER is a command that runs the build."""
    hosts.need("dpkg-buildpackage", "dh")
    done = subprocess.run(
        [*wrapper, os.path.join(TOP, "packaging", "build"), hosts.build_dir(),
         folder],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, check=False, timeout=600,
        env=dict(os.environ, PACKAGE_REVISION=str(revision),
                 SOURCE_DATE_EPOCH="1750000000", DEB_BUILD_OPTIONS="nocheck",
                 **environment))
    assert done.returncode == 0, done.stdout[-3000:]
    return {os.path.basename(path): path
            for path in glob.glob(os.path.join(folder, "*"))}


def debs(files):
    """The two packages among these files, by package name."""
    return {name: path for file, path in files.items() for name in NAMES
            if file.startswith(name + "_") and file.endswith(".deb")}
