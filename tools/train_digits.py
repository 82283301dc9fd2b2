#!/usr/bin/env python3
"""Train the digit classifier of models/digits and write it as OpenVINO IR.

  train_digits.py [--out models/digits] [--seed 7] [--epochs 60]

Needs numpy, and scikit-learn for its copy of the UCI handwritten digits (1,797 pictures, 8x8, 17 grey levels).
Forward and backward passes, Adam and the writers (IR, PNG, BMP) are all in this file. The same seed with the same
numpy on the same kind of processor gives the same files.
"""
import argparse
import os
import struct
import zlib
from pathlib import Path

# More threads would add up in another order and end in other weights. numpy reads these when it is imported.
os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import numpy as np
from sklearn.datasets import load_digits

CLASSES = 10
EPSILON = 1e-5          # of the batch normalisation
PICTURE_SCALE = 4       # the test pictures are the 8x8 ones, each pixel repeated 4x4


class Conv:
    """3x3 convolution, stride 1, padding 1, no bias (the batch normalisation that follows has one)."""

    def __init__(self, rng, inputs, outputs):
        self.weights = (rng.standard_normal((outputs, inputs, 3, 3)) * np.sqrt(2 / (inputs * 9))).astype(np.float32)
        self.params = ["weights"]

    def forward(self, x, train):
        n, c, h, w = x.shape
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))
        self.columns = windows.transpose(0, 2, 3, 1, 4, 5).reshape(n * h * w, c * 9)
        self.shape = x.shape
        y = self.columns @ self.weights.reshape(len(self.weights), -1).T
        return y.reshape(n, h, w, -1).transpose(0, 3, 1, 2)

    def backward(self, dy):
        n, c, h, w = self.shape
        flat = dy.transpose(0, 2, 3, 1).reshape(n * h * w, -1)
        self.grads = [(flat.T @ self.columns).reshape(self.weights.shape)]
        columns = (flat @ self.weights.reshape(len(self.weights), -1)).reshape(n, h, w, c, 3, 3)
        dx = np.zeros((n, c, h + 2, w + 2), np.float32)
        for i in range(3):
            for j in range(3):
                dx[:, :, i:i + h, j:j + w] += columns[:, :, :, :, i, j].transpose(0, 3, 1, 2)
        return dx[:, :, 1:-1, 1:-1]


class BatchNorm:
    def __init__(self, channels):
        self.gamma = np.ones(channels, np.float32)
        self.beta = np.zeros(channels, np.float32)
        self.mean = np.zeros(channels, np.float32)
        self.variance = np.ones(channels, np.float32)
        self.params = ["gamma", "beta"]

    def forward(self, x, train):
        mean, variance = (x.mean((0, 2, 3)), x.var((0, 2, 3))) if train else (self.mean, self.variance)
        if train:
            self.mean = (0.9 * self.mean + 0.1 * mean).astype(np.float32)
            self.variance = (0.9 * self.variance + 0.1 * variance).astype(np.float32)
        self.inverse = (1 / np.sqrt(variance + EPSILON))[:, None, None]
        self.normal = (x - mean[:, None, None]) * self.inverse
        return self.normal * self.gamma[:, None, None] + self.beta[:, None, None]

    def backward(self, dy):
        self.grads = [(dy * self.normal).sum((0, 2, 3)), dy.sum((0, 2, 3))]
        count = dy.size / dy.shape[1]
        pull = self.grads[1][:, None, None] + self.normal * self.grads[0][:, None, None]
        return self.gamma[:, None, None] * self.inverse * (dy - pull / count)


class Relu:
    params = []

    def forward(self, x, train):
        self.positive = x > 0
        return x * self.positive

    def backward(self, dy):
        return dy * self.positive


