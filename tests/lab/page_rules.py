# SPDX-License-Identifier: GPL-2.0-or-later
"""What any page of ours must keep: where it asks, what its policy stops, what
those find who do not see it, and what those read who do."""

import json

from process import check, equal

CONTRAST = 4.5
CONTROLS = {"button", "textbox", "searchbox", "link", "spinbutton", "checkbox"}
POLICY = ("default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'",
          "base-uri 'none'", "form-action 'none'")

# Each text that is seen, with its colour and what is behind it.
TEXTS = """
const seen = [];
const parse = c => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
function behind(e) {
    const layers = [];
    for (; e; e = e.parentElement) {
        const [r, g, b, a = 1] = parse(getComputedStyle(e).backgroundColor);
        if (a > 0) layers.push([r, g, b, a]);
        if (a === 1) break;
    }
    return layers.reverse().reduce((under, [r, g, b, a]) =>
        [r, g, b].map((v, i) => v * a + under[i] * (1 - a)), [255, 255, 255]);
}
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
    if (!text || e.closest('.sr, script, style, noscript, svg, dialog, [hidden], .skip') ||
        !e.checkVisibility({checkVisibilityCSS: true})) continue;
    seen.push([text.slice(0, 30), parse(getComputedStyle(e).color).slice(0, 3), behind(e)]);
}
return seen;
"""


def no_errors(b, allowed=()):
    """Nothing on the console but what is allowed."""
    for entry in b.log("browser"):
        check(any(a in entry["message"] for a in allowed),
              f"on the console: {entry['level']} {entry['message']}")


def only_from(b, url):
    """All that was asked for was asked of this place."""
    asked = set()
    for entry in b.log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            asked.add(message["params"]["request"]["url"])
    asked = {a for a in asked if a.split(":")[0] in ("http", "https", "ws", "wss")}
    check(len(asked) >= 5, f"what was asked: {asked}")
    equal({a for a in asked if not a.startswith(url)}, set(), "asked elsewhere")


def headers(found):
    policy = found["content-security-policy"]
    for words in POLICY:
        check(words in policy, f"{words} in {policy!r}")
    check("unsafe" not in policy and "*" not in policy, policy)
    equal(found["x-content-type-options"], "nosniff", "X-Content-Type-Options")
    equal(found["referrer-policy"], "no-referrer", "Referrer-Policy")
    check(found.get("etag") and "no-cache" in found["cache-control"], "to be cached")


def policy_holds(b):
    """Nothing of the page itself breaks it; what is put in does not run."""
    stopped = b.js("""
        const stopped = [];
        document.addEventListener('securitypolicyviolation',
            e => stopped.push(e.effectiveDirective));
        const s = document.createElement('script');
        s.textContent = 'window.ran = true';
        document.body.append(s);
        const i = document.createElement('img');
        i.src = 'http://192.0.2.77/x.png';
        document.body.append(i);
        await fetch('http://192.0.2.77/').catch(() => {});
        await new Promise(r => setTimeout(r, 100));
        s.remove(); i.remove();
        return [window.ran === true, ...stopped.sort()];""")
    equal(stopped, [False, "connect-src", "img-src", "script-src-elem"],
          "what the policy stopped")
    b.log("browser")


def accessible(b):
    """Every control has a name, tables have headers, there are landmarks."""
    nodes = [n for n in b.cdp("Accessibility.getFullAXTree")["nodes"]
             if not n.get("ignored")]
    roles = [n["role"]["value"] for n in nodes]

    def name(n):
        return n.get("name", {}).get("value", "").strip()
    for n in nodes:
        if n["role"]["value"] in CONTROLS:
            check(name(n), f"a {n['role']['value']} without a name")
        if n["role"]["value"] in ("image", "img"):
            check(name(n), "a picture without a name")
    for role in ("main", "banner", "contentinfo", "heading", "table", "columnheader",
                 "rowheader", "status", "alert", "searchbox"):
        check(role in roles, f"a {role} in {sorted(set(roles))}")
    names = [name(n) for n in nodes if n["role"]["value"] == "button"]
    for verb in ("Drain", "Disable", "Weight"):
        check(f"{verb} b1 of www" in names, f"{verb} b1 of www in {names}")
    check(roles.count("columnheader") >= 14, "both tables have headers")
    equal(b.js("return document.documentElement.lang"), "en", "language")
    twice = b.js("const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
                 "return ids.filter((x, i) => ids.indexOf(x) != i)")
    equal(twice, [], "ids that are there twice")


def luminance(rgb):
    parts = [c / 255 for c in rgb]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
               for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(b, words):
    """No text below 4.5 to 1; returns the colours that were found."""
    texts = b.js(TEXTS)
    check(len(texts) > 60, f"{words}: {len(texts)} texts")
    found = set()
    for text, front, back in texts:
        hi, lo = sorted((luminance(front), luminance(back)), reverse=True)
        ratio = (hi + 0.05) / (lo + 0.05)
        check(ratio >= CONTRAST, f"{words}: {text!r}: {ratio:.2f} ({front} on {back})")
        found.add((tuple(front), tuple(back)))
    return found
