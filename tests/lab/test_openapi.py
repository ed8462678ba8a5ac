# SPDX-License-Identifier: GPL-2.0-or-later
"""The description of the API is true: what it describes is sent, what comes back
is as it says. (That it has all routes and no others: tests/unit/test_openapi.)"""

import itertools
import json
import re
from urllib.parse import quote, urlencode

from jsonschema import Draft202012Validator

import rich
from asking import UnixConnection, ask
from hvapi import Client
from lab import FAMILIES, Lab, crowd, vip
from process import check, equal, wait_until

METHODS = ("get", "put", "post", "delete", "patch")
PARTS = {"service": "www", "backend": "b1", "list": "bad", "pool": "web",
         "client": "10.3.1.1", "revision": "1"}
# Values of the query that a schema alone does not know, by name.
VALUES = {"service": ["www"], "backend": ["b1"], "client": ["10.3.1.1"],
          "port": ["4711"], "address": ["10.9.0.1", "2001:db8::1"],
          "since": ["3"], "limit": ["2"], "confirm": []}
LAST = ("/v1/config/rollback", "/v1/flush")
# What has to be so that it is done, and is not: a conflict, not a mistake.
REFUSED = {"confirmConfig": {409}, "rollback": {200, 404, 409, 410, 422},
           "forgetSession": {200, 404}, "deleteMember": {200, 404}, "checkConfig": {200, 403}, "diffConfig": {200, 403}}


