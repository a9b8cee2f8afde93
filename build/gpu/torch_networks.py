#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times PyTorch, eager and compiled, on the networks of io.kiln.cuda.measure.Workload, and writes lines as those of Kiln:

torch_networks.py FIGURES SECONDS full|tiny [network precision ...]

A step reads its loss; a prediction is the mean loss of a batch without gradients. Without a GPU it runs on the CPU, to test itself.
"""

import math
import statistics
import sys
import time
import traceback

import torch
from torch import nn
from torch.nn import functional

LEAST = 5
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


class Bottleneck(nn.Module):
    """A block of ResNet-50 v1: the stride is that of the first convolution, as in He et al. and Kiln."""

    def __init__(self, inputs, inside, stride):
        super().__init__()
        outputs = 4 * inside
        self.body = nn.Sequential(
            nn.Conv2d(inputs, inside, 1, stride, bias=False),
            nn.BatchNorm2d(inside),
            nn.ReLU(inplace=True),
            nn.Conv2d(inside, inside, 3, padding=1, bias=False),
            nn.BatchNorm2d(inside),
            nn.ReLU(inplace=True),
            nn.Conv2d(inside, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = None
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return functional.relu(self.body(x) + (x if self.shortcut is None else self.shortcut(x)))


def resnet50(classes):
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for stage, blocks in enumerate((3, 4, 6, 3)):
        inside = 64 << stage
        for block in range(blocks):
            layers.append(Bottleneck(inputs, inside, 2 if block == 0 and stage > 0 else 1))
            inputs = 4 * inside
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


class Bert(nn.Module):
    def __init__(self, words, positions, layers, size, heads):
        super().__init__()
        self.words = nn.Embedding(words, size)
        self.positions = nn.Embedding(positions, size)
        self.segments = nn.Embedding(2, size)
        self.norm = nn.LayerNorm(size, 1e-12)
        self.dropout = nn.Dropout(0.1)
        layer = nn.TransformerEncoderLayer(size, heads, 4 * size, 0.1, "gelu", 1e-12, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.pooler = nn.Linear(size, size)
        self.output = nn.Linear(size, 2)

    def forward(self, tokens):
        places = torch.arange(tokens.shape[1], device=tokens.device)
        x = self.words(tokens) + self.segments(torch.zeros_like(tokens)) + self.positions(places)
        y = self.encoder(self.dropout(self.norm(x)))
        return self.output(torch.tanh(self.pooler(y[:, 0])))


class Lstm(nn.Module):
    def __init__(self, words, hidden):
        super().__init__()
        self.embedding = nn.Embedding(words, hidden)
        self.lstm = nn.LSTM(hidden, hidden, 2, batch_first=True)
        self.decoder = nn.Linear(hidden, words)

    def forward(self, tokens):
        return self.decoder(self.lstm(self.embedding(tokens))[0])


def workload(name, tiny):
    """Network, shape of a batch, words (0: float32), shape of the labels, classes."""
    if name == "mlp":
        network = nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))
        batch = 4 if tiny else 128
        return network, (batch, 784), 0, (batch,), 10
    if name == "lenet":
        network = nn.Sequential(
            nn.Conv2d(1, 32, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(1600, 512),
            nn.ReLU(),
            nn.Linear(512, 10),
        )
        batch = 2 if tiny else 64
        return network, (batch, 1, 28, 28), 0, (batch,), 10
    if name == "resnet50":
        batch, side, classes = (2, 32, 10) if tiny else (64, 224, 1000)
        return resnet50(classes), (batch, 3, side, side), 0, (batch,), classes
    if name == "bert":
        shape, words = ((2, 8), 50) if tiny else ((32, 128), 30_522)
        network = Bert(50, 16, 2, 16, 2) if tiny else Bert(30_522, 512, 12, 768, 12)
        return network, shape, words, (shape[0],), 2
    if name == "lstm":
        shape, words, hidden = ((2, 5), 50, 16) if tiny else ((64, 35), 10_000, 650)
        return Lstm(words, hidden), shape, words, shape, words
    raise ValueError(f"workload: needs mlp, lenet, resnet50, bert or lstm, got {name}")


def write(file, *fields):
    line = "\t".join(str(f) for f in fields)
    with open(file, "a", encoding="utf-8") as out:
        out.write(line + "\n")
    print(line, flush=True)


def measure(step, seconds):
    millis = []
    begin = time.perf_counter()
    loss = math.nan
    while len(millis) < LEAST or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        loss = step()
        millis.append((time.perf_counter() - start) * 1e3)
    return millis, loss


def network(file, name, precision, compiled, seconds, tiny):
    torch.manual_seed(5)
    tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    net, shape, words, labels, classes = workload(name, tiny)
    net = net.to(DEVICE)
    parameters = sum(p.numel() for p in net.parameters())
    batch = torch.randint(words, shape, device=DEVICE) if words else torch.rand(shape, device=DEVICE)
    label = torch.randint(classes, labels, device=DEVICE)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    cast = torch.autocast(DEVICE, torch.bfloat16, enabled=precision == "bfloat16")

    def loss_of(x, y):
        with cast:
            scores = net(x)
            return functional.cross_entropy(scores.reshape(-1, classes).float(), y.reshape(-1))

    if compiled:
        # What it has kept of another network would count as a change of shape, and be compiled for any shape.
        torch.compiler.reset()
    run = torch.compile(loss_of, dynamic=False) if compiled else loss_of

    def train():
        optimizer.zero_grad(set_to_none=True)
        loss = run(batch, label)
        loss.backward()
        optimizer.step()
        return loss.item()

    def predict():
        with torch.no_grad():
            return run(batch, label).item()

    for work, step in (("train", train), ("predict", predict)):
        net.train(work == "train")
        measure(step, seconds)
        if DEVICE == "cuda":
            torch.cuda.reset_peak_memory_stats()
        millis, loss = measure(step, seconds)
        peak = torch.cuda.max_memory_allocated() >> 20 if DEVICE == "cuda" else 0
        engine = "compile" if compiled else "eager"
        details = f"{shape[0]} {len(millis)} {parameters} {peak} {loss:.4f}"
        write(file, name, work, precision, engine, f"{statistics.median(millis):.6g}", details)


def synchronize():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def best(work):
    seconds = []
    for _ in range(7):
        synchronize()
        start = time.perf_counter()
        work()
        synchronize()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def overheads(file, tiny):
    count = 50 if tiny else 2000
    x = torch.zeros(1024, device=DEVICE)

    def given():
        for _ in range(count):
            x + 1

    def waited():
        for _ in range(count):
            x + 1
            synchronize()

    def cached():
        for _ in range(count):
            torch.empty(1 << 18, device=DEVICE)

    def fresh():
        for _ in range(20):
            y = torch.empty(1 << 24, device=DEVICE)
            del y
            if DEVICE == "cuda":
                torch.cuda.empty_cache()

    write(file, "operator on 1,024 floats, given to the device", "us", "float32", "eager", best(given) * 1e6 / count, "")
    write(file, "the same, and waited for", "us", "float32", "eager", best(waited) * 1e6 / count, "")
    write(file, "1 MiB from the cache and back", "us", "float32", "eager", best(cached) * 1e6 / count, "")
    write(file, "64 MiB from the driver and back", "us", "float32", "eager", best(fresh) * 1e6 / 20, "")
    size = 1 << 16 if tiny else 1 << 28
    there = torch.zeros(size // 4, device=DEVICE)
    here = torch.zeros(size // 4, pin_memory=DEVICE == "cuda")
    write(file, "from the host to the device", "GB/s", "float32", "eager", size * 1e-9 / best(lambda: there.copy_(here)), "")
    write(file, "from the device to the host", "GB/s", "float32", "eager", size * 1e-9 / best(lambda: here.copy_(there)), "")
    moved = 2e-9 * size / best(lambda: there.mul_(2))
    write(file, "pointwise operator in place, read and written", "GB/s", "float32", "eager", moved, "")
    n = 32 if tiny else 8192
    for precision in ("float32", "tf32", "bfloat16"):
        torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        a = torch.zeros(n, n, device=DEVICE, dtype=torch.bfloat16 if precision == "bfloat16" else torch.float32)
        rate = 2e-12 * n**3 / best(lambda a=a: a @ a)
        write(file, f"{n}×{n}×{n} product", "TFLOP/s", precision, "eager", rate, "")


def main():
    file, seconds, tiny = sys.argv[1], float(sys.argv[2]), sys.argv[3] == "tiny"
    cases = list(zip(sys.argv[4::2], sys.argv[5::2], strict=True))
    print(f"PyTorch {torch.__version__} on {torch.cuda.get_device_name() if DEVICE == 'cuda' else 'the CPU'}", flush=True)
    failed = False
    works = [("overheads", lambda: overheads(file, tiny))]
    for compiled in (False, True):
        for name, precision in cases:
            what = f"{name} {precision} {'compile' if compiled else 'eager'}"
            works.append((what, lambda n=name, p=precision, c=compiled: network(file, n, p, c, seconds, tiny)))
    for what, work in works:
        try:
            work()
        except Exception:
            failed = True
            print(f"{what}: failed", flush=True)
            traceback.print_exc()
        if DEVICE == "cuda":
            torch.cuda.empty_cache()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