class MaxPool:
    """2x2, stride 2."""
    params = []

    def forward(self, x, train):
        n, c, h, w = x.shape
        tiles = x.reshape(n, c, h // 2, 2, w // 2, 2)
        y = tiles.max((3, 5))
        self.winners = tiles == y[:, :, :, None, :, None]
        self.shape = x.shape
        return y

    def backward(self, dy):
        share = self.winners / self.winners.sum((3, 5), keepdims=True)
        return (share * dy[:, :, :, None, :, None]).reshape(self.shape).astype(np.float32)


class Dense:
    """Flattens, then x W^T + bias."""

    def __init__(self, rng, inputs, outputs):
        self.weights = (rng.standard_normal((outputs, inputs)) * np.sqrt(1 / inputs)).astype(np.float32)
        self.bias = np.zeros(outputs, np.float32)
        self.params = ["weights", "bias"]

    def forward(self, x, train):
        self.shape = x.shape
        self.x = x.reshape(len(x), -1)
        return self.x @ self.weights.T + self.bias

    def backward(self, dy):
        self.grads = [dy.T @ self.x, dy.sum(0)]
        return (dy @ self.weights).reshape(self.shape)


def build(rng):
    return [Conv(rng, 1, 16), BatchNorm(16), Relu(),
            Conv(rng, 16, 32), BatchNorm(32), Relu(), MaxPool(),
            Conv(rng, 32, 32), BatchNorm(32), Relu(), MaxPool(),
            Dense(rng, 32 * 2 * 2, CLASSES)]


def forward(layers, x, train=False):
    for layer in layers:
        x = layer.forward(x, train)
    return x


def shifted(x, rng):
    """Each picture moved by at most one pixel in each direction; what comes in is black."""
    y = np.zeros_like(x)
    for i, (dy, dx) in enumerate(rng.integers(-1, 2, (len(x), 2))):
        moved = np.pad(x[i, 0], 1)[1 + dy:9 + dy, 1 + dx:9 + dx]
        y[i, 0] = moved
    return y


def train(layers, x, labels, epochs, rng):
    slots = [(layer, name) for layer in layers for name in layer.params]
    first = [np.zeros_like(getattr(*slot)) for slot in slots]
    second = [np.zeros_like(getattr(*slot)) for slot in slots]
    step, steps = 0, epochs * -(-len(x) // 64)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for begin in range(0, len(x), 64):
            batch = order[begin:begin + 64]
            logits = forward(layers, shifted(x[batch], rng), train=True)
            odds = np.exp(logits - logits.max(1, keepdims=True))
            d = odds / odds.sum(1, keepdims=True)
            d[np.arange(len(batch)), labels[batch]] -= 1
            d = (d / len(batch)).astype(np.float32)
            for layer in reversed(layers):
                d = layer.backward(d)
            step += 1
            rate = 3e-3 * 0.5 * (1 + np.cos(np.pi * step / steps))
            grads = [grad for layer in layers if layer.params for grad in layer.grads]
            for k, ((layer, name), grad) in enumerate(zip(slots, grads)):
                value = getattr(layer, name)
                grad = grad + 1e-4 * value
                first[k] = 0.9 * first[k] + 0.1 * grad
                second[k] = 0.999 * second[k] + 0.001 * grad * grad
                move = first[k] / (1 - 0.9 ** step) / (np.sqrt(second[k] / (1 - 0.999 ** step)) + 1e-8)
                setattr(layer, name, (value - rate * move).astype(np.float32))


class Ir:
    """Writes one IR v11 document: layers and edges as text, constants into one blob."""

    def __init__(self):
        self.layers, self.edges, self.blob, self.count = [], [], bytearray(), 0

    @staticmethod
    def port(number, shape, precision, names=None):
        named = f' names="{names}"' if names else ""
        dims = "".join(f"\n          <dim>{d}</dim>" for d in shape)
        return f'        <port id="{number}" precision="{precision}"{named}>{dims}\n        </port>\n'

    def add(self, kind, name, version, attributes, inputs, shape, precision="FP32", names=None):
        """inputs: what earlier calls returned. Returns (id, port, shape, precision) of the output."""
        data = "".join(f' {key}="{value}"' for key, value in attributes.items())
        text = f'    <layer id="{self.count}" name="{name}" type="{kind}" version="{version}">\n'
        text += f"      <data{data} />\n" if data else ""
        if inputs:
            text += "      <input>\n"
            for port, (source, source_port, dims, source_precision) in enumerate(inputs):
                text += self.port(port, dims, source_precision)
                self.edges.append(f'    <edge from-layer="{source}" from-port="{source_port}" '
                                  f'to-layer="{self.count}" to-port="{port}" />\n')
            text += "      </input>\n"
        if kind != "Result":
            text += "      <output>\n" + self.port(len(inputs), shape, precision, names) + "      </output>\n"
        self.layers.append(text + "    </layer>\n")
        self.count += 1
        return self.count - 1, len(inputs), shape, precision

    def constant(self, name, value):
        kinds = {"float32": ("f32", "FP32"), "int64": ("i64", "I64")}
        short, precision = kinds[value.dtype.name]
        self.blob += bytes(-len(self.blob) % 64)
        attributes = {"element_type": short, "shape": ", ".join(map(str, value.shape)), "offset": len(self.blob),
                      "size": value.nbytes}
        self.blob += value.tobytes()
        return self.add("Const", name, "opset1", attributes, [], value.shape, precision)

    def write(self, stem, name, notes):
        info = "".join(f'    <{key} value="{value}" />\n' for key, value in notes.items())
        text = (f'<?xml version="1.0"?>\n<net name="{name}" version="11">\n  <layers>\n{"".join(self.layers)}  </layers>\n'
                f'  <edges>\n{"".join(self.edges)}  </edges>\n  <rt_info>\n{info}  </rt_info>\n</net>\n')
        stem.with_suffix(".xml").write_text(text)
        stem.with_suffix(".bin").write_bytes(self.blob)


def write_ir(layers, stem, notes):
    ir = Ir()
    x = ir.add("Parameter", "picture", "opset1", {"shape": "1,1,8,8", "element_type": "f32"}, [], (1, 1, 8, 8),
               names="picture")
    scale = ir.constant("scale", np.full((1, 1, 1, 1), 1 / 255, np.float32))
    x = ir.add("Multiply", "scaled", "opset1", {"auto_broadcast": "numpy"}, [x, scale], x[2])
    number = {"conv": 0, "norm": 0, "relu": 0, "pool": 0}

    def name(kind):
        number[kind] += 1
        return f"{kind}{number[kind]}"

    for layer in layers:
        n, c, *space = x[2]
        if isinstance(layer, Conv):
            label = name("conv")
            weights = ir.constant(label + "/weights", layer.weights)
            attributes = {"strides": "1, 1", "dilations": "1, 1", "pads_begin": "1, 1", "pads_end": "1, 1",
                          "auto_pad": "explicit"}
            x = ir.add("Convolution", label, "opset1", attributes, [x, weights], (n, len(layer.weights), *space))
        elif isinstance(layer, BatchNorm):
            label = name("norm")
            extra = [ir.constant(f"{label}/{key}", getattr(layer, key)) for key in ("gamma", "beta", "mean", "variance")]
            x = ir.add("BatchNormInference", label, "opset5", {"epsilon": EPSILON}, [x, *extra], x[2])
        elif isinstance(layer, Relu):
            x = ir.add("ReLU", name("relu"), "opset1", {}, [x], x[2])
        elif isinstance(layer, MaxPool):
            attributes = {"strides": "2, 2", "pads_begin": "0, 0", "pads_end": "0, 0", "kernel": "2, 2",
                          "rounding_type": "floor", "auto_pad": "explicit"}
            x = ir.add("MaxPool", name("pool"), "opset1", attributes, [x], (n, c, space[0] // 2, space[1] // 2))
        else:
            outputs, inputs = layer.weights.shape
            target = ir.constant("flat/shape", np.array([0, -1], np.int64))
            x = ir.add("Reshape", "flat", "opset1", {"special_zero": "true"}, [x, target], (n, inputs))
            weights = ir.constant("dense/weights", layer.weights)
            x = ir.add("MatMul", "dense", "opset1", {"transpose_a": "false", "transpose_b": "true"}, [x, weights],
                       (n, outputs))
            bias = ir.constant("dense/bias", layer.bias[None])
            x = ir.add("Add", "logits", "opset1", {"auto_broadcast": "numpy"}, [x, bias], (n, outputs), names="logits")
    ir.add("Result", "result", "opset1", {}, [x], ())
    ir.write(stem, "digits", notes)


def write_png(path, picture):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = picture.shape
    rows = b"".join(b"\0" + row.tobytes() for row in picture)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
                     chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def write_bmp(path, picture):
    height, width = picture.shape
    palette = b"".join(bytes((i, i, i, 0)) for i in range(256))
    rows = b"".join(row.tobytes() + bytes(-width % 4) for row in picture[::-1])
    offset = 14 + 40 + len(palette)
    path.write_bytes(struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset) +
                     struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 0, len(rows), 2835, 2835, 256, 0) +
                     palette + rows)


def write_pictures(folder, pixels, labels, logits):
    """One held-out picture per class, as PNG and BMP, and a list: file stem, label, the ten logits."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["# picture label logits of classes 0..9, computed by tools/train_digits.py"]
    for label in range(CLASSES):
        k = int(np.flatnonzero(labels == label)[0])
        large = pixels[k, 0].astype(np.uint8).repeat(PICTURE_SCALE, 0).repeat(PICTURE_SCALE, 1)
        write_png(folder / f"digit{label}.png", large)
        write_bmp(folder / f"digit{label}.bmp", large)
        lines.append(f"digit{label} {label} " + " ".join(f"{v:.5f}" for v in logits[k]))
    (folder / "expected.txt").write_text("\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "models/digits")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()

    digits = load_digits()
    pixels = np.round(digits.images * 255 / 16).astype(np.float32)[:, None]     # what a picture file can hold
    rng = np.random.default_rng(options.seed)
    order = rng.permutation(len(pixels))
    held, rest = order[:360], order[360:]

    layers = build(rng)
    train(layers, pixels[rest] / 255, digits.target[rest], options.epochs, rng)
    scores = {}
    for name, part in (("training", rest), ("held-out", held)):
        logits = forward(layers, pixels[part] / 255)
        wrong = int((logits.argmax(1) != digits.target[part]).sum())
        scores[name] = 1 - wrong / len(part)
        print(f"{name}: {len(part)} pictures, {wrong} wrong, accuracy {scores[name]:.4f}")
    print("parameters:", sum(getattr(layer, name).size for layer in layers for name in layer.params))

    notes = {"classes": "0 1 2 3 4 5 6 7 8 9", "input": "grey 0..255, bright strokes on black, NCHW",
             "held_out_accuracy": f"{scores['held-out']:.4f}", "seed": options.seed}
    options.out.mkdir(parents=True, exist_ok=True)
    write_ir(layers, options.out / "digits", notes)
    (options.out / "digits.labels").write_text("".join(f"{c}\n" for c in range(CLASSES)))
    write_pictures(options.out / "images", pixels[held], digits.target[held], forward(layers, pixels[held] / 255))


if __name__ == "__main__":
    main()
