"""Images of every kind that is counted as one, as Pillow and others write them, with what Pillow reads of them as RGB.
Called with an output folder: NAME, and expected.json: of each [width, height, RGB as hexadecimal], or null where Pillow refuses it."""
import io
import json
import pathlib
import random
import struct
import sys

import numpy
from PIL import Image

out = pathlib.Path(sys.argv[1])
out.mkdir(parents=True, exist_ok=True)
draw = random.Random(1)
some = numpy.random.default_rng(0)
W, H = 13, 7
files = {}


def anything(count):
    return bytes(draw.randrange(256) for _ in range(count))


# --- bitmaps
def bitmap(bits, header=40, compression=0, data=None, palette=b"", colours=0, masks=(), top_down=False, offset=None, extra=b""):
    stride = ((W * bits + 31) >> 3) & ~3
    data = anything(stride * H) if data is None else data
    if header == 12:
        head = struct.pack("<IHHHH", 12, W, H, 1, bits)
    else:
        height = 2**32 - H if top_down else H
        head = struct.pack("<IIIHHIIIIII", header, W, height, 1, bits, compression, len(data), 2835, 2835, colours, 0)
        named = struct.pack(f"<{len(masks)}I", *masks)
        head += named[:12] if header == 40 else (named + bytes(200))[: header - 40]
    start = 14 + len(head) + len(palette) + len(extra)
    return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start if offset is None else offset) + head + palette + extra + data


def colours(count, size=4):
    return b"".join(anything(3) + bytes(size - 3) for _ in range(count))


def greys(count, step=1):
    return b"".join(bytes([min(255, k * step)] * 3) + b"\0" for k in range(count))


for header in (12, 40, 52, 56, 64, 108, 124):
    for bits in (1, 4, 8):
        files[f"palette-{bits}-{header}.bmp"] = bitmap(bits, header, palette=colours(2**bits, 3 if header == 12 else 4))
    for bits in (16, 24, 32):
        files[f"direct-{bits}-{header}.bmp"] = bitmap(bits, header)
for bits in (1, 4, 8, 16, 24, 32):
    files[f"top-down-{bits}.bmp"] = bitmap(bits, palette=colours(2**bits) if bits <= 8 else b"", top_down=True)
layouts = {
    32: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0), (0xFF000000, 0xFF00, 0xFF, 0), (0xFF000000, 0xFF0000, 0xFF00, 0xFF),
         (0xFF, 0xFF00, 0xFF0000, 0xFF000000), (0xFF0000, 0xFF00, 0xFF, 0xFF000000), (0xFF000000, 0xFF00, 0xFF, 0xFF0000), (0, 0, 0, 0),
         (0xFF, 0xFF00, 0xFF0000, 0), (0x3FF, 0xFFC00, 0x3FF00000, 0)],
    24: [(0xFF0000, 0xFF00, 0xFF, 0), (0xFF, 0xFF00, 0xFF0000, 0)],
    16: [(0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0), (0xF00, 0xF0, 0xF, 0xF000)],
}
for bits, all_masks in layouts.items():
    for k, masks in enumerate(all_masks):
        for header in (40, 52, 56, 108, 124):
            files[f"masks-{bits}-{k}-{header}.bmp"] = bitmap(bits, header, 3, masks=masks)
for bits in (1, 4, 8):
    for count in (1, 2, 3, 5, 16, 100, 256, 300):
        files[f"few-{bits}-{count}.bmp"] = bitmap(bits, palette=colours(count), colours=count)
        for step in (1, 17, 255):
            files[f"grey-{bits}-{count}-{step}.bmp"] = bitmap(bits, palette=greys(count, step), colours=count)
files["gap.bmp"] = bitmap(24, extra=anything(10))
files["no-offset.bmp"] = bitmap(24, offset=0)
files["forgotten-palette.bmp"] = bitmap(8, palette=colours(256), offset=54)
for cut in (1, 10, 200):
    files[f"cut-{cut}.bmp"] = files["direct-24-40.bmp"][:-cut]
