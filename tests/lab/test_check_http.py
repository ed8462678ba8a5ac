# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP and HTTPS checks against nginx, HAProxy, and servers that misbehave."""

import concurrent.futures
import os
import sys

import bad_http
import daemon
from lab import FAMILIES, Lab, backend_addr, vip
from pki import Authority
from probing import expect, probe
from process import check, equal, wait_until

HERE = os.path.dirname(os.path.abspath(__file__))
NAME = "www.example.org"
BODY = "all is well"
# X509_V_ERR_*
EXPIRED, SELF_SIGNED, NO_ISSUER, OTHER_NAME = 10, 18, 20, 62

NGINX = """
daemon off;
worker_processes 1;
user root;
pid {dir}/nginx.pid;
error_log {dir}/nginx-error.log;
events {{ }}
http {{
    access_log {dir}/nginx-access.log;
    client_body_temp_path {dir}/t1; proxy_temp_path {dir}/t2;
    fastcgi_temp_path {dir}/t3; uwsgi_temp_path {dir}/t4;
    scgi_temp_path {dir}/t5;
    default_type text/plain;
    {servers}
}}
"""
# What each server says: behind the words for its listen, names, certificates.
PAGES = """
    location = / { return 200 "all is well\\n"; }
    location = /fail { return 503 "all is well\\n"; }
    location = /gone { return 410; }
    location = /nothing { return 204; }
    location = /move { return 302 http://$host:$server_port/; }
"""


def server(port, words="", name="_", cert=None, more=""):
    """A server block of nginx."""
    tls = f"ssl_certificate {cert[0]}; ssl_certificate_key {cert[1]};" \
        if cert else ""
    listen = " ".join(f"listen {a}:{port} {words};" for a in ("0.0.0.0", "[::]"))
    return f"server {{ {listen} server_name {name}; {tls} {more} {PAGES} }}\n"


def nginx(lab, port, *servers):
    """nginx with these servers; one of them has the port."""
    path = os.path.join(lab.dir, "nginx.conf")
    with open(path, "w", encoding="ascii") as f:
        f.write(NGINX.format(dir=lab.dir, servers="".join(servers)))
    p = lab.spawn("b1", "nginx", ["nginx", "-c", path, "-e",
                                  os.path.join(lab.dir, "nginx-start.log")])
    listens(lab, p, port)
    return p


def listens(lab, p, port):
    """Waits until the process has its port; it opens all of them together."""
    def there():
        check(p.running(), f"{p.name}: {p.errors()}")
        return lab.do("b1", "ss", "-Hltn", f"sport = :{port}")
    wait_until(there, 10, f"{p.name} listens")


def bad(lab, cert):
    """The servers that misbehave."""
    p = lab.spawn("b1", "bad-http", [
        sys.executable, os.path.join(HERE, "bad_http.py"), *cert])
    p.wait_line("ready")


def target(port, family=4):
    address = backend_addr(family, 1)
    return f"{address}:{port}" if family == 4 else f"[{address}]:{port}"


def patience(reason):
    """Short where the time-out is what is waited for."""
    return {"timeout": "300ms" if reason == "timeout" else "8s"}


def rows(lab, table, base, to):
    """Each row: what is said besides `base`, reason, detail."""
    for said, reason, detail in table:
        expect(lab, {**base, **said}, to, reason, detail=detail)


def good_names():
    return [f"DNS:{NAME}"] + [f"IP:{backend_addr(f, 1)}" for f in FAMILIES]


