"""Writes pillow.json: resizing and grey values of Pillow 13.0.0 (pip install pillow numpy), and files that it wrote."""

import base64
import io
import json

import numpy as np
from PIL import Image

random = np.random.default_rng(4)
colour = random.integers(0, 256, (13, 9, 3), dtype=np.uint8)
cases = []
for height, width in [(5, 4), (13, 3), (26, 9), (31, 20), (1, 1), (13, 9), (12, 10), (5, 20), (20, 5), (12, 18), (1, 30), (14, 8)]:
    out = np.asarray(Image.fromarray(colour).resize((width, height), Image.Resampling.BILINEAR))
    cases.append({"height": height, "width": width, "out": out.flatten().tolist()})


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return base64.b64encode(file.getvalue()).decode()


def decoded(image):
    mode = "L" if image.mode in ("L", "1", "LA") else "RGB"
    return np.asarray(image.convert(mode)).flatten().tolist()


smooth = np.stack([np.add.outer(np.arange(16) * a, np.arange(24) * b) % 256 for a, b in [(9, 3), (2, 7), (5, 5)]], 2).astype(np.uint8)
files = {}
photo = Image.fromarray(smooth)
grey = photo.convert("L")
ramp = Image.fromarray(np.arange(256, dtype=np.uint8).reshape(16, 16))
for name, image, kind, options in [
    ("colour.png", photo, "PNG", {}),
    ("grey.png", ramp, "PNG", {}),
    ("two.png", ramp.convert("1"), "PNG", {}),
    ("palette.png", photo.quantize(16), "PNG", {}),
    ("opaque.png", photo.convert("RGBA"), "PNG", {}),
    ("grey-opaque.png", grey.convert("LA"), "PNG", {}),
    ("colour.bmp", photo, "BMP", {}),
    ("colour.gif", photo.quantize(32), "GIF", {}),
    ("colour.jpg", photo, "JPEG", {"quality": 95, "subsampling": 0}),
    ("progressive.jpg", photo, "JPEG", {"quality": 95, "subsampling": 0, "progressive": True}),
    ("grey.jpg", ramp, "JPEG", {"quality": 95}),
    ("cmyk.jpg", photo.convert("CMYK"), "JPEG", {"quality": 95, "subsampling": 0}),
]:
    file = encoded(image, kind, **options)
    back = Image.open(io.BytesIO(base64.b64decode(file)))
    files[name] = {"file": file, "height": back.height, "width": back.width, "pixels": decoded(back)}

with open("pillow.json", "w") as out:
    json.dump(
        {
            "image": colour.flatten().tolist(),
            "grey": np.asarray(Image.fromarray(colour).convert("L")).flatten().tolist(),
            "cases": cases,
            "files": files,
        },
        out,
        separators=(",", ":"),
    )
    out.write("\n")
