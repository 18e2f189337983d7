"""A host whose OpenSSL is configured otherwise: a token is verified, or nobody
gets in and the reason says whose fault it is; and the host's error queue."""

import os

import pytest

import corpus
import tokens
from verdict import Verdict

HEAD = "openssl_conf = init\n[init]\n"
PROVIDERS = HEAD + "providers = list\n[list]\n{}[on]\nactivate = 1\n"
# (text of openssl.cnf, whether it still offers what is needed)
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


@pytest.mark.parametrize("name", sorted(CONFIGURATIONS))
def test_configuration(name, tmp_path, monkeypatch):
    text, offers = CONFIGURATIONS[name]
    path = tmp_path / "openssl.cnf"
    if text is not None:
        path.write_text(text)
    monkeypatch.setitem(os.environ, "OPENSSL_CONF", str(path))
    with Verdict() as verdict:
        verdict.setup(corpus.KEYS)
        for alg in corpus.ALGORITHMS:
            token = corpus.make(corpus.header(alg))
            reason, detail = verdict.login(token)
            assert reason == ("ok" if offers else "internal_error"), \
                (alg, detail)
            spoiled = tokens.spoil_signature(token.decode())
            assert verdict.login(spoiled)[0] == (
                "signature_invalid" if offers else "internal_error")


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
