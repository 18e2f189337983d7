"""JSON that two readers could understand differently, in the three places that
are read: header, payload and key set.  All are signed as they are."""

import forge
from corpus import KEYS, TRUSTED, add, claims, header, make
from verdict import NOW, USER

DEEP = 31       # arrays below the object itself: as deep as is allowed


def values():
    """(name, text of a member's value, status of the gate or "ok")."""
    yield "empty object", b"{}", "ok"
    yield "depth 32", b"[" * DEEP + b"]" * DEEP, "ok"
    yield "depth 33", b"[" * (DEEP + 1) + b"]" * (DEEP + 1), "json_too_large"
    yield ("depth 3000 (Nimbus CVE-2025-53864)", b"[" * 3000 + b"]" * 3000,
           "json_too_large")
    yield ("depth 1000 of objects (CVE-2025-53864)",
           b'{"a":' * 1000 + b"1" + b"}" * 1000, "json_too_large")
    yield "depth 5000, never closed", b"[" * 5000, "json_too_large"
    yield ("1025 members", b"{" + b",".join(
        b'"%d":1' % i for i in range(1025)) + b"}", "json_too_large")
    yield "member twice", b'{"a":1,"a":1}', "json_duplicate"
    yield "member twice, once escaped", b'{"a":1,"\\u0061":2}', "json_duplicate"
    yield ("member twice among forty", b"{" + b",".join(
        b'"%d":1' % (i % 39) for i in range(40)) + b"}", "json_duplicate")
    yield "NUL in a member's name", b'{"a\\u0000b":1}', "json_invalid"
    yield "NUL in a string", b'"a\\u0000b"', "ok"
    yield "a bare NUL", b'"a\0b"', "json_invalid"
    yield "a bare newline in a string", b'"a\nb"', "json_invalid"
    yield "UTF-8", "\"\u00e4\U0001f600\"".encode(), "ok"
    yield "UTF-8: overlong slash", b'"\xc0\xaf"', "json_invalid"
    yield "UTF-8: overlong NUL", b'"\xe0\x80\x80"', "json_invalid"
    yield "UTF-8: surrogates (CESU-8)", b'"\xed\xa0\xbd\xed\xb8\x80"', \
        "json_invalid"
    yield "UTF-8: over U+10FFFF", b'"\xf4\x90\x80\x80"', "json_invalid"
    yield "UTF-8: cut off", b'"\xe2\x82"', "json_invalid"
    yield "Latin-1", b'"\xe4"', "json_invalid"
    yield "surrogate pair", b'"\\ud83d\\ude00"', "ok"
    yield "lone high surrogate", b'"\\ud83d"', "json_invalid"
    yield "lone low surrogate", b'"\\ude00"', "json_invalid"
    yield "surrogates the wrong way round", b'"\\ude00\\ud83d"', "json_invalid"
    yield "unknown escape", b'"\\x41"', "json_invalid"
    yield "single quotes", b"'a'", "json_invalid"
    yield "NaN", b"NaN", "json_invalid"
    yield "Infinity", b"-Infinity", "json_invalid"
    yield "True", b"True", "json_invalid"
    yield "hexadecimal", b"0x10", "json_invalid"
    yield "leading zero", b"010", "json_invalid"
    yield "leading plus", b"+1", "json_invalid"
    yield "trailing comma", b"[1,]", "json_invalid"
    yield "comment", b"1/*x*/", "json_invalid"
    yield "2^64 - 1", b"18446744073709551615", "ok"
    yield "an integer of 40 digits", b"9" * 40, "ok"
    yield "an integer of 4000 digits", b"-" + b"9" * 4000, "ok"
    yield "1e999", b"1e999", "ok"
    yield "a number of 4000 digits behind the point", b"0." + b"1" * 4000, "ok"


def texts(good):
    """(name, text, status) of whole documents made of a good one."""
    yield "nothing", b"", "json_invalid"
    yield "white space around it", b" \t\r\n" + good + b" \t\r\n", "ok"
    yield "a byte order mark", b"\xef\xbb\xbf" + good, "json_invalid"
    yield "something behind it", good + b"x", "json_invalid"
    yield "a second object behind it", good + good, "json_invalid"
    yield "a NUL behind it", good + b"\0", "json_invalid"
    yield "in an array", b"[" + good + b"]", "json_invalid"
    yield "in quotes", b'"' + good.replace(b'"', b'\\"') + b'"', \
        "json_invalid"
    yield "null", b"null", "json_invalid"
    yield "in UTF-16", good.decode().encode("utf-16"), "json_invalid"
    yield "cut off", good[:-1], "json_invalid"


