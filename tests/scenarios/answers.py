"""What stands behind "answer" in a scenario: tokens by description, words,
and conversations that fail.

    token                           a good token of the user who logs in
    token bob exp=now-10m -iat      changed: somebody else's, expired, no iat
    token @key=stranger @typ=at+jwt as header members and ways of making it
    text "hunter2"                  these words
    again                           what was answered last
    fail PAM_CONV_AGAIN             the conversation fails with this code

Every token carries claims with random values that no configuration names.
What must never be seen is collected here: see Answers.secrets.
"""

import hashlib
import json
import re
import secrets
import time

import tokens
from scenario import Mistake, unquote

ISSUER = "https://login.example.test"
AUDIENCE = "ssh-login"
CODES = {"PAM_SYSTEM_ERR": 4, "PAM_BUF_ERR": 5, "PAM_USER_UNKNOWN": 10,
         "PAM_CONV_ERR": 19, "PAM_ABORT": 26, "PAM_CONV_AGAIN": 30,
         "PAM_INCOMPLETE": 31}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

# Answers of these lengths bring about another prompt; none does by chance.
PIECES = (511, 512, 1023, 1024, 4095)

# Claims that the log may show whatever the configuration says.
SHOWN = {"iss", "aud", "exp", "nbf", "iat", "auth_time", "azp", "client_id"}


def key_of(kind, kid):
    """The private key that scenarios call by kind and kid."""
    return tokens.shared_key(kind, kid)


def words_of(text):
    """Splits at spaces, but not inside a JSON value behind an equals sign."""
    decoder, position, words = json.JSONDecoder(), 0, []
    while position < len(text):
        match = re.compile(r"\s*([^\s=]+)(=?)").match(text, position)
        if match is None:
            break
        name, equals = match.groups()
        position = match.end()
        value = None
        if equals:
            if text[position:position + 1] in ('"', "{", "["):
                value, position = decoder.raw_decode(text, position)
            else:
                end = re.compile(r"\S*").match(text, position).end()
                value = scalar(text[position:end])
                position = end
        words.append((name, value))
    return words


def scalar(text):
    """now, now-10m, numbers, true, false, null; anything else is a text."""
    match = re.fullmatch(r"now(?:([+-]\d+)([smhd]))?", text)
    if match:
        shift = int(match[1]) * UNITS[match[2]] if match[1] else 0
        return int(time.time()) + shift
    try:
        return json.loads(text)
    except ValueError:
        return text


def strings_in(value):
    """All texts in a JSON value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = value.values()
    return [text for part in value for text in strings_in(part)] \
        if not isinstance(value, (int, float, bool, type(None))) else []


class Answers:
    """Makes the answers of one scenario and remembers what is secret."""

    def __init__(self, issuer=ISSUER):
        self.issuer = issuer
        self.last = None
        self.issued = []            # (token text, claims)
        self.passwords = []

    def make(self, words, user):
        """The answer for pamclient: a text, or the code of a failure."""
        kind, _, rest = words.partition(" ")
        if kind == "token":
            self.last = self._token(rest, user)
            self.issued.append(self.last)
            answer = self.last[0]
        elif kind == "text":
            answer = unquote(rest).encode().decode("unicode_escape")
            self.passwords.append(answer)
        elif kind == "again":
            answer = self.last[0]
        elif kind == "word":
            count, letter = rest.split()
            answer = letter * int(count)
        elif kind == "piece":
            first, end = rest.split()
            answer = self.last[0][int(first):None if end == "end"
                                  else int(end)]
        elif kind == "fail":
            return CODES[rest]
        else:
            raise Mistake(f"no answer is called {kind}")
        return answer

    def token_id(self):
        """How the log names the last token."""
        return "" if self.last is None else hashlib.sha256(
            self.last[0].encode()).hexdigest()[:12]

    def secrets(self, named, known):
        """Texts that no output may hold.

        named is everything that configuration, maps and grants say: a claim
        whose name stands there may be shown.  known are texts that the host
        knows anyway.
        """
        result = set()
        for token, claims in self.issued:
            result |= {token[i:i + 16] for i in range(0, len(token) - 16, 3)}
            for name, value in claims.items():
                if name not in SHOWN and name not in named:
                    result |= {text for text in strings_in(value)
                               if len(text) > 5 and text not in known}
        result |= {text for text in self.passwords if len(text) > 5}
        return result

    def _token(self, description, user):
        words = words_of(description)
        ways, header = {}, {}
        if words and words[0][1] is None and words[0][0][0] not in "-@":
            user = words.pop(0)[0]
        claims = tokens.claims(
            self.issuer, user, AUDIENCE,
            jti=secrets.token_hex(8), canary="canary-" + secrets.token_hex(8),
            cage={"of": ["canary-" + secrets.token_hex(8)]})
        for name, value in words:
            if name.startswith("@"):
                where = ways if name[1:] in WAYS else header
                where[name[1:]] = value
            elif name.startswith("-@") and value is None:
                header[name[2:]] = None
            elif name.startswith("-") and value is None:
                claims.pop(name[1:], None)
            elif value is None:
                raise Mistake(f"token: what is {name}?")
            else:
                claims[name] = value
        text = make_token(claims, ways, header)
        while len(text) in PIECES and not {"length", "payload"} & set(ways):
            claims["canary"] += "-"
            text = make_token(claims, ways, header)
        return text, claims


# Words with @ that are no members of the header: how the token is made.
WAYS = ("key", "made", "payload", "before", "behind", "length")


def make_token(claims, ways, header):
    """A token of the standard key, unless the ways say otherwise."""
    kind, _, kid = ways.get("key", "EdDSA:k1").partition(":")
    key = key_of(kind, kid or "k1")
    alg = header.get("alg", "EdDSA" if kind == "Ed448" else kind)
    made = ways.get("made")
    if made == "unsigned":
        text = tokens.unsigned_token(claims, {"kid": "k1", **header})
    elif made == "hmac":        # with the public key as the secret
        secret = tokens.jwk.JWK(kty="oct", kid="k1",
                                k=tokens.b64url(key.export_to_pem()))
        text = tokens.make_token(secret, "HS256", claims, header)
    elif "payload" in ways:     # any bytes, signed well
        protected = {"alg": alg, "typ": "JWT", "kid": kid or "k1", **header}
        text = tokens.sign(key, protected, ways["payload"])
    elif "length" in ways:
        text = tokens.pad_to(ways["length"], lambda pad: tokens.make_token(
            key, alg, {**claims, "padding": pad}, header))
    else:
        text = tokens.make_token(key, alg, claims, header)
    if made == "spoiled":
        text = tokens.spoil_signature(text)
    elif made == "detached":
        text = ".".join((text.split(".")[0], "", text.split(".")[2]))
    elif made == "json":
        parts = text.split(".")
        text = json.dumps({"protected": parts[0], "payload": parts[1],
                           "signature": parts[2]})
    elif made == "encrypted":
        text = ".".join((tokens.b64url(b'{"alg":"dir","enc":"A128GCM"}'), "",
                         *(tokens.b64url(secrets.token_bytes(16)),) * 3))
    elif made == "odd-header":
        text = ".".join((tokens.b64url(b'{"alg":7}'), *text.split(".")[1:]))
    elif made not in (None, "unsigned", "hmac"):
        raise Mistake(f"token: @made={made}?")
    return ways.get("before", "") + text + ways.get("behind", "")
