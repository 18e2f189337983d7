"""What the payload says, behind a genuine signature."""

import forge
from corpus import add, claims, make
from verdict import AUDIENCE, ISSUER, NOW

LEEWAY = 30


def generate():
    issuers()
    audiences()
    times()
    purposes()
    parties()
    identities()


def case(name, expect, detail="", **members):
    options = members.pop("options", {})
    add(name, expect, make(payload=claims(**members)), detail=detail,
        **options)


def exact(name, expect, member, text, detail=""):
    """A member whose value is written exactly so."""
    payload = forge.dump(claims(**{member: None}))
    add(name, expect, make(
        payload=payload[:-1] + f',"{member}":{text}}}'.encode()),
        detail=detail)


def issuers():
    """iss is compared byte for byte: scitokens-cpp CVE-2026-32725."""
    for name, iss in (
            ("a slash behind", ISSUER + "/"), ("a prefix", ISSUER[:-1]),
            ("a longer name", ISSUER + ".evil.example"),
            ("a path behind", ISSUER + "/../evil"),
            ("upper case", ISSUER.upper()),
            ("another scheme", ISSUER.replace("https", "http")),
            ("the port written out", ISSUER + ":443"),
            ("a query", ISSUER + "?"), ("a fragment", ISSUER + "#"),
            ("a user", ISSUER.replace("//", "//x@")),
            ("a dot behind", ISSUER + "."),
            ("percent encoding", ISSUER.replace("id", "%69d")),
            ("a blank behind", ISSUER + " "), ("a NUL behind", ISSUER + "\0"),
            ("a newline behind", ISSUER + "\n"),
            ("full width", ISSUER.replace("id", "\uff49\uff44")),
            ("a Cyrillic letter", ISSUER.replace("e", "\u0435")),
            ("another", "https://evil.example"), ("empty", "")):
        case(f"iss (CVE-2026-32725): {name}", "issuer_unknown", iss=iss)
    case("iss: absent", "claim_missing", "iss", iss=None)
    for name, text in (("null", "null"), ("an array", f'["{ISSUER}"]'),
                       ("an object", "{}"), ("a number", "1")):
        exact(f"iss: {name}", "claim_type", "iss", text, "iss")


def audiences():
    """aud is there, and holds the section's byte for byte."""
    case("aud: absent (mod_auth_openidc's mistake)", "claim_missing", "aud",
         aud=None)
    for name, aud in (
            ("another", "other"), ("empty", ""), ("a prefix", AUDIENCE[:-1]),
            ("longer", AUDIENCE + "2"), ("upper case", AUDIENCE.upper()),
            ("a blank behind", AUDIENCE + " "),
            ("a NUL behind", AUDIENCE + "\0"),
            ("a list in text", f"other {AUDIENCE}"),
            ("a list with commas", f"other,{AUDIENCE}"), ("a star", "*"),
            ("a JSON text", f'["{AUDIENCE}"]'), ("an empty array", []),
            ("an array of others", ["other", "another"]),
            ("an array with an empty string", [""])):
        case(f"aud: {name}", "audience_mismatch", aud=aud)
    for name, text in (("null", "null"), ("a number", "1"), ("true", "true"),
                       ("an object", f'{{"{AUDIENCE}":1}}'),
                       ("an array of arrays", f'[["{AUDIENCE}"]]'),
                       ("a number behind the good one", f'["{AUDIENCE}",1]'),
                       ("a number before the good one", f'[1,"{AUDIENCE}"]'),
                       ("null behind the good one", f'["{AUDIENCE}",null]')):
        exact(f"aud: {name}", "claim_type", "aud", text, "aud")
    case("aud: an array of one", "ok", aud=[AUDIENCE])
    case("aud: the last of many", "ok", aud=["other"] * 50 + [AUDIENCE])
    case("aud: the same twice", "ok", aud=[AUDIENCE, AUDIENCE])


