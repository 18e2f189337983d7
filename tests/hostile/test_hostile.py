"""The hostile corpus, mutations of good tokens, and positive ones."""

import collections

import pytest

import corpus
import tokens
from verdict import Verdict

CASES = corpus.cases()


@pytest.fixture(scope="module", name="verdict")
def fixture_verdict():
    with Verdict() as verdict:
        yield verdict


def test_the_corpus_is_complete():
    """Enough cases, and most of them with a genuine signature."""
    assert len(CASES) >= 300
    genuine = sum(case.genuine for case in CASES)
    assert genuine > len(CASES) * 3 // 4, genuine
    expected = collections.Counter(case.expect for case in CASES)
    assert expected["ok"] >= 30, expected


@pytest.mark.parametrize("alg", sorted(corpus.ALGORITHMS))
def test_mutations(verdict, alg):
    """Each bit flipped, each truncation, each byte doubled: none gets in."""
    token = corpus.make(corpus.header(alg))
    verdict.setup(corpus.KEYS)
    assert verdict.login(token)[0] == "ok"
    assert verdict.mutate(token) == (len(token) * 10, 0)


@pytest.mark.parametrize("alg", ["RS256", "ES384", "Ed448"])
def test_threads(verdict, alg):
    """A hundred threads at once, all with the same verdict."""
    verdict.setup(corpus.KEYS)
    token = corpus.make(corpus.header(alg))
    assert verdict.threads(token) == 2000
    assert verdict.threads(tokens.spoil_signature(token.decode())) == 0


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(verdict, case):
    verdict.setup(case.keys, **case.options)
    reason, detail = verdict.login(case.token)
    assert reason == case.expect, detail
    assert case.detail in detail