def test_statuses_and_bodies():
    with Lab(backends=1, clients=0) as lab:
        nginx(lab, 8080, server(8080), server(8082, "http2"))
        table = (
            ({}, "ok", 200),
            ({"method": "HEAD"}, "ok", 200),
            ({"path": "/fail"}, "status", 503),
            ({"path": "/fail", "method": "HEAD"}, "status", 503),
            ({"path": "/fail", "expect-status": "503"}, "ok", 503),
            ({"path": "/fail", "expect-status": "200-299, 500-502"},
             "status", 503),
            ({"path": "/gone"}, "status", 410),
            ({"path": "/nowhere"}, "status", 404),
            ({"path": "/nothing"}, "ok", 204),
            ({"path": "/move"}, "ok", 302),
            ({"path": "/move", "expect-status": "200"}, "status", 302),
            ({"method": "POST", "path": "/"}, "ok", 200),
            ({"method": "POST", "path": "/nowhere"}, "status", 404),
            ({"expect-body": "^all is (well|fine)$"}, "ok", 200),
            ({"expect-body": "ill"}, "content", 0),
            ({"expect-body": "well", "body-limit": "11"}, "ok", 200),
            ({"expect-body": "well", "body-limit": "10"}, "too-long", 0),
            ({"expect-body": "well", "method": "HEAD"}, "content", 0),
            ({"expect-body": "well", "path": "/nothing"}, "content", 0),
            ({"expect-body": "well", "path": "/fail"}, "status", 503),
        )
        for port, version in ((8080, "1.1"), (8082, "2")):
            for family in FAMILIES:
                rows(lab, table, {"type": "http", "http-version": version},
                     target(port, family))
        # nginx without HTTP/2 hangs up on it
        rows(lab, (({}, "closed", 0),), {"type": "http", "http-version": "2"},
             target(8080))
        # nobody listens; nobody is there
        rows(lab, (({}, "refused", 0),), {"type": "http"}, target(8081))
        rows(lab, (({}, "refused", 0),), {"type": "http"}, target(8081, 6))
        lab.ip("gw", ["route add unreachable 10.2.0.99/32",
                      "route add unreachable 2001:db8:2::99/128"])
        for to in ("10.2.0.99:80", "[2001:db8:2::99]:80"):
            expect(lab, {"type": "http"}, to, "unreachable", detail=0)


def test_nobody_keeps_a_trace():
    """No TIME_WAIT at either end, and no word in the server's log of errors."""
    with Lab(backends=1, clients=0) as lab:
        nginx(lab, 8080, server(8080), server(8082, "http2"))
        lab.sysctl("b1", {"net.ipv4.tcp_max_tw_buckets": 10000})
        for port, version, body in ((8080, "1.1", "all"), (8080, "1.1", "$"),
                                    (8082, "2", "all")):
            found = probe(lab, {"type": "http", "http-version": version,
                                "expect-body": body}, target(port), 50)
            equal({f["reason"] for f in found}, {"ok"}, "fifty probes")
        for node in ("gw", "b1"):
            equal(lab.do(node, "ss", "-Htan", "state", "time-wait"), "",
                  f"TIME_WAIT at {node}")
        with open(os.path.join(lab.dir, "nginx-error.log"), encoding="ascii") as f:
            equal(f.read(), "", "nginx's log of errors")
        with open(os.path.join(lab.dir, "nginx-access.log"), encoding="ascii") as f:
            equal({line.split('"')[2].split()[0] for line in f}, {"200"},
                  "nginx's log")


