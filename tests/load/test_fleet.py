"""docs/fleet.md's table is what tests/load/fleet.py prints: the means of a part
of the fleet in every check, each figure with PJ_LONG=1."""

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

import fleet  # noqa: E402
from services import source_file  # noqa: E402

LONG = os.environ.get("PJ_LONG") == "1"
PART = 3000


def rows():
    """The table of docs/fleet.md, by the name of the fleet."""
    with open(source_file("docs/fleet.md"), encoding="ascii") as file:
        text = file.read()
    assert fleet.HEAD in text
    table = text.split(fleet.HEAD)[1].split("\n\n")[0]
    return {line.split(" | ")[0][2:]: line
            for line in table.strip().splitlines()}


def test_every_fleet_is_there():
    assert list(rows()) == [one[0] for one in fleet.FLEETS]


@pytest.mark.parametrize("one", fleet.FLEETS, ids=lambda one: one[0])
def test_the_peak_is_under_three_times_the_mean(one):
    """Outside the attack."""
    words = rows()[one[0]].split(" | ")
    mean, peaks, ratio = float(words[1]), words[2:6], float(words[6])
    assert ratio < 3
    assert max(map(float, peaks)) < 3 * mean


@pytest.mark.parametrize("one", fleet.FLEETS, ids=lambda one: one[0])
def test_the_means_are_those_of_the_simulation(one):
    """Within the luck of a small part."""
    words = rows()[one[0]].split(" | ")
    seen = fleet.Figures(one, PART)
    assert seen.mean == pytest.approx(float(words[1]), rel=0.02, abs=0.5)
    assert seen.attack_mean == pytest.approx(float(words[7]), rel=0.02)


@pytest.mark.parametrize("one", fleet.FLEETS if LONG else [],
                         ids=lambda one: one[0])
def check_each_figure(one):
    """All hosts of the fleet."""
    assert fleet.Figures(one).row() == rows()[one[0]]


if LONG:
    test_each_figure = check_each_figure