end, line = b"\0\1", b"\0\0"
runs = {
    "plain": b"".join(bytes([W, draw.randrange(256)]) + line for _ in range(H)) + end,
    "no-lines": b"".join(bytes([W, draw.randrange(256)]) for _ in range(H)),
    "skips": bytes([5, 7]) + b"\0\2\3\1" + bytes([4, 9]) + line + b"\0\2\0\3" + bytes([13, 3]) + line + bytes([13, 4]) + end,
    "too-long": b"".join(bytes([200, draw.randrange(256)]) + line for _ in range(H)),
    "short": bytes([5, 7]) + end,
}
runs8 = runs | {"absolute": b"".join(bytes([0, W]) + anything(W + 1) + line for _ in range(H)) + end, "cut": bytes([0, W]) + anything(4)}
runs4 = runs | {"absolute": b"".join(bytes([0, W]) + anything(7) + b"\0" + line for _ in range(H)) + end, "cut": bytes([0, W]) + anything(4)}
for name, data in runs8.items():
    files[f"rle8-{name}.bmp"] = bitmap(8, compression=1, data=data, palette=colours(256))
    files[f"rle8-top-down-{name}.bmp"] = bitmap(8, compression=1, data=data, palette=colours(256), top_down=True)
    files[f"rle8-grey-{name}.bmp"] = bitmap(8, compression=1, data=data, palette=greys(256))
for name, data in runs4.items():
    files[f"rle4-{name}.bmp"] = bitmap(4, compression=2, data=data, palette=colours(16))

# --- portable maps
for most in (1, 2, 6, 100, 255, 256, 1000, 65535):
    for magic, channels in ((5, 1), (6, 3), (2, 1), (3, 3)):
        values = [draw.randrange(most + 1) for _ in range(W * H * channels)]
        head = f"P{magic}\n# a comment\n{W} {H}\n{most}\n".encode()
        wide = 2 if most > 255 else 1
        body = b"".join(v.to_bytes(wide, "big") for v in values) if magic > 3 else b" ".join(b"%d" % v for v in values)
        files[f"p{magic}-{most}.ppm"] = head + body
files["p1.ppm"] = f"P1 {W} {H}\n".encode() + b"".join(draw.choice([b"0", b"1", b"0 ", b"1\n"]) for _ in range(W * H))
files["p4.ppm"] = f"P4 {W} {H}\n".encode() + anything(2 * H)


# --- what Pillow writes
def array(channels, dtype=numpy.uint8, most=256):
    return some.integers(0, most, (H, W, channels) if channels > 1 else (H, W)).astype(dtype)


colour = Image.fromarray(array(3))
modes = {
    "RGB": colour, "L": Image.fromarray(array(1)), "1": Image.fromarray(array(1)).convert("1"), "P": colour.quantize(100),
    "RGBA": Image.merge("RGBA", [Image.fromarray(array(1)) for _ in range(4)]), "LA": Image.merge("LA", [Image.fromarray(array(1)) for _ in range(2)]),
    "CMYK": Image.merge("CMYK", [Image.fromarray(array(1)) for _ in range(4)]), "I;16": Image.fromarray(array(1, numpy.uint16, 65536)),
    "F": Image.fromarray(array(1).astype(numpy.float32)), "I": Image.fromarray(array(1, numpy.int32, 300)),
}
modes["PT"] = colour.quantize(50)
modes["PT"].info["transparency"] = 3


def save(name, image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    files[name.replace(";", "")] = buffer.getvalue()


for mode, image in modes.items():
    for compression in ("raw", "tiff_lzw", "tiff_deflate", "packbits", "zstd", "lzma") + (("group4",) if mode == "1" else ()):
        save(f"{mode}-{compression}.tif", image, "TIFF", compression=compression)
    if mode not in ("CMYK", "F", "I"):
        save(f"{mode}.png", image, "PNG")
    if mode in ("RGB", "L", "1", "P", "RGBA"):
        save(f"{mode}.bmp", image, "BMP")
    if mode in ("RGB", "L", "P", "PT"):
        save(f"{mode}.gif", image, "GIF")
    if mode in ("RGB", "RGBA", "L"):
        save(f"{mode}.webp", image, "WEBP", lossless=True)
        save(f"{mode}-lossy.webp", image, "WEBP")
save("big.tif", colour, "TIFF", big_tiff=True)
for kind in ("GIF", "PNG", "WEBP"):
    options = {"lossless": True} if kind == "WEBP" else {}
    save(f"moving.{kind.lower()}", colour, kind, save_all=True, append_images=[colour.rotate(180)], **options)

expected = {}
for name, content in files.items():
    (out / name).write_bytes(content)
    try:
        image = Image.open(io.BytesIO(content)).convert("RGB")
        expected[name] = [*image.size, image.tobytes().hex()]
    except Exception:
        expected[name] = None
(out / "expected.json").write_text(json.dumps(expected))