def test_requests():
    with Lab(backends=1, clients=0) as lab:
        ca = Authority(lab.dir, "ca")
        bad(lab, ca.sign("b1", ["DNS:b1"]))
        port = bad_http.port("mirror")
        here = f"{backend_addr(4, 1)}:{port}".replace(".", "[.]")
        table = (
            ({}, "^GET / HTTP/1[.]1\r$"),
            ({}, f"^Host: {here}\r$"),
            ({}, "^User-Agent: nftlb-prober/[0-9.]+\r$"),
            ({}, "^Connection: close\r$"),
            ({"path": "/a/../b/./c?d=e&f=%20{g}[h]"},
             "^GET /a/[.][.]/b/[.]/c[?]d=e&f=%20[{]g}\\[h] HTTP/1[.]1\r$"),
            ({"method": "OPTIONS"}, "^OPTIONS / HTTP"),
            ({"method": "X-PURGE"}, "^X-PURGE / HTTP"),
            ({"method": "POST"}, "^Content-Length: 0\r$"),
            ({"host": NAME}, f"^Host: {NAME}\r$"),
            ({"host": f"{NAME}:81"}, f"^Host: {NAME}:81\r$"),
            ({"host": "[2001:db8::5]:81"}, "^Host: \\[2001:db8::5]:81\r$"),
            ({"header": "X-Some: thing  else"}, "^X-Some: thing  else\r$"),
            ({"header": "X-Nothing:"}, "^X-Nothing:\r$"),
            ({"header": "User-Agent: me"}, "^User-Agent: me\r$"),
            ({"header": "Connection: Upgrade"}, "^Connection: Upgrade\r$"),
        )
        for said, body in table:
            expect(lab, {"type": "http", **said, "expect-body": body.replace(
                "\r$", ".$")}, target(port), "ok", detail=200)
        for said, body in (
                ({}, "Expect"), ({}, "Accept-Encoding"), ({}, "Cookie"),
                ({}, "Content-"), ({"host": NAME}, here), ({}, "Upgrade"),
                ({"header": "Connection: Upgrade"}, "close"),
                ({"header": "User-Agent: me"}, "nftlb"), ({}, "HTTP2")):
            expect(lab, {"type": "http", **said, "expect-body": body},
                   target(port), "content", detail=0)
        tls = bad_http.port("mirror", True)
        expect(lab, {"type": "https", "tls-verify": "no", "sni": NAME,
                     "expect-body": f"^Host: {NAME}:{tls}.$"},
               target(tls), "ok", detail=200)
        expect(lab, {"type": "http", "expect-body":
                     f"^Host: \\[{backend_addr(6, 1)}]:{port}"},
               target(port, 6), "ok", detail=200)


# way: what an expectation of a status says of it, and one of a body
BAD = {
    "silent": ("timeout", "timeout"),
    "slow": ("timeout", "timeout"),
    "hang-up": ("closed", "closed"),
    "reset-at-once": ("reset", "reset"),
    "close": ("closed", "closed"),
    "close-in-line": ("closed", "closed"),
    "close-in-header": ("closed", "closed"),
    "close-in-body": ("ok", "closed"),
    "close-in-chunk": ("ok", "closed"),
    "close-no-length": ("ok", "ok"),
    "reset": ("reset", "reset"),
    "reset-in-header": ("reset", "reset"),
    "reset-in-body": ("ok", "reset"),
    "hang-in-header": ("timeout", "timeout"),
    "hang-in-body": ("ok", "timeout"),
    "endless-body": ("ok", "too-long"),
    "endless-chunks": ("ok", "too-long"),
    "endless-drops": ("ok", "timeout"),
    "endless-header": ("too-long", "too-long"),
    "endless-line": ("too-long", "too-long"),
    "endless-word": ("too-long", "too-long"),
    "endless-interim": ("too-long", "too-long"),
    "endless-zeros": ("malformed", "malformed"),
    "garbage": ("malformed", "malformed"),
    "banner": ("malformed", "malformed"),
    "no-header": ("malformed", "malformed"),
    "bad-status": ("malformed", "malformed"),
    "bad-version": ("malformed", "malformed"),
    "bad-chunk": ("ok", "malformed"),
    "bad-length": ("malformed", "malformed"),
    "interim": ("ok", "ok"),
    "upgrade": ("status", "status"),
    "pieces": ("ok", "content"),
    "squeezed": ("ok", "ok"),
    "zeros": ("ok", "ok"),
    "big": ("ok", "ok"),
    "bigger": ("ok", "too-long"),
    "greeting": ("malformed", "malformed"),
}
BAD_DETAIL = {"ok": 200, "status": 101}


def bad_ways(lab, kind, tls):
    """All of BAD, several at once: most of it is waiting."""
    def one(way, said, reason):
        for family in FAMILIES:
            expect(lab, {**kind, **patience(reason), **said},
                   target(bad_http.port(way, tls), family), reason,
                   detail=BAD_DETAIL.get(reason, 0))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for end in [pool.submit(one, way, said, reason)
                    for way, reasons in BAD.items()
                    for said, reason in zip(({}, {"expect-body": "well"}),
                                            reasons)]:
            end.result()


