"""Reads scenario files: see README in this folder for the format.

A scenario is a list of steps.  A step has a keyword, words, and a block of
text.  Nothing is interpreted here but the form: an unknown keyword is an
error with its line.
"""

import re
import textwrap

# Keyword: may it have words, may it have a block.
STEPS = {
    "stack": (False, True),
    "arguments": (True, False),
    "section": (False, True),
    "config": (True, True),
    "file": (True, True),
    "link": (True, False),
    "folder": (True, False),
    "remove": (True, False),
    "keys": (False, True),
    "provider": (True, False),
    "age": (True, False),
    "spoil": (False, False),
    "preload": (True, False),
    "login": (True, True),
}

# Lines of a login's block.
LOGIN = ("make", "prompt", "answer", "told", "result", "setcred", "env", "log",
         "debug")


class Mistake(Exception):
    """A mistake in a scenario file."""


class Step:
    """One step: keyword, words (a list), options (name=value words), text."""

    def __init__(self, place, keyword, words, options, text):
        self.place = place
        self.keyword = keyword
        self.words = words
        self.options = options
        self.text = text

    def fail(self, why):
        """A mistake in this step."""
        raise Mistake(f"{self.place}: {self.keyword}: {why}")


class Login:
    """What a login block says; see the README for each."""

    def __init__(self, step, complete=True):
        self.step = step
        if len(step.words) not in (1, 2) or step.words[1:] not in (
                [], ["silent"]):
            step.fail("who logs in?")
        self.user = step.words[0]
        self.steps = []             # ("make" or "answer", words) in order
        self.prompts = []           # as many as answers
        self.told = []
        self.result = None
        self.setcred = None
        self.env = []
        self.log = []
        self.debug = []
        for line in unfold(step.text):
            self._take(line)
        if self.result is None and complete:
            step.fail("no result")

    def _take(self, line):
        word, _, rest = line.partition(" ")
        rest = rest.strip()
        if word not in LOGIN or not rest:
            self.step.fail(f"what is this? {line}")
        answers = [step for step in self.steps if step[0] == "answer"]
        if word == "prompt":
            if len(self.prompts) != len(answers):
                self.step.fail("two prompts without an answer")
            self.prompts.append(unquote(rest))
        elif word in ("make", "answer"):
            if word == "answer" and len(self.prompts) == len(answers):
                self.prompts.append("Token: ")
            self.steps.append((word, rest))
        elif word in ("result", "setcred"):
            setattr(self, word, rest)
        else:
            if word == "told":
                rest = unquote(rest)
            getattr(self, word).append(rest)


def unquote(text):
    """A text in double quotes without them, where spaces at the end matter."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    return text


def unfold(text):
    """Lines of a block; deeper ones continue the line above."""
    lines = []
    for line in text.splitlines():
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip()
        elif line.strip():
            lines.append(line.strip())
    return lines


def fold(line, indent="    ", width=78):
    """A line of a block, deeper where it goes on."""
    parts, rest = [], indent + line
    while len(rest) > width and " " in rest[len(indent) + 9:width]:
        cut = rest.rindex(" ", 0, width)
        parts.append(rest[:cut])
        rest = indent + "    " + rest[cut + 1:]
    return "\n".join(parts + [rest])


def parse(text, name):
    """The steps of a scenario; name is for messages."""
    steps, block, head = [], [], None

    def finish():
        if head is None:
            return
        number, keyword, rest = head
        body = textwrap.dedent("\n".join(block)).strip("\n")
        words, options = [], {}
        for word in rest.split():
            key, equals, value = word.partition("=")
            if equals and (words or keyword != "login"):
                options[key] = value
            else:
                words.append(word)
        step = Step(f"{name}:{number}", keyword, words, options, body)
        may_words, may_block = STEPS[keyword]
        if rest and not may_words:
            step.fail("takes no words")
        if body and not may_block:
            step.fail("takes no block")
        if keyword == "arguments":
            step.words = [rest]
        steps.append(step)

    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            block.append("")
        elif line[0] in " \t":
            if head is None:
                raise Mistake(f"{name}:{number}: a block without a step")
            block.append(line.expandtabs())
        elif not line.startswith("#"):
            finish()
            keyword, _, rest = line.partition(" ")
            if keyword not in STEPS:
                raise Mistake(f"{name}:{number}: no step is called {keyword}")
            head, block = (number, keyword, rest.strip()), []
    finish()
    return steps


def pattern(line):
    """A regular expression for a line with <N> for a number, <hex> for a
    digest, <text> for any words of a library."""
    places = {"<N>": r"\d+", "<hex>": r"[0-9a-f]+", "<text>": r".+?"}
    parts = re.split(r"(<N>|<hex>|<text>)", line)
    return re.compile("".join(places.get(part) or re.escape(part)
                              for part in parts))
