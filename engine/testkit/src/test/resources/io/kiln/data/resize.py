"""Writes resize.json: bilinear resizing by OpenCV 5.0.0 (pip install opencv-python-headless numpy)."""

import json
import pathlib

import cv2
import numpy as np

image = np.random.default_rng(1).uniform(0, 255, (7, 5, 3)).astype(np.float32)
cases = []
for height, width in [(7, 5), (3, 4), (14, 10), (9, 2), (1, 1)]:
    out = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    cases.append({"height": height, "width": width, "out": out.reshape(-1).tolist()})
golden = {"image": image.reshape(-1).tolist(), "cases": cases}
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(golden))
