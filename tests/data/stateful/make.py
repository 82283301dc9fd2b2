#!/usr/bin/env python3
"""Makes stateful.xml, stateful.bin and stateful.txt: a language model of two layers and four states, weights of four bits in groups of
sixteen, and what OpenVINO computes with it, call by call. Wants openvino and numpy.

    make.py [--seed N]

A line of stateful.txt is "reset", or a call and what comes of it:

    run BATCH LENGTH TOTAL : ids [BATCH, LENGTH] : mask [BATCH, TOTAL] : positions [BATCH, LENGTH] : beams [BATCH] : logits [BATCH, LENGTH, 16]
"""
import argparse
import functools
import pathlib
import xml.etree.ElementTree as ET

import numpy as np
import openvino as ov
from openvino import opset13 as op
from openvino.op.util import Variable, VariableInfo

WORDS, WIDTH, HEADS, HEAD, LAYERS, GROUP, PLACES = 16, 32, 2, 16, 2, 16, 16
ZERO = op.constant(np.int64(0))
HERE = pathlib.Path(__file__).parent


@functools.cache
def i64(*values):
    return op.constant(np.array(values, np.int64))


def weights(rng, rows, columns):
    """u4 in groups along the columns, with zero points, as exporters write them."""
    shape = (rows, columns // GROUP, GROUP)
    codes = ov.Tensor(ov.Type.u4, shape)
    zeros = ov.Tensor(ov.Type.u4, (*shape[:2], 1))
    for tensor in (codes, zeros):
        tensor.data[:] = rng.integers(0, 256, tensor.data.shape).astype(np.uint8)
    scales = np.exp2(rng.integers(-6, -3, (*shape[:2], 1))).astype(np.float16)
    w = op.subtract(op.convert(op.constant(codes), "f16"), op.convert(op.constant(zeros), "f16"))
    w = op.reshape(op.multiply(w, op.constant(scales)), i64(rows, columns), False)
    return op.convert(w, "f32")


def dense(rng, x, rows):
    return op.matmul(x, weights(rng, rows, WIDTH), False, True)


def norm(rng, x):
    mean = op.reduce_mean(op.multiply(x, x), i64(-1), True)
    x = op.multiply(x, op.divide(np.float32(1), op.sqrt(op.add(mean, np.float32(1e-5)))))
    return op.multiply(x, op.constant(rng.integers(2, 7, (1, 1, WIDTH)).astype(np.float32) / 4))


def heads(x):
    return op.transpose(op.reshape(x, i64(0, 0, HEADS, HEAD), True), i64(0, 2, 1, 3))


class Model:
    def __init__(self, rng):
        self.sinks = []
        ids, mask, positions = (op.parameter([-1, -1], np.int64) for _ in range(3))
        self.beams = op.parameter([-1], np.int32)
        x = op.gather(weights(rng, WORDS, WIDTH), ids, i64(0))
        self.batch = op.gather(op.shape_of(ids), i64(0), ZERO)
        total = op.gather(op.shape_of(mask), op.constant(np.int64(1)), ZERO)
        seen = op.less_equal(op.unsqueeze(op.range(np.int64(0), total, np.int64(1), "i64"), i64(0, 1, 2)), op.unsqueeze(positions, i64(1, 3)))
        seen = op.logical_and(seen, op.unsqueeze(op.convert(mask, "boolean"), i64(1, 2)))
        self.mask = op.select(seen, np.float32(0), np.float32(-65504))
        x = op.add(x, op.gather(weights(rng, PLACES, WIDTH), positions, i64(0)))
        for layer in range(LAYERS):
            x = self.attention(rng, x, layer)
            x = op.add(x, op.swish(dense(rng, norm(rng, x), WIDTH)))
        logits = op.result(dense(rng, norm(rng, x), WORDS))
        logits.input_value(0).get_tensor().set_names({"logits"})
        inputs = [ids, mask, positions, self.beams]
        for node, name in zip(inputs, ("input_ids", "attention_mask", "position_ids", "beam_idx")):
            node.set_friendly_name(name)
            node.output(0).get_tensor().set_names({name})
        self.model = ov.Model([logits], self.sinks, inputs, "stateful")

    def past(self, now, name):
        info = VariableInfo()
        info.data_shape, info.data_type, info.variable_id = ov.PartialShape([-1, HEADS, -1, HEAD]), ov.Type.f32, name
        variable = Variable(info)
        empty = op.broadcast(np.float32(0), op.concat([self.batch, i64(HEADS, 0, HEAD)], 0))
        cache = op.gather(op.read_value(empty, variable), self.beams, ZERO)
        cache = op.concat([cache, now], 2)
        self.sinks.append(op.assign(cache, variable))
        return cache

    def attention(self, rng, x, layer):
        y = norm(rng, x)
        q, k, v = (heads(dense(rng, y, WIDTH)) for _ in range(3))
        k, v = self.past(k, f"past.{layer}.key"), self.past(v, f"past.{layer}.value")
        y = op.transpose(op.scaled_dot_product_attention(q, k, v, self.mask), i64(0, 2, 1, 3))
        return op.add(x, dense(rng, op.reshape(y, i64(0, 0, WIDTH), True), WIDTH))


def write(model):
    """Without what no reader needs."""
    ov.serialize(model, HERE / "stateful.xml", HERE / "stateful.bin")
    root = ET.parse(HERE / "stateful.xml").getroot()
    for parent in list(root.iter()):
        for child in list(parent):
            child.tail = "\n" if child.tag in ("layer", "edge") else None
            if child.tag in ("rt_info", "dim"):     # shapes are inferred anew
                parent.remove(child)
        parent.text = None if not (parent.text or "").strip() else parent.text
    names = {}
    for layer in root.iter("layer"):
        for port in layer.iterfind("input/port"):
            port.attrib.pop("precision", None)
        if layer.get("type") not in ("Parameter", "Result"):
            layer.set("name", names.setdefault(layer.get("name"), f"n{len(names)}"))
    (HERE / "stateful.xml").write_text('<?xml version="1.0"?>\n' + ET.tostring(root, encoding="unicode") + "\n")


class Session:
    def __init__(self):
        core = ov.Core()
        exact = {"INFERENCE_PRECISION_HINT": "f32", "KV_CACHE_PRECISION": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "0"}
        self.request = core.compile_model(core.read_model(HERE / "stateful.xml"), "CPU", exact).create_infer_request()
        self.past, self.lines = None, []

    def reset(self):
        self.request.reset_state()
        self.past = None
        self.lines.append("reset")

    def run(self, ids, beams=None, hidden=()):
        """`hidden`: (row, place) of the prompt that the mask leaves out."""
        ids = np.array(ids, np.int64)
        batch, length = ids.shape
        beams = np.array(range(batch) if beams is None else beams, np.int32)
        past = np.zeros((batch, 0), np.int64) if self.past is None else self.past[beams]
        mask = np.concatenate([past, np.ones((batch, length), np.int64)], 1)
        for row, place in hidden:
            mask[row, place] = 0
        self.past = mask
        positions = np.tile(np.arange(mask.shape[1] - length, mask.shape[1]), (batch, 1))
        self.request.infer({"input_ids": ids, "attention_mask": mask, "position_ids": positions, "beam_idx": beams})
        logits = self.request.get_output_tensor(0).data
        assert np.isfinite(logits).all() and logits.std() > 0.1 and np.abs(logits).max() < 100
        numbers = [" ".join(str(v) for v in a.reshape(-1)) for a in (ids, mask, positions, beams)]
        numbers.append(" ".join(f"{v:.7g}" for v in logits.reshape(-1)))
        self.lines.append(f"run {batch} {length} {mask.shape[1]} : " + " : ".join(numbers))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=5)
    rng = np.random.default_rng(parser.parse_args().seed)
    write(Model(rng).model)
    session = Session()
    session.reset()
    session.run([[3, 1, 4, 1, 5]])
    for token in (9, 2, 6):
        session.run([[token]])
    session.reset()
    session.run([[2, 7, 1]])
    session.run([[8, 2]])
    session.run([[8]])
    session.reset()
    session.run([[0, 1, 4], [1, 5, 9]], hidden=[(0, 1)])
    session.run([[6], [12]], beams=[1, 0])
    session.run([[5], [3]], beams=[1, 1])
    session.run([[11]], beams=[1])
    (HERE / "stateful.txt").write_text("\n".join(session.lines) + "\n")


if __name__ == "__main__":
    main()