def test_servers_that_misbehave():
    with Lab(backends=1, clients=0) as lab:
        bad(lab, Authority(lab.dir, "ca").sign("b1", ["DNS:b1"]))
        bad_ways(lab, {"type": "http"}, False)
        for way, said, reason, detail in (
                ("endless-drops", {"expect-body": "needle"}, "ok", 200),
                ("endless-body", {"expect-body": "xxxx"}, "ok", 200),
                ("endless-body", {"expect-body": "well", "body-limit": "1000000"},
                 "too-long", 0),
                ("pieces", {"expect-body": "^OK$"}, "content", 0),
                ("pieces", {"expect-body": "^OKAY$"}, "ok", 200),
                ("scrambled", {"expect-body": "b"}, "content", 0),
                ("scrambled", {"expect-body": "a.{20}b"}, "too-long", 0),
                ("zeros", {"expect-body": "^[^a][^a]well[^a].$"}, "ok", 200),
                ("upgrade", {"expect-status": "101"}, "ok", 101)):
            expect(lab, {"type": "http", **said}, target(bad_http.port(way)),
                   reason, detail=detail)
        found = probe(lab, {"type": "http", "expect-body": "a.{100}b",
                            "timeout": "8s"},
                      target(bad_http.port("scrambled")))[0]
        check(found["ms"] < 6000, f"a dear expression: {found}")
        found = probe(lab, {"type": "http", "timeout": "500ms"},
                      target(bad_http.port("slow")))[0]
        equal((found["reason"], found["ms"]), ("timeout", 500), "one byte a second")


def test_misbehaviour_in_tls():
    with Lab(backends=1, clients=0) as lab:
        bad(lab, Authority(lab.dir, "ca").sign("b1", ["DNS:b1"]))
        bad_ways(lab, {"type": "https", "tls-verify": "no"}, True)
        # before TLS
        for way, reason in (("silent", "timeout"), ("hang-up", "closed"),
                            ("reset-at-once", "reset")):
            expect(lab, {"type": "https", "tls-verify": "no", **patience(reason)},
                   target(bad_http.port(way)), reason, detail=0)
        found = expect(lab, {"type": "https", "tls-verify": "no"},
                       target(bad_http.port("greeting")), "tls")
        check(found["detail"] > 0, f"OpenSSL's number: {found}")


def test_http_2_that_misbehaves():
    with Lab(backends=1, clients=0) as lab:
        bad(lab, Authority(lab.dir, "ca").sign("b1", ["DNS:b1"]))
        table = {
            "h2-silent": "timeout", "h2-header-only": "timeout",
            "h2-good": "ok", "h2-close": "closed",
            "h2-close-in-body": "closed", "h2-reset-in-body": "reset",
            "h2-stream-reset": "reset", "h2-stream-refused": "reset",
            "h2-goaway": "malformed", "h2-bad-header": "malformed",
            "h2-huge-frame": "malformed", "h2-endless": "too-long",
            "h2-hang-up": "closed", "h2-reset": "reset",
            "h2-garbage": "malformed", "h2-banner": "malformed",
            "reset-at-once": "reset",
        }
        for kind, tls in (({"type": "http"}, False),
                          ({"type": "https", "tls-verify": "no"}, True)):
            for way, reason in table.items():
                expect(lab, {**kind, **patience(reason), "http-version": "2",
                             "expect-body": "well"},
                       target(bad_http.port(way, tls)), reason,
                       detail=BAD_DETAIL.get(reason, 0))
            # words of HTTP/1.1 and the end: which is seen first is a race
            found = probe(lab, {**kind, "http-version": "2"},
                          target(bad_http.port("h2-other-version", tls)))[0]
            check(found["reason"] in ("closed", "malformed"), str(found))


