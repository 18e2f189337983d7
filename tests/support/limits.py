"""The table of README and pam_jwks(8) that says how long a token can be: what a
test has measured is compared with both.

    measured("sudo", "-A", 511, "16,384", "conversation_failed")

The columns: the program that asks PAM; its client; the longest token by one
answer; the longest one in pieces, and who makes them; what the log says of one
byte more than fits into one answer.
"""

import re

from services import source_file

LENGTHS = (300, 511, 512, 1023, 1024, 1500, 4095, 4096, 8000, 16000, 16384)


def number(length):
    """As documents write it."""
    return f"{length:,}" if length >= 10000 else str(length)


def _readme(text):
    table = re.search(r"^\| host \|.*\n\| ---.*\n((?:\|.*\n)+)", text, re.M)
    assert table, "README.md has no table that begins with | host |"
    for line in table[1].splitlines():
        yield tuple(cell.strip().replace("`", "")
                    for cell in line.strip("|").split("|"))


def _manual(text):
    section = text.split(".Sh LIMITS", 1)[1].split(".Sh", 1)[0]
    for line in section.splitlines():
        if line.startswith(".It ") and not line.startswith(".It Sy"):
            yield tuple(cell.strip().strip('"')
                        for cell in re.split(r"\bTa\b", line[4:]))


def documented():
    """The rows of each document."""
    result = {}
    for name, read in (("README.md", _readme), ("man/pam_jwks.8", _manual)):
        with open(source_file(name), encoding="ascii") as file:
            result[name] = list(read(file.read()))
    return result


def measured(host, client, one, in_pieces, beyond):
    """Prints the row, and demands that it stands so in both documents."""
    row = (host, client, one if isinstance(one, str) else number(one),
           in_pieces, beyond)
    print("| " + " | ".join(row) + " |")
    for name, rows in documented().items():
        same = [other for other in rows if other[:2] == row[:2]]
        assert same == [row], f"{name} has {same}, measured was {row}"


def longest(works, lengths=LENGTHS):
    """The longest of these lengths for which works(length) is true, and one
    byte more does not: so it is a limit, and not merely what was tried."""
    low, high = 0, len(lengths)
    assert works(lengths[0]), f"not even {lengths[0]} bytes get in"
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if works(lengths[middle]) else (low, middle)
    assert not works(lengths[low] + 1), f"{lengths[low]} is not the limit"
    return lengths[low]