class Document:
    """openapi.json, and what it says of a request and its answer."""

    def __init__(self, api):
        self.doc = api.ask("GET", "/v1/openapi.json").ok()
        self.operations = [
            (path, method, item, item[method])
            for path, item in self.doc["paths"].items() for method in METHODS
            if method in item]

    def deref(self, o):
        while "$ref" in o:
            at = self.doc
            for part in o["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            o = at
        return o

    def validate(self, schema, value, words):
        whole = {**schema, "components": self.doc["components"]}
        errors = list(Draft202012Validator(whole).iter_errors(value))
        check(not errors, f"{words}: {[e.message for e in errors][:3]} in "
              f"{json.dumps(value)[:600]}")

    def judge(self, operation, answer, words):
        """Status and type are documented, the body is as its schema says."""
        responses = operation["responses"]
        check(str(answer.status) in responses,
              f"{words}: {answer.status} is not documented: {answer.body[:300]}")
        content = self.deref(responses[str(answer.status)]).get("content", {})
        kind = (answer.headers.get("Content-Type") or "").split(";")[0]
        if not content:
            return
        check(kind in content, f"{words}: {kind} is not documented")
        if kind.endswith("json"):
            self.validate(content[kind]["schema"], answer.json(), words)

    def problem(self, operation, answer, words, field=None, status=None):
        self.judge(operation, answer, words)
        equal(answer.headers.get("Content-Type"), "application/problem+json",
              words)
        p = answer.json()
        equal(p["status"], answer.status, words)
        check(400 <= answer.status < 500, f"{words}: {answer.status}")
        if status:
            equal(answer.status, status, f"{words}: {p}")
        if field is not None:
            check(field in [e.get("field") for e in p["errors"]],
                  f"{words}: {field} is not named: {p}")


def path_of(path, method="get", **other):
    parts = {**PARTS, **other}
    if path.startswith("/v1/pools") and "backend" not in other:
        parts["backend"] = "m1" if method == "get" else "m9"
    return re.sub(r"{(\w+)}", lambda m: quote(parts[m[1]], safe=""), path)


def queries(doc, operation):
    """The query alone with what is required, then each key with each value."""
    keys = [p for p in operation.get("parameters", ()) if p["in"] == "query"]
    need = {p["name"]: VALUES[p["name"]][0] for p in keys if p["required"]}
    out = [need]
    for p in keys:
        for value in p["schema"].get("enum") or VALUES[p["name"]]:
            out.append({**need, p["name"]: value})
    return out


def bodies(doc, operation):
    """Examples of the body, and what its schema makes of each field."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return [b"[global]\n" if content else None]
    schema = doc.deref(content["application/json"]["schema"])
    out = list(schema.get("examples", ()))
    fields = schema.get("properties", {})
    choices = {k: v["enum"] for k, v in fields.items() if "enum" in v}
    for values in itertools.product(*choices.values()) if choices else ():
        out.append(dict(zip(choices, values)))
    for k, v in fields.items():
        if set(schema.get("required", ())) - {k} or "minimum" not in v:
            continue
        out += [{k: v["minimum"]}, {k: v.get("maximum", v["minimum"] + 1)}]
    return out


def wrong_values(doc, schema):
    schema = doc.deref(schema)
    types = schema["type"] if isinstance(schema["type"], list) else [
        schema["type"]]
    out = [v for t, v in (("string", 7), ("integer", 1.5), ("array", {"a": 1}),
                          ("boolean", "yes")) if t in types]
    out += ["no such word"] if "enum" in schema else []
    out += [schema["minimum"] - 1] if "minimum" in schema else []
    out += [schema["maximum"] + 1] if "maximum" in schema else []
    return out


def rich_lab(lab):
    d = rich.start(lab)
    for f in FAMILIES:
        lab.flow("c1", vip(f), 80, 10, source=crowd(f, 10))
    lab.servers["b3"].kill()
    wait_until(lambda: d.backend("b3")["state"] == "down", 10, "b3 is down")
    api = Client(UnixConnection(d.socket))
    return d, api, Document(api)


def what_was_said(d):
    """What a request could have changed."""
    return (d.json("show", "config")["revision"],
            [(s["name"], s["admin"], b["name"], b["admin"], b["weight"]["set"])
             for s in d.json("show", "services") for b in s["backends"]],
            [(x["name"], x["added"]) for x in d.json("show", "lists")])


def test_document():
    """It is OpenAPI, as far as we use it."""
    with Lab(backends=3) as lab:
        _, _, doc = rich_lab(lab)
        equal(doc.doc["openapi"], "3.1.0", "version")
        seen = set()
        for path, method, item, operation in doc.operations:
            words = f"{method} {path}"
            check(operation["operationId"] not in seen, words)
            seen.add(operation["operationId"])
            declared = {p["name"] for p in item.get("parameters", ())
                        if p["in"] == "path" and p["required"]}
            equal(declared, set(re.findall(r"{(\w+)}", path)), words)
            check(operation["summary"] and "200" in operation["responses"], words)
            for r in operation["responses"].values():
                r = doc.deref(r)
                check(r["description"], words)
                for kind, media in r.get("content", {}).items():
                    equal(kind.count("/"), 1, words)
                    Draft202012Validator.check_schema(media["schema"])
        for name, schema in doc.doc["components"]["schemas"].items():
            Draft202012Validator.check_schema(schema)
            if schema.get("type") == "object" and name != "MemberChange":
                equal(schema["additionalProperties"], False, name)
        refs = re.findall(r'"\$ref": "([^"]+)"', json.dumps(doc.doc))
        for r in set(refs):
            doc.deref({"$ref": r})
        for name in doc.doc["components"]["schemas"]:
            check(f"#/components/schemas/{name}" in refs, f"{name} is not used")


def test_answers():
    """Each operation with each value that is described."""
    with Lab(backends=3) as lab:
        d, api, doc = rich_lab(lab)
        for path, method, _, op in sorted(
                doc.operations, key=lambda o: (o[0] in LAST, o[1] == "delete",
                                               o[1] != "get")):
            if "text/plain" in op.get("requestBody", {}).get("content", {}) and (
                    "application/json" not in op["requestBody"]["content"]):
                with open(d.conf_path, "rb") as f:
                    text = f.read()
                for query in ("?dry_run=1", ""):
                    a = api.ask(method.upper(), path + query, text,
                                **{"Content-Type": "text/plain"})
                    doc.judge(op, a, f"{method} {path}")
                    equal(a.status, 200, f"{method} {path}")
                continue
            for query in queries(doc, op):
                if query.get("follow"):
                    continue
                for body in bodies(doc, op):
                    url = path_of(path, method) + ("?" + urlencode(query) if query
                                           else "")
                    words = f"{method} {url} {body}"
                    a = api.ask(method.upper(), url, body)
                    doc.judge(op, a, words)
                    check(a.status in REFUSED.get(op["operationId"], {200}),
                          f"{words}: {a.status} {a.body[:300]}")
        for service in rich.services():
            for rest in ("", "/backends", "/checks", "/slots", "/counters"):
                path = "/v1/services/{service}" + rest
                doc.judge(doc.doc["paths"][path]["get"],
                          api.ask("GET", path_of(path, service=service)), path)
        equal(api.ask("POST", "/v1/sync").status, 200, "sync")


def test_events():
    """The stream: each event is one as it is described."""
    with Lab(backends=3) as lab:
        d, _, doc = rich_lab(lab)
        stream = UnixConnection(d.socket)
        stream.request("GET", "/v1/events?follow=yes&since=0")
        answer = stream.getresponse()
        equal(answer.headers["Content-Type"].split(";")[0], "text/event-stream",
              "type")
        d.do("backend", "drain", "www", "b1")
        found = 0
        while found < 3:
            line = answer.readline().decode()
            check(line, "the stream ended")
            if line.startswith("data: "):
                doc.validate({"$ref": "#/components/schemas/Event"},
                             json.loads(line[6:]), line)
                found += 1
        stream.close()


def test_mistakes():
    """Each wrong field of a body, each wrong key: a problem that names it, and
    nothing has changed."""
    with Lab(backends=3) as lab:
        d, api, doc = rich_lab(lab)
        before = what_was_said(d)
        sent = 0
        for path, method, _, op in doc.operations:
            def send(body=None, path=path, method=method, **query):
                return api.ask(method.upper(), path_of(path, method) +
                               ("?" + urlencode(query) if query else ""), body)
            words = f"{method} {path}"
            doc.problem(op, send(nonsense="1"), words, "nonsense", 400)
            for p in op.get("parameters", ()):
                if p["in"] == "query" and "enum" in p["schema"]:
                    body = (bodies(doc, op) or [None])[0]
                    doc.problem(op, send(body, **{p["name"]: "perhaps"}), words,
                                p["name"], 400)
            if "{" in path and "client" not in path:
                first = re.findall(r"{(\w+)}", path)[0]
                a = api.ask(method.upper(), path_of(path, method, **{first: "99999"}),
                            (bodies(doc, op) or [None])[0])
                doc.problem(op, a, words, status=404)
            content = op.get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            schema = doc.deref(content["application/json"]["schema"])
            doc.problem(op, send(b"{"), words, status=400)
            doc.problem(op, send([1]), words, status=400)
            base = (schema.get("examples") or [{}])[0]
            doc.problem(op, send({**base, "nonsense": 1}), words, status=400)
            for field, kind in schema.get("properties", {}).items():
                for value in wrong_values(doc, kind):
                    a = send({**base, field: value})
                    # a member's range is the file's: the line is named
                    doc.problem(op, a, f"{words} {field}={value}",
                                field if a.status == 400 else None)
                    check(a.status in (400, 422), f"{words} {field}: {a.status}")
                    sent += 1
        check(sent > 15, f"{sent} wrong fields were sent")
        p = api.ask("PATCH", "/v1/services/www/backends/b1",
                    {"admn": "drain", "weight": -1}).json()
        equal([(e["pointer"], e["allowed"]) for e in p["errors"]],
              [("/admn", ["admin", "weight"]), ("/weight", ["0..65535", "null"])],
              "all mistakes of a body")
        check('did you mean "admin"?' in p["errors"][0]["detail"], f"{p}")
        p = api.ask("GET", "/v1/events?sinc=1&limt=2").json()
        equal([e["field"] for e in p["errors"]], ["sinc", "limt"], "keys")
        check('did you mean "since"?' in p["detail"], f"{p}")
        equal(what_was_said(d), before, "something has changed")
        for a in (ask(d.socket, "GET", "/v1/nowhere"),
                  ask(d.socket, "DELETE", "/v1/status")):
            doc.validate({"$ref": "#/components/schemas/Problem"}, a.json(),
                         "no route")
