"""A person who logs in at a provider with a browser: authorization code with
PKCE, forms with their hidden fields, cookies.

    issued = code_flow.log_in(document_url, ca, client, redirect, fields)
    issued["id_token"]
"""

import base64
import hashlib
import html.parser
import http.cookiejar
import json
import secrets
import ssl
import urllib.error
import urllib.parse
import urllib.request


def log_in(document_url, ca, client, redirect, fields, scope="openid profile",
           resource=None, timeout=10):
    """The token response.  document_url: the discovery document; ca: who
    vouches for the provider; fields: what the person types into the form."""
    context = ssl.create_default_context(cafile=ca)
    plain = [urllib.request.ProxyHandler({}),
             urllib.request.HTTPSHandler(context=context)]
    # The browser has the cookies; the client, which takes the code, has none.
    client_opener = urllib.request.build_opener(*plain)
    opener = urllib.request.build_opener(
        *plain, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        _StopAtCallback(redirect))
    with opener.open(document_url, timeout=timeout) as answer:
        endpoints = json.load(answer)

    verifier = secrets.token_urlsafe(48)
    state = secrets.token_urlsafe(12)
    challenge = base64.urlsafe_b64encode(
        hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {"client_id": client, "response_type": "code", "scope": scope,
             "redirect_uri": redirect, "state": state,
             "code_challenge": challenge, "code_challenge_method": "S256"}
    if resource:
        query["resource"] = resource
    with opener.open(endpoints["authorization_endpoint"] + "?"
                     + urllib.parse.urlencode(query),
                     timeout=timeout) as answer:
        url, text = answer.geturl(), answer.read().decode()
    form = _Form()
    form.feed(text)
    sent = dict(form.hidden, **fields)
    request = urllib.request.Request(
        urllib.parse.urljoin(url, form.action or url),
        urllib.parse.urlencode(sent).encode(), {"Referer": url})
    try:
        with opener.open(request, timeout=timeout) as end:
            raise AssertionError("no redirect to the client: "
                                 + end.read().decode())
    except _Callback as callback:
        answer = urllib.parse.parse_qs(
            urllib.parse.urlparse(callback.url).query)
    assert answer.get("state") == [state], answer

    form = {"grant_type": "authorization_code", "code": answer["code"][0],
            "redirect_uri": redirect, "client_id": client,
            "code_verifier": verifier}
    if resource:
        form["resource"] = resource
    try:
        with client_opener.open(endpoints["token_endpoint"],
                                urllib.parse.urlencode(form).encode(),
                                timeout=timeout) as issued:
            return json.load(issued)
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()) from None


class _Form(html.parser.HTMLParser):
    """The first form of a page: where it goes, and its hidden fields."""

    def __init__(self):
        super().__init__()
        self.action = None
        self.hidden = {}

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = values.get("action") or ""
        elif tag == "input" and values.get("type") == "hidden":
            self.hidden[values.get("name")] = values.get("value") or ""


class _Callback(Exception):
    def __init__(self, url):
        super().__init__(url)
        self.url = url


class _StopAtCallback(urllib.request.HTTPRedirectHandler):
    """Follows redirects until the client's own address comes."""

    def __init__(self, redirect):
        self.redirect = redirect

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if newurl.startswith(self.redirect):
            raise _Callback(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)
