# SPDX-License-Identifier: GPL-2.0-or-later
"""A PNG in 256 colours instead of millions: a third of its size. For pictures of
pages, which have few colours that matter."""

import collections
import struct
import zlib

COLOURS = 256


def chunks(data):
    at = 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        yield kind, data[at + 8:at + 8 + length]
        at += length + 12


def unfilter(raw, width, height, depth):
    """Rows of bytes, as PNG's filters made them; `depth` bytes a pixel."""
    rows, above, at = [], bytearray(width * depth), 0
    for _ in range(height):
        kind, row = raw[at], bytearray(raw[at + 1:at + 1 + width * depth])
        at += 1 + width * depth
        for i, value in enumerate(row) if kind else ():
            left = row[i - depth] if i >= depth else 0
            up, corner = above[i], above[i - depth] if i >= depth else 0
            if kind == 1:
                add = left
            elif kind == 2:
                add = up
            elif kind == 3:
                add = (left + up) // 2
            else:
                guess = left + up - corner
                add = min((left, up, corner),
                          key=lambda x, g=guess: abs(g - x))
            row[i] = (value + add) & 255
        rows.append(row)
        above = row
    return rows


def pick(counts):
    """{colour: index}: those that are there most, and for others the nearest."""
    best = [c for c, _ in counts.most_common(COLOURS)]
    index = {c: i for i, c in enumerate(best)}
    for c in counts:
        if c not in index:
            index[c] = min(range(len(best)), key=lambda i, c=c: sum(
                (a - b) ** 2 for a, b in zip(best[i], c)))
    return best, index


def shrink(path):
    """Rewrite the PNG file at `path`."""
    with open(path, "rb") as f:
        data = f.read()
    parts = list(chunks(data))
    width, height, bits, kind = struct.unpack(">IIBB", parts[0][1][:10])
    assert bits == 8 and kind in (2, 6), "truecolour"
    depth = 3 if kind == 2 else 4
    raw = zlib.decompress(b"".join(d for k, d in parts if k == b"IDAT"))
    rows = unfilter(raw, width, height, depth)
    pixels = [[tuple(v & 0xfc for v in row[i:i + 3])
               for i in range(0, len(row), depth)] for row in rows]
    best, index = pick(collections.Counter(p for row in pixels for p in row))
    out = b"".join(b"\0" + bytes(index[p] for p in row) for row in pixels)

    def chunk(name, body):
        return (struct.pack(">I", len(body)) + name + body
                + struct.pack(">I", zlib.crc32(name + body)))
    with open(path, "wb") as f:
        f.write(data[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
                + chunk(b"PLTE", bytes(v | v >> 6 for c in best for v in c))
                + chunk(b"IDAT", zlib.compress(out, 9)) + chunk(b"IEND", b""))
