"""Small PNG files: a screenshot's colours brought down to a palette, losslessly where it has no more than 256."""

import base64
import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

COLOURS = 256
FREQUENT = 48  # so many of the most frequent colours are kept whatever they are
READ_PIXELS = """async png => {
  const blob = await (await fetch(`data:image/png;base64,${png}`)).blob();
  const bitmap = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d");
  context.drawImage(bitmap, 0, 0);
  const bytes = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return [bitmap.width, bitmap.height, btoa(text)];
}"""


def shrink(png: bytes, darkroom: Any) -> bytes:
    """The same picture as a palette PNG; `darkroom` is a browser page that reads the pixels."""
    width, height, raw = darkroom.evaluate(READ_PIXELS, base64.b64encode(png).decode())
    pixels = np.frombuffer(base64.b64decode(raw), np.uint8).reshape(height, width, 4)[:, :, :3]
    packed = pixels.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    colours, where, counts = np.unique(packed, return_inverse=True, return_counts=True)
    palette, places = choose_palette(unpack(colours), counts)
    return write_png(places[where.reshape(height, width)].astype(np.uint8), palette)


def unpack(packed: NDArray[Any]) -> NDArray[Any]:
    """Red, green and blue of colours held in one number each."""
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.int64)


def choose_palette(colours: NDArray[Any], counts: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """A palette of at most 256 colours, and for each colour its place in it.

    After the most frequent ones, the colour that is worst off comes next: a rare one far from all others before a
    frequent one with a close neighbour, so that a small coloured mark keeps its colour.
    """
    if len(colours) <= COLOURS:
        return colours, np.arange(len(colours))
    palette = list(colours[np.argsort(-counts, kind="stable")[:FREQUENT]])
    distances = np.min([((colours - one) ** 2).sum(axis=1) for one in palette], axis=0)
    while len(palette) < COLOURS:
        palette.append(colours[(distances * np.sqrt(counts)).argmax()])
        distances = np.minimum(distances, ((colours - palette[-1]) ** 2).sum(axis=1))
    table = np.stack(palette)
    return table, ((colours[:, None, :] - table[None, :, :]) ** 2).sum(axis=2).argmin(axis=1)


def write_png(places: NDArray[Any], palette: NDArray[Any]) -> bytes:
    """A palette PNG of eight bits a pixel."""
    height, width = places.shape
    rows = np.concatenate([np.zeros((height, 1), np.uint8), places], axis=1).tobytes()
    parts = [
        chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        chunk(b"PLTE", palette.astype(np.uint8).tobytes()),
        chunk(b"IDAT", zlib.compress(rows, 9)),
        chunk(b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