def test_certificates():
    with Lab(backends=1, clients=0) as lab:
        ca, other_ca = Authority(lab.dir, "ca"), Authority(lab.dir, "other-ca")
        good = ca.sign("good", good_names())
        other = ca.sign("other", ["DNS:other.example.org"])
        nginx(lab, 8443, server(8443, "ssl", cert=good),
              server(8444, "ssl http2", cert=good),
              server(8445, "ssl", cert=ca.sign("old", good_names(), days=-1)),
              server(8446, "ssl", cert=other),
              server(8447, "ssl", cert=other_ca.sign("fake", good_names())),
              server(8448, "ssl", cert=(other_ca.pem, other_ca.base + ".key")),
              # a certificate for each name
              server(8449, "ssl default_server", cert=other),
              server(8449, "ssl", NAME, good),
              server(8450, "ssl default_server", more="ssl_reject_handshake on;"),
              server(8450, "ssl", NAME, good))
        trust = {"type": "https", "ca-file": ca.pem}
        named = {**trust, "sni": NAME}
        careless = {"type": "https", "tls-verify": "no"}
        for family in FAMILIES:
            for port, keys, reason, detail in (
                    (8443, trust, "ok", 200),
                    (8443, named, "ok", 200),
                    (8443, {**named, "expect-body": BODY}, "ok", 200),
                    (8443, {**trust, "host": f"{NAME}:99"}, "ok", 200),
                    (8443, {**trust, "host": "other.example.org"},
                     "certificate-name", OTHER_NAME),
                    (8443, {**trust, "host": "other.example.org", "sni": NAME},
                     "ok", 200),
                    (8443, {**named, "sni": "other.example.org"},
                     "certificate-name", OTHER_NAME),
                    (8443, {"type": "https"}, "certificate-untrusted", NO_ISSUER),
                    (8443, {**trust, "ca-file": other_ca.pem},
                     "certificate-untrusted", NO_ISSUER),
                    (8443, {**named, "http-version": "2"}, "malformed", 0),
                    (8444, {**named, "http-version": "2"}, "ok", 200),
                    (8444, {**named, "http-version": "2", "path": "/fail",
                            "expect-body": BODY}, "status", 503),
                    (8444, named, "ok", 200),
                    (8445, named, "certificate-expired", EXPIRED),
                    (8445, careless, "ok", 200),
                    (8446, named, "certificate-name", OTHER_NAME),
                    (8446, trust, "certificate-name", OTHER_NAME),
                    (8446, careless, "ok", 200),
                    (8447, named, "certificate-untrusted", NO_ISSUER),
                    (8447, careless, "ok", 200),
                    (8448, named, "certificate-untrusted", SELF_SIGNED),
                    (8448, careless, "ok", 200),
                    (8449, named, "ok", 200),
                    (8449, {**named, "sni": "wrong.example.org"},
                     "certificate-name", OTHER_NAME),
                    (8449, trust, "certificate-name", OTHER_NAME),
                    (8450, named, "ok", 200),
                    # unrecognized_name
                    (8450, {**named, "sni": "wrong.example.org"}, "tls", 1112),
                    (8450, careless, "tls", 1112)):
                expect(lab, keys, target(port, family), reason, detail=detail)


HAPROXY = """
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend strict
    bind [::]:8443 v4v6 ssl crt {pem} ca-file {ca} verify required alpn h2,http/1.1
    http-request return status 200 content-type text/plain string "all is well"
frontend old
    bind [::]:8444 v4v6 ssl crt {pem} ca-file {ca} verify required ssl-max-ver TLSv1.2
    http-request return status 200 content-type text/plain string "all is well"
frontend clear
    bind [::]:8445 v4v6 proto h2
    http-request return status 200 content-type text/plain string "all is well"
"""


def haproxy(lab, ca, cert):
    pem = os.path.join(lab.dir, "haproxy.pem")
    with open(pem, "w", encoding="ascii") as f:
        for part in cert:
            with open(part, encoding="ascii") as of:
                f.write(of.read())
    path = os.path.join(lab.dir, "haproxy.cfg")
    with open(path, "w", encoding="ascii") as f:
        f.write(HAPROXY.format(pem=pem, ca=ca.pem))
    p = lab.spawn("b1", "haproxy", ["haproxy", "-db", "-f", path])
    listens(lab, p, 8445)