def times():
    """Seconds, with fractions; nothing is converted, nothing saturates."""
    for member, good in (("exp", NOW + 300), ("nbf", NOW - 5),
                         ("iat", NOW - 5), ("auth_time", NOW - 5)):
        for name, text in (
                ("text", f'"{good}"'), ("null", "null"), ("true", "true"),
                ("an array", f"[{good}]"), ("an object", "{}"),
                ("2^63 - 1", str(2 ** 63 - 1)), ("2^63", str(2 ** 63)),
                ("2^64 + the time", str(2 ** 64 + good)),
                ("-2^63", str(-2 ** 63)), ("-2^63 - 1", str(-2 ** 63 - 1)),
                ("2^53 + 1", str(2 ** 53 + 1)), ("1e18", "1e18"),
                ("1e308", "1e308"), ("1e999", "1e999"), ("-1e999", "-1e999"),
                ("40 digits", "9" * 40), ("a date", '"2023-11-14"')):
            exact(f"time: {member} is {name}", "claim_type", member, text,
                  member)
        exact(f"time: {member} with a fraction", "ok", member, f"{good}.5")
        exact(f"time: {member} with an exponent", "ok", member,
              f"{good / 1e9!r}e9")
    for name, exp, expect in (
            ("one second left of the leeway", NOW - LEEWAY + 1, "ok"),
            ("the leeway used up", NOW - LEEWAY, "expired"),
            ("a fraction of a second left", NOW - LEEWAY + 0.9, "expired"),
            ("zero", 0, "expired"), ("negative", -1, "expired"),
            ("in milliseconds", NOW * 1000, "ok"),
            ("2^53", 2 ** 53, "ok"), ("-2^53", -2 ** 53, "expired")):
        case(f"time: exp, {name}", expect, exp=exp)
    exact("time: exp is -0", "expired", "exp", "-0")
    exact("time: exp is 1e-999", "expired", "exp", "1e-999")
    case("time: exp absent", "claim_missing", "exp", exp=None)
    case("time: nbf at the end of the leeway", "ok", nbf=NOW + LEEWAY)
    case("time: nbf behind the leeway", "not_yet_valid", nbf=NOW + LEEWAY + 1)
    case("time: iat at the end of the leeway", "ok", iat=NOW + LEEWAY)
    case("time: iat behind the leeway", "issued_in_future",
         iat=NOW + LEEWAY + 1)
    case("time: iat behind the leeway, in milliseconds", "issued_in_future",
         iat=NOW * 1000)
    for age, expect in ((130, "ok"), (131, "token_too_old")):
        case(f"time: iat {age} s ago, 100 and the leeway allowed", expect,
             iat=NOW - age, options={"max_token_age": "100s"})
        case(f"time: auth_time {age} s ago, 100 and the leeway allowed",
             expect if expect == "ok" else "auth_too_old",
             auth_time=NOW - age, options={"max_auth_age": "100s"})
    case("time: iat absent where its age is limited", "claim_missing", "iat",
         iat=None, options={"max_token_age": "100s"})
    case("time: auth_time absent where its age is limited", "claim_missing",
         "auth_time", options={"max_auth_age": "100s"})
    case("time: auth_time in the future", "issued_in_future",
         auth_time=NOW + LEEWAY + 1, options={"max_auth_age": "100s"})
    case("time: no iat, no nbf", "ok", iat=None)


def purposes():
    """Tokens that are not for logging in."""
    for name, value in (("a key", {"jkt": "x"}), ("empty", {}), ("text", "x"),
                        ("false", False)):
        case(f"purpose: cnf, {name}", "token_bound", cnf=value)
    exact("purpose: cnf, null", "token_bound", "cnf", "null")
    case("purpose: a logout token", "token_is_event", events={
        "http://schemas.openid.net/event/backchannel-logout": {}})
    exact("purpose: events, null", "token_is_event", "events", "null")


def parties():
    listed = {"authorized_party": "web"}
    case("party: azp is listed", "ok", azp="web", options=listed)
    case("party: azp is not listed", "party_not_authorized", azp="web2",
         options=listed)
    case("party: azp in other case", "party_not_authorized", azp="WEB",
         options=listed)
    case("party: client_id does not stand in for a bad azp",
         "party_not_authorized", azp="evil", client_id="web", options=listed)
    case("party: client_id where azp is absent", "ok", client_id="web",
         options=listed)
    case("party: neither", "claim_missing", options=listed)
    case("party: azp is an array", "claim_type", azp=["web"], options=listed)
    case("party: azp unlisted where nothing is asked", "ok", azp="anybody")


def identities():
    for name, user, expect in (
            ("another", "bob", "user_mismatch"),
            ("upper case", "ALICE", "user_mismatch"),
            ("a prefix", "alic", "user_mismatch"),
            ("longer", "alice2", "user_mismatch"),
            ("a domain behind", "alice@example", "user_mismatch"),
            ("a blank behind", "alice ", "user_mismatch"),
            ("full width", "\uff41lice", "user_mismatch"),
            ("a newline behind", "alice\n", "identity_invalid"),
            ("empty", "", "identity_invalid"),
            ("257 bytes", "a" * 257, "identity_invalid")):
        case(f"identity: {name}", expect, preferred_username=user)
    case("identity: absent", "claim_missing", preferred_username=None)
    for name, text in (("null", "null"), ("a number", "1"),
                       ("an array", '["alice"]'), ("true", "true")):
        exact(f"identity: {name}", "claim_type", "preferred_username", text)
