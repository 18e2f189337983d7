"""The form of a token: what is no compact JWS of three parts."""

import json

import forge
from corpus import (ALGORITHMS, EVIL_EC, TRUSTED, add, claims, header, make)


def generate():
    good = make()
    head, payload, signature = good.split(b".")

    for alg, kid in ALGORITHMS.items():
        add(f"good: {alg}", "ok", make(header(alg)))
    add("good: EdDSA with Ed448", "ok", make(header("EdDSA", kid="ed448")))
    add("good: one newline at the end", "ok", good + b"\n")
    add("good: exactly 16 KiB", "ok", of_length(16384))
    add("form: one byte over 16 KiB", "token_too_long", of_length(16385))
    add("form: a megabyte", "token_too_long", good + b"A" * (1 << 20))
    add("form: empty", "token_empty", b"", genuine=False)
    add("form: nothing but a newline", "token_empty", b"\n", genuine=False)

    # go-jose CVE-2025-27144: splitting at every dot takes memory.
    for count in (1, 3, 4, 5, 16000):
        add(f"dots (CVE-2025-27144): {count} behind a token",
            {1: "not_a_jwt", 3: "not_a_jwt"}.get(count, "not_a_jwt")
            if count != 2 else "token_encrypted", good + b"." * count
            if len(good) + count <= 16384 else (good + b"." * count)[:16384])
    add("dots: two behind a token make five parts", "token_encrypted",
        good + b"..")
    add("dots (CVE-2025-27144): nothing but 16000", "not_a_jwt", b"." * 16000,
        genuine=False)
    add("dots (CVE-2025-27144): a million", "token_too_long", b"." * 1000000,
        genuine=False)
    add("form: two parts", "not_a_jwt", head + b"." + payload)
    add("form: one part", "not_a_jwt", head)
    add("form: four parts", "not_a_jwt", good + b".AA")
    add("form: the payload twice", "not_a_jwt",
        b".".join((head, payload, payload, signature)))

    # JWE, JSON serialisation, detached and unencoded payloads.
    add("JWE: five parts", "token_encrypted",
        b".".join((head, payload, signature, b"AAAA", b"AAAA")))
    add("JWE: a tag of one byte (cjose CVE-2023-37464)", "token_encrypted",
        b".".join((forge.b64u(b'{"alg":"dir","enc":"A256GCM"}').encode(), b"",
                   b"AAAAAAAAAAAAAAAA", b"AAAA", b"AA")), genuine=False)
    add("JWE: enc in a signed token's header", "token_encrypted",
        make(header(enc="A256GCM")))
    add("JSON form: flattened", "token_json_form", json.dumps(
        {"protected": head.decode(), "payload": payload.decode(),
         "signature": signature.decode()}))
    add("JSON form: general", "token_json_form", json.dumps(
        {"payload": payload.decode(), "signatures": [
            {"protected": head.decode(), "signature": signature.decode()}]}))
    add("detached: the payload left out", "payload_detached",
        head + b".." + signature)
    add("unencoded: b64 false and crit", "payload_unencoded",
        make(header(b64=False, crit=["b64"])))
    add("unencoded: b64 false without crit", "payload_unencoded",
        make(header(b64=False)))
    add("unencoded: b64 true", "payload_unencoded", make(header(b64=True)))
    plain = forge.dump(claims()).decode()
    add("unencoded: the payload as it is (RFC 7797)", "payload_unencoded",
        forge.token(TRUSTED["ec"], forge.dump(header(b64=False, crit=["b64"])),
                    plain.replace(".", ""), "ES256"))

    # Text around it, foreign bytes in it.
    for name, token, expect in (
            ("a blank in front", b" " + good, "not_a_jwt"),
            ("a newline in front", b"\n" + good, "not_a_jwt"),
            ("a byte order mark in front", b"\xef\xbb\xbf" + good,
             "not_a_jwt"),
            ("Bearer in front", b"Bearer " + good, "not_a_jwt"),
            ("in quotes", b'"' + good + b'"', "not_a_jwt"),
            ("a blank behind", good + b" ", "base64_invalid"),
            ("CR LF behind", good + b"\r\n", "base64_invalid"),
            ("two newlines behind", good + b"\n\n", "base64_invalid"),
            ("a NUL behind", good + b"\0", "base64_invalid"),
            ("NUL and another token behind", good + b"\0" + good,
             "token_encrypted"),
            ("sshd's mark of a barred account", b"\b\n\r\x7fINCORRECT" + good,
             "masked_answer")):
        add("form: " + name, expect, token)
    for name, old, new in (
            ("padding", signature, signature + b"=="),
            ("a newline inside", signature, signature[:9] + b"\n"
             + signature[9:]),
            ("a blank inside", signature, signature[:9] + b" "
             + signature[9:]),
            ("a NUL inside", signature, signature[:9] + b"\0" + signature[9:]),
            ("a byte over 127", signature, signature[:9] + b"\xc3\xa4"
             + signature[9:]),
            ("one character too few", signature, signature[:-1])):
        add(f"base64url: {name}, signature", "base64_invalid",
            good.replace(old, new))
        spoiled = payload + b"=" if name == "padding" else \
            new.replace(signature[:9], payload[:9], 1)
        if name not in ("padding", "one character too few"):
            spoiled = payload[:9] + new[9:len(new) - len(signature) + 9] \
                + payload[9:]
            add(f"base64url: {name}, payload", "base64_invalid",
                b".".join((head, spoiled, signature)))
            add(f"base64url: {name}, header", "not_a_jwt",
                b".".join((head[:9] + new[9:len(new) - len(signature) + 9]
                           + head[9:], payload, signature)))
    alphabets()
    tails()

    # A second, evil signature or an evil first part beside the good ones.
    evil = make(key=EVIL_EC)
    add("form: an evil token's payload with the good signature",
        "signature_invalid", b".".join((head, make(payload=claims(
            preferred_username="root")).split(b".")[1], signature)),
        genuine=False)
    add("form: an evil token's signature", "signature_invalid",
        head + b"." + payload + b"." + evil.split(b".")[2], genuine=False)