def test_client_certificates():
    with Lab(backends=1, clients=0) as lab:
        ca, other_ca = Authority(lab.dir, "ca"), Authority(lab.dir, "other-ca")
        good = ca.sign("good", good_names())
        haproxy(lab, ca, good)
        nginx(lab, 8543, server(8543, "ssl", cert=good, more=f"""
            ssl_client_certificate {ca.pem}; ssl_verify_client on;"""))
        trust = {"type": "https", "ca-file": ca.pem, "sni": NAME}
        mine, others = ({"cert-file": c, "key-file": k} for c, k in (
            ca.sign("prober", ["DNS:prober"]),
            other_ca.sign("stranger", ["DNS:prober"])))
        for version in ("1.1", "2"):
            for port, said, reason in (
                    (8443, mine, "ok"), (8443, {}, "tls"),
                    (8443, others, "tls"), (8444, mine, "ok"),
                    (8444, {}, "tls"), (8444, others, "tls")):
                if port == 8444 and version == "2":
                    continue
                expect(lab, {**trust, **said, "http-version": version,
                             "expect-body": BODY}, target(port), reason)
        for said, reason, detail in ((mine, "ok", 200), ({}, "status", 400),
                                     (others, "status", 400)):
            expect(lab, {**trust, **said}, target(8543), reason, detail=detail)
        for family in FAMILIES:
            expect(lab, {"type": "http", "http-version": "2",
                         "expect-body": BODY}, target(8445, family), "ok",
                   detail=200)


def test_source():
    """The address and interface that a probe comes from."""
    with Lab(backends=1, clients=0) as lab:
        bad(lab, Authority(lab.dir, "ca").sign("b1", ["DNS:b1"]))
        nginx(lab, 8080, server(8080, more="""
            if ($remote_addr !~ [:.]77$) { return 403; }"""))
        lab.ip("gw", ["addr add 10.2.0.77/16 dev back",
                      "addr add 2001:db8:2::77/64 dev back nodad preferred_lft 0"])
        from_there = {"source-address": "10.2.0.77, 2001:db8:2::77"}
        for family in FAMILIES:
            to = target(8080, family)
            expect(lab, {"type": "http"}, to, "status", detail=403)
            expect(lab, {"type": "http", **from_there}, to, "ok", detail=200)
            expect(lab, {"type": "http", "interface": "back"}, to, "status",
                   detail=403)
            expect(lab, {"type": "http", "interface": "nowhere"}, to, "local")
            expect(lab, {"type": "http", "source-address":
                         "10.2.0.78, 2001:db8:2::78"}, to, "local")


def test_health_through_the_daemon():
    """Up and down, and why, as nftlbctl shows it."""
    with Lab(backends=1) as lab:
        ca = Authority(lab.dir, "ca")
        sick = os.path.join(lab.dir, "sick")
        server_process = nginx(lab, 8443, server(
            8443, "ssl http2", cert=ca.sign("good", good_names()),
            more=f"if (-f {sick}) {{ return 503; }}"))
        d = daemon.start(
            lab, {"www": daemon.service(daemon.members(1, families=(4,)),
                                        address=vip(4), check="web")},
            checks={"web": {"type": "https", "port": 8443, "interval": "400ms",
                            "timeout": "350ms", "rise": 2, "fall": 2,
                            "sni": NAME, "ca-file": ca.pem,
                            "http-version": "2", "expect-body": BODY}})

        def reason():
            return d.backend("b1")["check"]["reason"]

        wait_until(lambda: reason() == "ok", 5, "the first answer")
        equal(d.backend("b1")["state"], "active", "state")
        with open(sick, "w", encoding="ascii"):
            pass
        d.wait_state("b1", "down")
        equal(reason(), "status", "reason")
        os.unlink(sick)
        d.wait_state("b1", "active")
        server_process.stop()
        d.wait_state("b1", "down")
        equal(reason(), "refused", "reason")