def generate():
    head, payload = forge.dump(header()), forge.dump(claims())
    keys = forge.dump(KEYS)

    for name, value, status in values():
        member = b',"x":' + value + b"}"
        add(f"JSON in the payload: {name}",
            "ok" if status == "ok" else "payload_invalid",
            make(payload=payload[:-1] + member),
            detail="" if status == "ok" else status)
        add(f"JSON in the header: {name}",
            "ok" if status == "ok" else "header_invalid",
            make(head[:-1] + member),
            detail="" if status == "ok" else status)
        add(f"JSON in the key set: {name}",
            "ok" if status == "ok" else "keys_unavailable",
            make(), keys=keys[:-1] + member,
            detail="" if status == "ok" else status)
    add("JSON in the key set: 8193 values", "keys_unavailable", make(),
        keys=keys[:-1] + b',"x":[' + b"1," * 8191 + b"1]}",
        detail="json_too_large")
    for name, text, status in texts(payload):
        if text:
            add(f"JSON text of the payload: {name}",
                "ok" if status == "ok" else "payload_invalid",
                make(payload=text), detail="" if status == "ok" else status)
    for name, text, status in texts(keys):
        add(f"JSON text of the key set: {name}",
            "ok" if status == "ok" else "keys_unavailable", make(), keys=text,
            detail="" if status == "ok" else "keyset_invalid")
    for name, text, status in texts(head):
        # What does not begin as an object is no header at all.
        early = name in ("nothing", "white space around it", "in an array",
                         "a byte order mark", "in quotes", "null", "in UTF-16")
        add(f"JSON text of the header: {name}",
            "not_a_jwt" if early else "header_invalid",
            forge.token(TRUSTED["ec"], text, payload, "ES256"),
            detail="" if early else status)
    add("JSON text of the header: an empty object", "header_invalid",
        forge.token(TRUSTED["ec"], b"{}", payload, "ES256"), detail="alg")
    twice()


def twice():
    """Duplicates of the very members that decide."""
    payload = forge.dump(claims())
    for member, value in (("iss", '"https://evil.example"'),
                          ("aud", '"other"'), ("exp", str(NOW + 9)),
                          ("preferred_username", '"root"')):
        text = f',"{member}":{value}}}'.encode()
        add(f"duplicate: {member} behind the good one", "payload_invalid",
            make(payload=payload[:-1] + text), detail="json_duplicate")
        add(f"duplicate: {member} before the good one", "payload_invalid",
            make(payload=b"{" + text[1:-1] + b"," + payload[1:]),
            detail="json_duplicate")
        escaped = "".join(f"\\u{ord(c):04x}" for c in member)
        add(f"duplicate: {member} in escapes", "payload_invalid",
            make(payload=payload[:-1]
                 + f',"{escaped}":{value}}}'.encode()),
            detail="json_duplicate")
        add(f"escapes: {member} written in escapes alone", "ok",
            make(payload=payload.replace(f'"{member}"'.encode(),
                                         f'"{escaped}"'.encode())))
    for name, head in (
            ("alg twice", b'{"alg":"none","alg":"ES256","kid":"ec"}'),
            ("alg twice, once escaped",
             b'{"\\u0061lg":"none","alg":"ES256","kid":"ec"}'),
            ("kid twice", b'{"alg":"ES256","kid":"x","kid":"ec"}')):
        add("duplicate in the header: " + name, "header_invalid", make(head),
            detail="json_duplicate")
    add("duplicate in a key: kid", "keys_unavailable", make(),
        keys=forge.dump(KEYS).replace(b'"kid":"ec"', b'"kid":"x","kid":"ec"'),
        detail="json_duplicate")
    for name, user in (("a NUL and more", USER + "\0x"),
                       ("a NUL at the end", USER + "\0"),
                       ("a NUL in front", "\0" + USER)):
        add(f"identity: {name}", "identity_invalid",
            make(payload=claims(preferred_username=user)))