def of_length(length):
    """A genuine token of exactly so many bytes."""
    for extra in range(length * 3 // 4 - 800, length):
        token = make(payload=claims(pad="x" * extra))
        if len(token) == length:
            return token
        if len(token) > length:
            break
    # Not every length is one of base64url: a longer kid-less header helps.
    for x in range(1, 9):
        head = header(x="y" * x)
        for extra in range(length * 3 // 4 - 800, length):
            token = make(head, claims(pad="x" * extra))
            if len(token) == length:
                return token
            if len(token) > length:
                break
    raise ValueError(length)


def alphabets():
    """A signature that has - and _, written with + and /: the same bytes."""
    while True:
        token = make(header("RS512"))
        first, _, last = token.rpartition(b".")
        if b"-" in last and b"_" in last:
            break
        raise AssertionError("choose another seed")
    add("base64url: + for -", "base64_invalid",
        first + b"." + last.replace(b"-", b"+"))
    add("base64url: / for _", "base64_invalid",
        first + b"." + last.replace(b"_", b"/"))


def tails():
    """Unused bits at the end of a part that are not zero: other text for the
    same bytes."""
    digits = ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
              "0123456789-_")
    token = make(header("RS256")).decode()
    first, _, last = token.rpartition(".")
    assert len(last) % 4 == 2
    for bit in range(4):
        other = digits[digits.index(last[-1]) ^ 1 << bit]
        add(f"base64url: tail bit {bit} of an RSA signature",
            "base64_invalid", f"{first}.{last[:-1]}{other}")

    def signed(head, payload):
        return with_signature_text(head, payload)

    for part, text in (("header", forge.b64u(forge.dump(header(pad="")))),
                       ("payload", None)):
        head = forge.b64u(forge.dump(header()))
        payload = forge.b64u(forge.dump(claims()))
        name = "pad"
        while len(payload) % 4 != 2:
            payload = forge.b64u(forge.dump(claims(**{name: 1})))
            name += "x"
        name = "pad"
        while len(head) % 4 != 2:
            head = forge.b64u(forge.dump(header(**{name: 1})))
            name += "x"
        if part == "header":
            head = head[:-1] + digits[digits.index(head[-1]) ^ 1]
        else:
            payload = payload[:-1] + digits[digits.index(payload[-1]) ^ 1]
        add(f"base64url: tail bit of the {part}, signed as it is",
            "base64_invalid", signed(head, payload))


def with_signature_text(head, payload):
    data = f"{head}.{payload}".encode()
    return data + b"." + forge.b64u(forge.sign(TRUSTED["ec"], "ES256",
                                               data)).encode()
