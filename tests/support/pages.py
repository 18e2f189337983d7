"""What documents show that programs print, compared with what they print.

    re.fullmatch(pages.pattern(lines), printed)

In a page an ellipsis stands for anything; alone on a line, for any lines.  What
differs from one run to the next may stand as it once was.
"""

import re

VOLATILE = re.compile(
    r"(?P<number>\b\d+)(?=\\ (?:s|days|bytes|\\\(\w+\\\))(?!\w))"
    r"|(?P<time>\b\d{10}\b)"
    r"|(?P<token>token=[0-9a-f]{12}\b)"
    r"|(?P<print>(?<![\w\\-])(?:\w|\\-){43}(?![\w-]))"
    r"|(?P<any>\\\.\\\.\\\.)")
INSTEAD = {"number": r"\d+", "time": r"\d{10}", "token": "token=[0-9a-f]{12}",
           "print": r"[\w-]{43}", "any": ".*"}


def line_pattern(line):
    """A regular expression for one line of a page."""
    return VOLATILE.sub(lambda match: INSTEAD[match.lastgroup],
                        re.escape(line))


def pattern(lines):
    """A regular expression for them all, each with its end."""
    return "".join(r"(?:.*\n)*?" if line.strip() == "..." else
                   line_pattern(line) + r"\n" for line in lines)
