"""A host whose OpenSSL is configured otherwise: a token is verified, or nobody
gets in and the reason says whose fault it is; and the host's error queue."""

import os
import subprocess

import pytest

import corpus
import tokens
from verdict import Verdict

HEAD = "openssl_conf = init\n[init]\n"
PROVIDERS = HEAD + "providers = list\n[list]\n{}[on]\nactivate = 1\n"
# (text of openssl.cnf, whether it still offers what is needed; None: some)
CONFIGURATIONS = {
    "none": (None, True),
    "empty": ("", True),
    "malformed": ("[", True),
    "default and legacy": (PROVIDERS.format("default = on\nlegacy = on\n"),
                           True),
    "legacy alone": (PROVIDERS.format("legacy = on\n"), False),
    "null": (PROVIDERS.format("null = on\n"), False),
    "FIPS demanded, no such provider": (
        HEAD + "alg_section = algs\n[algs]\ndefault_properties = fips=yes\n",
        False),
    "a property preferred": (
        HEAD + "alg_section = algs\n[algs]\ndefault_properties = ?fips=yes\n",
        True),
}
# What every FIPS provider offers.
ALWAYS = ("RS256", "PS256", "ES256")
# Where OpenSSL has a FIPS provider it is tried.  Debian has none: PJ_FIPS may
# name the folder of one that was built from OpenSSL's sources.
MODULES = os.environ.get("PJ_FIPS") or subprocess.run(
    ["openssl", "version", "-m"], check=True, stdin=subprocess.DEVNULL,
    capture_output=True, text=True, timeout=20).stdout.split('"')[1]
FIPS = os.path.join(MODULES, "fips.so")
if os.path.exists(FIPS):
    CONFIGURATIONS["FIPS demanded, and its provider"] = (
        "openssl_conf = init\n.include {installed}\n[init]\n"
        "providers = list\nalg_section = algs\n[algs]\n"
        "default_properties = fips=yes\n[list]\nfips = fips_sect\n"
        "base = on\n[on]\nactivate = 1\n", None)


def configuration(name, folder):
    """The text of a configuration, and whether it offers what is needed."""
    text, offers = CONFIGURATIONS[name]
    if text is None or "{installed}" not in text:
        return text, offers
    installed = folder / "fipsmodule.cnf"
    subprocess.run(["openssl", "fipsinstall", "-module", FIPS, "-out",
                    str(installed)], check=True, stdin=subprocess.DEVNULL,
                   capture_output=True, timeout=50)
    return text.format(installed=installed), offers


@pytest.mark.parametrize("name", sorted(CONFIGURATIONS))
def test_configuration(name, tmp_path, monkeypatch):
    text, offers = configuration(name, tmp_path)
    path = tmp_path / "openssl.cnf"
    if text is not None:
        path.write_text(text)
    monkeypatch.setitem(os.environ, "OPENSSL_CONF", str(path))
    if "PJ_FIPS" in os.environ:
        monkeypatch.setitem(os.environ, "OPENSSL_MODULES", MODULES)
    with Verdict() as verdict:
        verdict.setup(corpus.KEYS)
        for alg in corpus.ALGORITHMS:
            token = corpus.make(corpus.header(alg))
            spoiled = tokens.spoil_signature(token.decode())
            seen = [verdict.login(one)[0] for one in (token, spoiled)]
            there = alg in ALWAYS if offers is None else offers
            if there or offers is None and seen[0] == "ok":
                assert seen == ["ok", "signature_invalid"], alg
            else:
                assert seen == ["internal_error"] * 2, alg


@pytest.mark.parametrize("alg", sorted(corpus.ALGORITHMS))
def test_full_error_queue(alg):
    """Of a host's 16 errors, which is all that OpenSSL keeps, the newest stay,
    and none of ours."""
    with Verdict() as verdict:
        verdict.setup(corpus.KEYS)
        token = corpus.make(corpus.header(alg))
        for one in (token, tokens.spoil_signature(token.decode())):
            kept, foreign = verdict.errors(one)
            assert foreign == 0
            assert kept >= 12, kept
