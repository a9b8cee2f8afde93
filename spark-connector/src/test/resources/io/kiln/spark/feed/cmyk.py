"""Writes cmyk.jpg with Pillow 13.0.0 (pip install pillow): cyan, magenta, yellow and black in stripes, in the colours of a printer."""

from PIL import Image

image = Image.new("CMYK", (32, 8))
for x in range(32):
    for y in range(8):
        image.putpixel((x, y), tuple(255 if c == x // 8 else 0 for c in range(4)))
image.save("cmyk.jpg", quality=95, subsampling=0)
