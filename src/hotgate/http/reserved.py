"""The fields by which proxies tell a backend who calls and what was asked. A client must not say it itself.

A name also counts in every spelling that CGI, WSGI and PHP make equal: these turn `-`, and some of them any other
punctuation, into `_`, so that `X_Forwarded_For` arrives as `X-Forwarded-For` (CVE-2025-64484).
"""

# One reason each: the product that believes the field, or the advisory about believing it.
_SOURCES: dict[bytes, str] = {
    b"forwarded": "RFC 7239 §8.1",
    b"x-forwarded": "nginx, older Rails",
    b"x-forwarded-for": "nearly everything",
    b"x-forwarded-proto": "nearly everything",
    b"x-forwarded-protocol": "Gunicorn",
    b"x-forwarded-scheme": "Rack, ingress-nginx",
    b"x-forwarded-ssl": "Gunicorn, Rack",
    b"x-forwarded-host": "Django, Symfony, Spring",
    b"x-forwarded-port": "AWS load balancers, Spring",
    b"x-forwarded-prefix": "Spring, Werkzeug, Traefik",
    b"x-forwarded-path": "Kong",
    b"x-forwarded-server": "Apache httpd, Traefik",
    b"x-forwarded-uri": "Traefik and Caddy forward authentication",
    b"x-forwarded-method": "Traefik and Caddy forward authentication",
    b"x-forwarded-client-cert": "Envoy (XFCC)",
    b"x-forwarded-tls-client-cert": "Traefik",
    b"x-forwarded-user": "oauth2-proxy",
    b"x-forwarded-email": "oauth2-proxy",
    b"x-forwarded-groups": "oauth2-proxy",
    b"x-forwarded-preferred-username": "oauth2-proxy",
    b"x-forwarded-access-token": "oauth2-proxy",
    b"x-original-forwarded-for": "ingress-nginx",
    b"x-envoy-external-address": "Envoy",
    b"x-envoy-original-path": "Envoy",
    b"x-real-ip": "nginx, and whatever stands behind it",
    b"x-client-ip": "Azure, many frameworks",
    b"x-cluster-client-ip": "Zeus, Rackspace, Riverbed",
    b"client-ip": "PHP applications (HTTP_CLIENT_IP)",
    b"true-client-ip": "Akamai, Cloudflare",
    b"cf-connecting-ip": "Cloudflare",
    b"cf-connecting-ipv6": "Cloudflare",
    b"fastly-client-ip": "Fastly",
    b"x-scheme": "ingress-nginx",
    b"x-url-scheme": "Gunicorn-era WSGI proxies",
    b"front-end-https": "Microsoft ISA Server",
    b"x-original-url": "IIS, Symfony: another path than the one authorised (CVE-2018-14773)",
    b"x-rewrite-url": "IIS, Symfony: another path than the one authorised (CVE-2018-14773)",
    b"x-original-uri": "nginx auth_request",
    b"x-original-method": "ingress-nginx",
    b"x-original-host": "Azure Application Gateway",
    b"x-http-method-override": "another method than the one authorised: Rack, Symfony, Express middleware",
    b"x-http-method": "the same, OData",
    b"x-method-override": "the same, Java frameworks",
    b"client-cert": "RFC 9440 §4",
    b"client-cert-chain": "RFC 9440 §4",
    b"ssl-client-cert": "ingress-nginx",
    b"ssl-client-verify": "ingress-nginx",
    b"x-client-cert": "common in front of Java servers",
    b"x-ssl-client-cert": "common in front of Python and PHP servers",
    b"remote-user": "CGI",
    b"x-remote-user": "Kubernetes authenticating proxy, Jenkins",
    b"x-remote-group": "Kubernetes authenticating proxy, Jenkins",
    b"x-webauth-user": "Grafana auth proxy",
    b"x-consumer-id": "Kong",
    b"x-consumer-custom-id": "Kong",
    b"x-consumer-username": "Kong",
    b"x-credential-identifier": "Kong",
    b"x-authenticated-userid": "Kong",
    b"x-authenticated-scope": "Kong",
    b"x-anonymous-consumer": "Kong",
    b"x-userinfo": "Kong, APISIX",
    b"x-arr-clientcert": "Azure App Service",
    b"x-original-path": "Envoy, Spring",
    b"x-override-url": "another path than the one authorised: Zend, Symfony",
    b"x-http-host-override": "another host than the one authorised",
    b"x-host": "another host than the one authorised",
    b"x-middleware-subrequest": "Next.js skips its authorization (CVE-2025-29927)",
    b"proxy": "CGI programs take it for HTTP_PROXY (httpoxy, CVE-2016-5385)",
}

# The gateway's signed word on who calls (identity/assertion.py).
ASSERTION_FIELD = b"x-hotgate-assertion"

# An operator's ticket, and what the answer to it says (policies/explaining). No backend sees it.
EXPLAIN_FIELD = b"hotgate-explain"

FORWARDED_NAMES: frozenset[bytes] = frozenset(_SOURCES)

# `X-Auth-*`, `X-Hotgate-*` and `Hotgate-*` are Hotgate's own, the former set by `Principal`; nobody but a proxy has
# business with `X-Forwarded-*`. The others are families of which new members appear: certificates, and what
# identity-aware proxies say of a user.
_PREFIXES = (
    *(
        b"x-auth-",
        b"x-hotgate-",
        b"hotgate-",
        b"x-forwarded-",
        b"ssl-client-",
        b"x-ssl-client-",
        b"x-remote-",
        b"remote-",
    ),
    *(b"x-webauth-", b"x-consumer-", b"x-envoy-", b"x-ms-client-principal", b"x-amzn-oidc-", b"x-goog-authenticated-"),
    *(b"cf-access-",),
)

_ONE_SPELLING = bytes(byte if byte >= 0x80 or chr(byte).isalnum() else ord("-") for byte in bytes(range(256)).lower())


def spelling(name: bytes) -> bytes:
    """The one spelling of all names that some backend takes for the same: lower case, with `-` for punctuation."""
    return name.translate(_ONE_SPELLING)


def is_reserved(name: bytes) -> bool:
    """Whether a client's field of this name, in any case and spelling, must not reach a backend."""
    spelled = spelling(name)
    return spelled in FORWARDED_NAMES or spelled.startswith(_PREFIXES)
