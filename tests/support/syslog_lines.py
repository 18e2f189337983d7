"""Reads syslog lines, and the one line that pam_jwks writes for each attempt.

    accepted user=deploy identity="a b" rule=claim:sub issuer=ci kid=k7 ...
    refused user=alice reason=expired issuer=corp detail="exp 312 s ago"
"""

import re

LEVELS = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")

_LINE = re.compile(
    r"^<(?P<priority>\d{1,3})>"
    r"(?:(?P<date>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d) )?"
    r"(?P<tag>[^:\[]*?)(?:\[(?P<pid>\d+)\])?: (?P<text>.*)$")
_MODULE = re.compile(r"^pam_jwks\((?P<service>[^:)]*):(?P<phase>[^)]*)\): "
                     r"(?P<text>.*)$")
_ATTEMPT = re.compile(r"^(?P<verdict>accepted|refused)(?P<fields>( .*)?)$")
_FIELD = re.compile(r' (?P<key>[a-z_]+)=(?:"(?P<quoted>(?:[^"\\]|\\.)*)"'
                    r'|(?P<plain>[^" ][^ ]*|))')


class Line:
    """A syslog line: level, tag, text, and service if pam_jwks wrote it."""

    def __init__(self, level, tag, text, service=None, phase=None):
        self.level = level
        self.tag = tag
        self.text = text
        self.service = service
        self.phase = phase

    def __repr__(self):
        return f"[{self.level}] {self.tag}: {self.text}"


class Attempt:
    """One login attempt: level, service, verdict, and the fields by name."""

    def __init__(self, line, verdict, fields):
        self.level = line.level
        self.service = line.service
        self.phase = line.phase
        self.verdict = verdict
        self.fields = fields
        self.line = line.text

    def __getitem__(self, name):
        return self.fields[name]

    def get(self, name, default=None):
        """A field, or default where the line does not have it."""
        return self.fields.get(name, default)

    def __contains__(self, name):
        return name in self.fields

    def __repr__(self):
        return f"[{self.level}] {self.service}:{self.phase} {self.line}"


def parse_line(raw):
    """A raw line of the collector as a Line; what does not fit is all text."""
    match = _LINE.match(raw)
    if match is None:
        return Line(None, None, raw)
    level = LEVELS[int(match["priority"]) & 7]
    inner = _MODULE.match(match["text"])
    if inner is None:
        return Line(level, match["tag"], match["text"])
    return Line(level, match["tag"], inner["text"], inner["service"],
                inner["phase"])


def parse_attempt(line):
    """The Attempt that a Line reports, or None.

    Strict: a line that begins like an attempt but cannot be taken apart
    completely is a failure.
    """
    if line.service is None:
        return None
    match = _ATTEMPT.match(line.text)
    if match is None:
        return None
    fields, position, text = {}, 0, match["fields"]
    while position < len(text):
        field = _FIELD.match(text, position)
        assert field is not None, f"malformed attempt line: {line.text}"
        assert field["key"] not in fields, f"field twice: {line.text}"
        fields[field["key"]] = (field["plain"] if field["quoted"] is None
                                else field["quoted"])
        position = field.end()
    return Attempt(line, match["verdict"], fields)
