# SPDX-License-Identifier: GPL-2.0-or-later
"""
The picture of ./lab bench schedulers: a block for each scenario, a line for each
scheduler in it. On the left response times, from the median to the 99th
percentile, on one logarithmic scale for all; on the right imbalance. Colours are
those of the page that shows it, light or dark; shapes and words say all that
colours say. No numbers but those of the table, so the same table gives the same
bytes.
"""

import math
from xml.sax.saxutils import escape

WIDTH = 860
LEFT, TIMES_END = 142, 560     # where the scale of times is
BARS, BARS_END = 640, 790      # where that of imbalance is
ROW, HEAD, GAP = 18, 26, 14    # heights
TOP = 58
TIMES = (20, 20000)            # ms
TICKS = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000)
NAMED = (20, 100, 500, 2000, 10000)
IMBALANCE = 0.6

STYLE = """
svg { font: 12px system-ui, sans-serif; }
.page { fill: #ffffff; } .band { fill: #f3f5f7; }
text { fill: #1f2328; } .dim { fill: #59636e; }
.title { font-weight: 600; } .end { text-anchor: end; }
.mid { text-anchor: middle; }
.grid { stroke: #d8dee4; } .span { stroke-width: 3; }
.static { stroke: #818b98; fill: #818b98; }
.dynamic { stroke: #0969da; fill: #0969da; }
.ideal { stroke: #8250df; fill: #8250df; }
@media (prefers-color-scheme: dark) {
.page { fill: #0d1117; } .band { fill: #161b22; }
text { fill: #e6edf3; } .dim { fill: #9198a1; }
.grid { stroke: #30363d; }
.static { stroke: #9198a1; fill: #9198a1; }
.dynamic { stroke: #4493f8; fill: #4493f8; }
.ideal { stroke: #ab7df8; fill: #ab7df8; }
}
"""


def kind(scheduler):
    if scheduler.startswith("least-"):
        return "dynamic"
    return "ideal" if scheduler == "ideal" else "static"


def time_x(ms):
    low, high = map(math.log, TIMES)
    part = (math.log(min(max(ms, TIMES[0]), TIMES[1])) - low) / (high - low)
    return LEFT + part * (TIMES_END - LEFT)


def bar_x(imbalance):
    return BARS + min(imbalance / IMBALANCE, 1) * (BARS_END - BARS)


def duration(ms):
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.3g} s"


def text(x, y, words, style=""):
    of = f' class="{style}"' if style else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{of}>{escape(words)}</text>'


def line(x1, y1, x2, y2, style):
    return (f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" '
            f'x2="{x2:.1f}" y2="{y2:.1f}"/>')


def times(y, row, style):
    """From the median, a stroke across, to the 99th percentile, a dot."""
    a, b = time_x(row["p50"]), time_x(row["p99"])
    words = duration(row["p99"])
    if row["refused"] >= 0.001:
        words += f", {row['refused']:.0%} refused"
    return [line(a, y, b, y, f"span {style}"),
            line(a, y - 5, a, y + 5, f"span {style}"),
            f'<circle class="{style}" cx="{b:.1f}" cy="{y:.1f}" r="4"/>',
            text(b + 9, y + 4, words, "dim")]


def bar(y, row, style):
    x = bar_x(row["imbalance"])
    return [f'<rect class="{style}" x="{BARS}" y="{y - 5:.1f}" '
            f'width="{x - BARS:.1f}" height="10"/>',
            text(x + 6, y + 4, f"{row['imbalance']:.2f}", "dim")]


def block(y, title, timed, rows):
    """One scenario; its height follows from the number of schedulers."""
    high = HEAD + ROW * len(rows) + 4
    out = [f'<rect class="band" x="8" y="{y}" width="{WIDTH - 16}" '
           f'height="{high}" rx="6"/>', text(18, y + 17, title, "title")]
    begin, end = y + HEAD - 4, y + high - 4
    if timed:
        out += [line(time_x(t), begin, time_x(t), end, "grid") for t in TICKS]
    out.append(line(BARS, begin, BARS, end, "grid"))
    for i, (scheduler, row) in enumerate(rows.items()):
        at = y + HEAD + ROW * i + ROW / 2 - 2
        style = kind(scheduler)
        out.append(text(LEFT - 10, at + 4, scheduler, "end"))
        out += times(at, row, style) if timed else [
            text((LEFT + TIMES_END) / 2, at + 4, "—", "dim mid")]
        out += bar(at, row, style)
    return out, high


def heads(height):
    """The scales, named above and below."""
    out = [text(LEFT, 20, "response time: median | to 99th percentile ●",
                "title"),
           text(BARS, 20, "imbalance", "title"),
           text(BARS, 36, "variation of how busy they are", "dim")]
    for y in (TOP - 6, height - 8):
        out += [text(time_x(t), y, duration(t), "dim mid") for t in NAMED]
    return out


def draw(scenarios, table):
    """The SVG of {scenario: {scheduler: row}}, in the scenarios' order."""
    body, y = [], TOP
    for name, title, timed in scenarios:
        part, high = block(y, title, timed, table[name])
        body += part
        y += high + GAP
    height = y + 16
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{height}" viewBox="0 0 {WIDTH} {height}" role="img">',
        "<title>Response times and imbalance under each scheduler</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{WIDTH}" height="{height}"/>',
        *heads(height), *body, "</svg>", ""])
