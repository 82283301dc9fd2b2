#!/usr/bin/env python3
"""Operators of com.microsoft, ai.onnx.ml and org.openvinotoolkit, and those on strings: one small model each, run by this library and by
ONNX Runtime on the same numbers. What ONNX Runtime has no kernel for on the CPU is compared with the formula of its description, or with
OpenVINO, which reads the same file.

    contrib_ops.py --lib LIB [--only REGEX] [--seed N] [--device CPU] [--verbose]

Wants the packages onnx, onnxruntime, openvino and numpy. Every model also runs with open dimensions, batch and sequence length at least.
"""
import argparse
import pathlib
import re
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto as T, helper, numpy_helper

import run_onnx

CASES = []


class Case:
    """A model of one node, or of a few. `feeds` are its inputs, `consts` its initializers; None: an input left out. `peer` gives the
    expected outputs of all inputs, in place of ONNX Runtime; `fixed`: the peer takes no open dimensions."""

    def __init__(self, name, op, inputs, consts=(), outputs=1, atol=1e-4, domain="com.microsoft", parts=None, peer=None, fixed=False,
                 **attrs):
        self.name, self.op, self.inputs, self.consts, self.outputs = name, op, inputs, set(consts), outputs
        self.atol, self.domain, self.attrs = atol, domain, attrs
        self.parts = parts or {}      # of outputs, what is specified: a list of indices
        self.peer, self.fixed = peer, fixed

    def model(self, dynamic):
        names = [f"i{k}" if v is not None else "" for k, v in enumerate(self.inputs)]
        outputs = [f"o{k}" if k in self.wanted() else "" for k in range(max(self.wanted()) + 1)]
        node = helper.make_node(self.op, names, outputs, domain=self.domain, **self.attrs)
        given, inits = [], []
        for k, value in enumerate(self.inputs):
            if value is None:
                continue
            if k in self.consts:
                inits.append(numpy_helper.from_array(value, f"i{k}"))
            else:
                kind = helper.np_dtype_to_tensor_dtype(value.dtype)
                dims = [None if dynamic and axis < 2 else d for axis, d in enumerate(value.shape)]
                given.append(helper.make_tensor_value_info(f"i{k}", kind, dims))
        results = [onnx.ValueInfoProto(name=o) for o in outputs if o]
        graph = helper.make_graph([node], self.name, given, results, inits)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.microsoft", 1),
                                                       helper.make_opsetid("ai.onnx.ml", 3),
                                                       helper.make_opsetid("org.openvinotoolkit", 1)], ir_version=9)

    def wanted(self):
        return range(self.outputs) if isinstance(self.outputs, int) else self.outputs

    def feeds(self):
        return {f"i{k}": v for k, v in enumerate(self.inputs) if v is not None and k not in self.consts}


def case(*args, **kwargs):
    CASES.append(Case(*args, **kwargs))


def f(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32)


def q(rng, kind, *shape):
    info = np.iinfo(kind)
    return rng.integers(info.min, info.max + 1, shape).astype(kind)


def scalar(value, kind=np.float32):
    return np.array(value, kind)


def quantised(rng):
    u, i = np.uint8, np.int8
    x, y = q(rng, u, 2, 3, 4), q(rng, u, 2, 3, 4)
    sx, sy, so, z = scalar(0.02), scalar(0.03), scalar(0.05), scalar(121, u)
    for op in ("Add", "Mul"):
        case(f"QLinear{op}", f"QLinear{op}", [x, sx, z, y, sy, scalar(3, u), so, scalar(100, u)], {1, 2, 4, 5, 6, 7}, atol=1)
        case(f"QLinear{op} rows", f"QLinear{op}", [q(rng, i, 2, 3, 4), sx, scalar(-3, i), q(rng, i, 4), sy, scalar(3, i), so,
                                                   scalar(10, i)], {1, 2, 4, 5, 6, 7}, atol=1)
    case("QLinearLeakyRelu", "QLinearLeakyRelu", [x, sx, z, so, scalar(100, u)], {1, 2, 3, 4}, atol=1, alpha=0.1)
    case("QLinearSigmoid", "QLinearSigmoid", [x, sx, z, scalar(1 / 256), scalar(0, u)], {1, 2, 3, 4}, atol=1)
    case("QLinearSoftmax 13", "QLinearSoftmax", [x, sx, z, scalar(1 / 256), scalar(0, u)], {1, 2, 3, 4}, atol=1, opset=13, axis=1)
    case("QLinearSoftmax 12", "QLinearSoftmax", [x, sx, z, scalar(1 / 256), scalar(0, u)], {1, 2, 3, 4}, atol=1, opset=12, axis=1)
    case("QLinearConcat", "QLinearConcat", [so, z, x, sx, z, y, sy, scalar(3, u)], {0, 1, 3, 4, 6, 7}, atol=1, axis=1)
    case("QLinearWhere", "QLinearWhere", [rng.random((2, 3, 4)) > 0.5, x, sx, z, y, sy, scalar(3, u), so, z],
         {2, 3, 5, 6, 7, 8}, atol=1)
    image = q(rng, u, 1, 4, 6, 6)
    case("QLinearAveragePool", "QLinearAveragePool", [image, sx, z, so, z], {1, 2, 3, 4}, atol=1, kernel_shape=[3, 3],
         strides=[2, 2], pads=[1, 1, 1, 1])
    case("QLinearGlobalAveragePool", "QLinearGlobalAveragePool", [image, sx, z, so, z], {1, 2, 3, 4}, atol=1)
    case("QLinearGlobalAveragePool last", "QLinearGlobalAveragePool", [image, sx, z, so, z], {1, 2, 3, 4}, atol=1, channels_last=1)
    weights = q(rng, i, 6, 2, 3, 3)
    conv = [image, sx, z, weights, f(rng, 6) ** 2 * 0.01 + 0.001, np.zeros(6, i), scalar(0.3), z,
            rng.integers(-500, 500, 6).astype(np.int32)]
    case("QLinearConv", "QLinearConv", conv, {1, 2, 3, 4, 5, 6, 7, 8}, atol=1, group=2, pads=[1, 1, 1, 1])
    nhwc = [np.ascontiguousarray(image.transpose(0, 2, 3, 1)), *conv[1:]]
    case("QLinearConv last", "QLinearConv", nhwc, {1, 2, 3, 4, 5, 6, 7, 8}, atol=1, group=2, pads=[1, 1, 1, 1], channels_last=1)
    a, b = q(rng, u, 5, 8), q(rng, i, 8, 6)
    case("QGemm", "QGemm", [a, sx, z, b, f(rng, 6) ** 2 * 0.1, q(rng, i, 6), rng.integers(-99, 99, 6).astype(np.int32), so, z],
         {1, 2, 3, 4, 5, 6, 7, 8}, atol=1, alpha=0.5)
    case("QGemm float", "QGemm", [a, sx, z, b.T.copy(), sy, scalar(2, i)], {1, 2, 3, 4, 5}, atol=1e-3, transB=1)
    case("MatMulIntegerToFloat", "MatMulIntegerToFloat", [q(rng, u, 2, 5, 8), b, sx, f(rng, 6), z, q(rng, i, 6), f(rng, 6)],
         {1, 2, 3, 4, 5, 6}, atol=1e-3)
    case("DynamicQuantizeMatMul", "DynamicQuantizeMatMul", [f(rng, 2, 5, 8), b, f(rng, 6) * 0.01, q(rng, i, 6), f(rng, 6)],
         {1, 2, 3, 4}, atol=1e-3)
    case("QuantizeLinear", "QuantizeLinear", [f(rng, 2, 3, 4), scalar(0.01), scalar(100, np.uint16)], {1, 2})
    case("DequantizeLinear", "DequantizeLinear", [q(rng, i, 2, 3, 4), f(rng, 3), q(rng, i, 3)], {1, 2}, axis=1)


def few_bits(rng):
    for bits in (2, 4, 8):
        for k, n, block in ((64, 12, 32), (40, 5, 16), (96, 7, 32)):
            blocks = -(-k // block)
            b = q(rng, np.uint8, n, blocks, block * bits // 8)
            scales, zeros = f(rng, n, blocks) * 0.1, q(rng, np.uint8, n, -(-blocks * bits // 8))
            args = dict(K=k, N=n, bits=bits, block_size=block, atol=1e-3)
            name = f"MatMulNBits {bits} bits K {k} N {n}"
            case(name, "MatMulNBits", [f(rng, 2, 3, k), b, scales], {1, 2}, **args)
            case(name + " zero points", "MatMulNBits", [f(rng, 2, 3, k), b, scales, zeros, None, f(rng, n)], {1, 2, 3, 5}, **args)
            if bits < 8:
                case(name + " float zeros", "MatMulNBits", [f(rng, 3, k), b, scales, f(rng, n, blocks)], {1, 2, 3}, **args)
    case("MatMulBnb4", "MatMulBnb4", [f(rng, 3, 64), q(rng, np.uint8, 64 * 6 // 2), f(rng, 6 * 4) ** 2], {1, 2}, K=64, N=6,
         block_size=16, quant_type=1, atol=1e-3)
    for directions, direction in ((1, "forward"), (1, "reverse"), (2, "bidirectional")):
        for columns in (False, True):      # activations are rounded by ONNX Runtime alone
            size = (directions, 20) if columns else (directions,)
            quantised = [q(rng, np.int8, directions, d, 20) for d in (4, 5)]
            scales = [(rng.random(size) * 0.005 + 0.003).astype(np.float32) for _ in range(2)]
            zeros = [(rng.integers(-9, 9, size) * (not columns)).astype(np.int8) for _ in range(2)]
            case(f"DynamicQuantizeLSTM {direction} {columns}", "DynamicQuantizeLSTM",
                 [f(rng, 6, 2, 4), *quantised, f(rng, directions, 40) * 0.1, None, None, None, None, scales[0], zeros[0], scales[1],
                  zeros[1]], {1, 2, 3, 8, 9, 10, 11}, 3, atol=0.05, hidden_size=5, direction=direction)
    index = rng.integers(0, 9, (2, 3))
    for bits in (4, 8):
        table = q(rng, np.uint8, 9, 64 * bits // 8)
        case(f"GatherBlockQuantized {bits}", "GatherBlockQuantized", [table, index, f(rng, 9, 4)], {0, 2}, bits=bits, block_size=16,
             gather_axis=0, quantize_axis=1)
        case(f"GatherBlockQuantized {bits} zero points", "GatherBlockQuantized",
             [table, index, f(rng, 9, 4), q(rng, np.uint8, 9, 4 * bits // 8)], {0, 2, 3}, bits=bits, block_size=16, gather_axis=0,
             quantize_axis=1)


def attention(rng):
    b, s, heads, size = 2, 5, 3, 4
    hidden = heads * size
    x, w, bias = f(rng, b, s, hidden), f(rng, hidden, 3 * hidden) * 0.3, f(rng, 3 * hidden)
    raw = (rng.random((b, s)) > 0.3).astype(np.int32)
    raw[:, 0] = 1
    lengths = np.array([3, 5], np.int32)
    case("Attention", "Attention", [x, w, bias], {1, 2}, num_heads=heads)
    case("Attention causal", "Attention", [x, w, bias], {1, 2}, num_heads=heads, unidirectional=1)
    case("Attention raw mask", "Attention", [x, w, bias, raw], {1, 2}, num_heads=heads)
    case("Attention lengths", "Attention", [x, w, bias, lengths], {1, 2}, num_heads=heads)
    case("Attention mask 3", "Attention", [x, w, bias, np.tril(np.ones((b, s, s))).astype(np.int32)], {1, 2}, num_heads=heads)
    case("Attention past", "Attention", [x, w, bias, None, f(rng, 2, b, heads, 3, size)], {1, 2}, 2, num_heads=heads,
         unidirectional=1)
    case("Attention bias", "Attention", [x, w, bias, None, None, f(rng, 1, heads, s, s)], {1, 2}, num_heads=heads, scale=0.3)
    case("Attention sizes", "Attention", [x, f(rng, hidden, 2 * hidden + 6), f(rng, 2 * hidden + 6)], {1, 2}, num_heads=heads,
         qkv_hidden_sizes=[hidden, hidden, 6])
    case("QAttention", "QAttention", [q(rng, np.uint8, b, s, hidden), q(rng, np.int8, hidden, 3 * hidden), bias, scalar(0.01),
                                      scalar(0.01), None, scalar(120, np.uint8), scalar(3, np.int8)], {1, 2, 3, 4, 6, 7},
         num_heads=heads, atol=1e-3)

    t = 7
    k, v = f(rng, b, t, hidden), f(rng, b, t, hidden)
    case("MultiHeadAttention", "MultiHeadAttention", [x, k, v], num_heads=heads)
    case("MultiHeadAttention bias", "MultiHeadAttention", [x, k, v, bias], {3}, num_heads=heads)
    case("MultiHeadAttention causal", "MultiHeadAttention", [x, x + 1, x - 1], num_heads=heads, unidirectional=1)
    case("MultiHeadAttention key mask", "MultiHeadAttention", [x, k, v, None, (rng.random((b, t)) > 0.3).astype(np.int32)],
         num_heads=heads)
    case("MultiHeadAttention lengths", "MultiHeadAttention", [x, k, v, None, np.array([3, 7], np.int32)], num_heads=heads)
    case("MultiHeadAttention added", "MultiHeadAttention", [x, k, v, None, None, f(rng, 1, heads, s, t)], num_heads=heads)
    case("MultiHeadAttention past", "MultiHeadAttention",
         [x, x + 1, x - 1, None, None, None, f(rng, b, heads, 4, size), f(rng, b, heads, 4, size)], outputs=3, num_heads=heads)
    case("MultiHeadAttention cross", "MultiHeadAttention", [x, f(rng, b, heads, t, size), f(rng, b, heads, t, size)],
         num_heads=heads)


def rotary(rng):
    b, s, heads, size = 2, 5, 3, 8
    cos, sin = (np.ascontiguousarray(v) for v in (lambda a: (np.cos(a), np.sin(a)))(f(rng, 32, size // 2)))
    ids = rng.integers(0, 32, (b, s))
    for pairs in (0, 1):
        case(f"RotaryEmbedding {pairs}", "RotaryEmbedding", [f(rng, b, s, heads * size), ids, cos, sin], {2, 3}, interleaved=pairs)
        case(f"RotaryEmbedding heads {pairs}", "RotaryEmbedding", [f(rng, b, heads, s, size), np.array([3]), cos, sin], {2, 3},
             interleaved=pairs)
        case(f"RotaryEmbedding part {pairs}", "RotaryEmbedding", [f(rng, b, s, heads * 12), ids, cos, sin], {2, 3},
             interleaved=pairs, num_heads=heads, rotary_embedding_dim=size)

    groups, h, size = 2, 4, 16
    cos, sin = np.cos(f(rng, 32, size // 2)), np.sin(f(rng, 32, size // 2))
    lens = lambda *v: np.array(v, np.int32)
    total = lambda v: np.array(v, np.int32)
    new = lambda n, *more: [f(rng, b, n, h * size), f(rng, b, n, groups * size), f(rng, b, n, groups * size), *more]
    past = lambda n, batch=b: [f(rng, batch, groups, n, size), f(rng, batch, groups, n, size)]
    args = dict(outputs=3, num_heads=h, kv_num_heads=groups)
    op = "GroupQueryAttention"
    case(op + " prompt", op, new(5, *past(0), lens(4, 4), total(5)), **args)
    valid = [np.s_[0, :3], np.s_[1]]
    case(op + " ragged prompt", op, new(5, *past(0), lens(2, 4), total(5), cos, sin), {7, 8}, do_rotary=1,
         parts={0: valid, 1: [np.s_[0, :, :3], np.s_[1]], 2: [np.s_[0, :, :3], np.s_[1]]}, **args)
    case(op + " token", op, new(1, *past(6), lens(6, 6), total(7), cos, sin), {7, 8}, do_rotary=1, **args)
    case(op + " ragged token", op, new(1, *past(6), lens(3, 6), total(7), cos, sin), {7, 8}, do_rotary=1, rotary_interleaved=1,
         parts={1: [np.s_[0, :, :4], np.s_[1]], 2: [np.s_[0, :, :4], np.s_[1]]}, **args)
    case(op + " window", op, new(1, *past(6), lens(6, 6), total(7)), local_window_size=3, **args)
    case(op + " softcap", op, new(1, *past(6), lens(6, 6), total(7)), softcap=2.0, **args)
    case(op + " smooth", op, new(1, *past(6), lens(6, 6), total(7)), smooth_softmax=1, **args)
    case(op + " sink", op, new(1, *past(6), lens(6, 6), total(7), None, None, None, None, f(rng, h)), {11}, **args)
    case(op + " bias", op, new(1, *past(6), lens(6, 6), total(7), None, None, None, f(rng, 1, 1, 1, 7)), **args)
    one = [v[:1] for v in new(3)]
    case(op + " chunk", op, [*one, *past(6, 1), lens(8), total(9), cos, sin], {7, 8}, do_rotary=1, **args)
    packed = [f(rng, b, 1, (h + 2 * groups) * size), None, None, *past(6), lens(6, 6), total(7), cos, sin]
    case(op + " packed", op, packed, {7, 8}, do_rotary=1, **args)


def norms(rng):
    x, skip, gamma, beta = f(rng, 2, 3, 8), f(rng, 2, 3, 8), f(rng, 8), f(rng, 8)
    case("SkipLayerNormalization", "SkipLayerNormalization", [x, skip, gamma, beta, f(rng, 8)], {2, 3, 4}, (0, 3), epsilon=1e-5)
    case("SkipLayerNormalization plain", "SkipLayerNormalization", [x, skip, gamma], {2})
    case("SkipSimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization", [x, skip, gamma], {2}, (0, 3), epsilon=1e-5)
    case("SimplifiedLayerNormalization", "SimplifiedLayerNormalization", [x, gamma], {1}, domain="", epsilon=1e-5)
    ids = lambda n: rng.integers(0, n, (2, 3)).astype(np.int32)
    tables = [f(rng, 10, 8), f(rng, 6, 8), f(rng, 2, 8)]
    case("EmbedLayerNormalization", "EmbedLayerNormalization", [ids(10), ids(2), *tables, gamma, beta, np.ones((2, 3), np.int32)],
         {2, 3, 4, 5, 6}, 2)
    case("EmbedLayerNormalization short", "EmbedLayerNormalization", [ids(10), None, *tables[:2], None, gamma, beta, None, ids(6)],
         {2, 3, 5, 6}, (0, 1, 2))


def fused(rng):
    x = f(rng, 2, 3, 8)
    case("FusedMatMul", "FusedMatMul", [x, f(rng, 2, 8, 4)], alpha=0.5)
    case("FusedMatMul transposed", "FusedMatMul", [f(rng, 2, 8, 3), f(rng, 2, 4, 8)], transA=1, transB=1)
    case("FusedMatMul batch", "FusedMatMul", [f(rng, 3, 2, 8), f(rng, 2, 8, 4)], transBatchA=1)
    case("FusedGemm", "FusedGemm", [f(rng, 3, 8), f(rng, 4, 8), f(rng, 4)], {1, 2}, transB=1, alpha=0.5, beta=2.0, activation="Relu")
    case("FusedGemm leaky", "FusedGemm", [f(rng, 3, 8), f(rng, 8, 4)], {1}, activation="LeakyRelu", activation_alpha=0.3)
    image = f(rng, 1, 4, 6, 6)
    for name, params in (("Relu", None), ("LeakyRelu", [0.2]), ("Clip", [-0.5, 0.5]), ("HardSigmoid", [0.2, 0.5]), ("Tanh", None)):
        more = {"activation_params": params} if params else {}
        case(f"FusedConv {name}", "FusedConv", [image, f(rng, 6, 2, 3, 3), f(rng, 6)], {1, 2}, activation=name, group=2,
             pads=[1, 1, 1, 1], **more)
    case("FusedConv sum", "FusedConv", [image, f(rng, 6, 4, 3, 3), f(rng, 6), f(rng, 1, 6, 4, 4)], {1, 2}, activation="Relu")
    for op in ("Gelu", "FastGelu", "QuickGelu"):
        case(op, op, [x], atol=1e-3)
    case("BiasGelu", "BiasGelu", [x, f(rng, 8)], {1})
    case("FastGelu bias", "FastGelu", [x, f(rng, 8)], {1}, atol=1e-3)


def others(rng):
    case("CropAndResize", "CropAndResize", [f(rng, 2, 3, 6, 7), np.array([[0.1, 0.2, 0.8, 0.9], [-0.2, 0, 0.5, 1.2]], np.float32),
                                            np.array([1, 0], np.int32), np.array([3, 4], np.int32)], {3}, extrapolation_value=7.0)
    case("ExpandDims", "ExpandDims", [f(rng, 2, 3), scalar(1, np.int32)], {1})
    case("Inverse", "Inverse", [f(rng, 2, 3, 3) + 3 * np.eye(3, dtype=np.float32)])
    for mode in ("constant", "reflect", "edge"):
        case(f"Pad {mode}", "Pad", [f(rng, 2, 3, 4), np.array([0, 1, 2, 0, 1, 1], np.int64), scalar(2)], {1, 2}, mode=mode)
    case("Range", "Range", [scalar(1), scalar(9.5), scalar(2)], {0, 1, 2})
    case("Range of two", "Range", [np.array([3], np.int64), np.array([9], np.int64)], {0, 1})
    case("Trilu", "Trilu", [f(rng, 2, 3, 4), scalar(1, np.int64)], {1}, upper=0)
    case("Unique", "Unique", [np.array([2, 1, 1, 3, 4, 3], np.float32)], outputs=3)
    case("CDist", "CDist", [f(rng, 4, 3), f(rng, 5, 3)], metric="euclidean", atol=1e-3)
    case("GatherND", "GatherND", [f(rng, 4, 3), np.array([[0, 1], [2, 2]], np.int64)])


def classic(rng):
    x, ml = f(rng, 5, 4), dict(domain="ai.onnx.ml")
    case("Binarizer", "Binarizer", [x], threshold=0.2, **ml)
    case("ArrayFeatureExtractor", "ArrayFeatureExtractor", [x, np.array([3, 0, 3])], {1}, **ml)
    for norm in ("MAX", "L1", "L2"):
        case(f"Normalizer {norm}", "Normalizer", [np.abs(x)], norm=norm, **ml)
    case("Normalizer signs", "Normalizer", [x], norm="L2", **ml)
    case("Scaler", "Scaler", [x], offset=[1.0, 2.0, 3.0, 4.0], scale=[0.5, 2.0, 1.0, 3.0], **ml)
    case("Scaler ints", "Scaler", [rng.integers(-9, 9, (5, 4))], offset=[1.0], scale=[0.5], **ml)
    holes = x.copy()
    holes[1, 2] = holes[3, 0] = np.nan
    case("Imputer", "Imputer", [holes], imputed_value_floats=[1.0, 2.0, 3.0, 4.0], replaced_value_float=float("nan"), **ml)
    case("Imputer ints", "Imputer", [rng.integers(0, 3, (5, 4))], imputed_value_int64s=[7], replaced_value_int64=1, **ml)
    case("OneHotEncoder", "OneHotEncoder", [rng.integers(0, 5, (3, 2))], cats_int64s=[0, 2, 3], zeros=1, **ml)
    case("OneHotEncoder strings", "OneHotEncoder", [np.array(["a", "x", "b"], object)], cats_strings=["a", "b"], zeros=1, **ml)
    case("FeatureVectorizer", "FeatureVectorizer", [x, f(rng, 5, 2)], inputdimensions=[4, 2], **ml)
    for name in ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"):
        bias = [0.4, 0.5, 0.6] if name == "PROBIT" else [0.1, -0.2, 0.0]
        weights = [float(v) for v in f(rng, 12) * (0.02 if name == "PROBIT" else 1)]
        case(f"LinearRegressor {name}", "LinearRegressor", [x], coefficients=weights, intercepts=bias, targets=3,
             post_transform=name, **ml)
        case(f"LinearClassifier {name}", "LinearClassifier", [x], outputs=2, coefficients=weights, intercepts=bias,
             classlabels_ints=[5, 7, 9], post_transform=name, **ml)
        if name != "PROBIT":
            case(f"LinearClassifier one row {name}", "LinearClassifier", [x], outputs=2, coefficients=weights[:4],
                 intercepts=[0.1], classlabels_strings=["no", "yes"], post_transform=name, **ml)
            case(f"LinearClassifier two rows {name}", "LinearClassifier", [x], outputs=2, coefficients=weights[:8],
                 intercepts=[0.1, 0.2], classlabels_ints=[0, 1], post_transform=name, **ml)
    words = np.array([["a", "b"], ["z", "c"]], object)
    case("LabelEncoder", "LabelEncoder", [words], keys_strings=["a", "b", "c"], values_int64s=[1, 2, 3], default_int64=9, **ml)
    case("LabelEncoder texts", "LabelEncoder", [np.array([1, 5, 2])], keys_int64s=[1, 2], values_strings=["one", "two"], **ml)
    case("LabelEncoder floats", "LabelEncoder", [np.array([1, np.nan, 3], np.float32)], keys_floats=[1.0, float("nan")],
         values_floats=[0.5, 0.25], default_float=-1.0, **ml)
    case("CategoryMapper", "CategoryMapper", [words], cats_strings=["a", "b"], cats_int64s=[4, 5], default_int64=-2, **ml)


def forest(rng, kind, modes):
    """Attributes of two trees of three levels over four features, for four targets or classes."""
    nodes, leaves = [], []
    for tree in range(2):
        for node in range(15):
            leaf = node >= 7
            nodes.append(dict(nodeids=node, treeids=tree, featureids=0 if leaf else int(rng.integers(4)),
                              values=0.0 if leaf else float(np.float32(rng.standard_normal())),
                              modes="LEAF" if leaf else modes[int(rng.integers(len(modes)))],
                              truenodeids=0 if leaf else 2 * node + 1, falsenodeids=0 if leaf else 2 * node + 2,
                              missing_value_tracks_true=int(rng.integers(2))))
            if leaf:
                leaves += [(tree, node, int(t), float(np.float32(rng.standard_normal()))) for t in range(kind)]
    attrs = {"nodes_" + name: [n[name] for n in nodes] for name in nodes[0]}
    return attrs, leaves


def trees(rng):
    x = f(rng, 9, 4)
    holes = x.copy()
    holes[2, 1] = holes[4, 0] = np.nan
    kinds = ["BRANCH_LEQ"], ["BRANCH_LT"], ["BRANCH_GT", "BRANCH_GTE", "BRANCH_LEQ", "BRANCH_EQ", "BRANCH_NEQ"]
    for modes in kinds:
        for how in ("SUM", "AVERAGE", "MIN", "MAX"):
            attrs, leaves = forest(rng, 3, modes)
            case(f"TreeEnsembleRegressor {how} {modes[0]}", "TreeEnsembleRegressor", [holes if how == "SUM" else x],
                 domain="ai.onnx.ml", n_targets=3, aggregate_function=how, base_values=[0.5, 1.0, -1.0],
                 target_treeids=[v[0] for v in leaves], target_nodeids=[v[1] for v in leaves],
                 target_ids=[v[2] for v in leaves], target_weights=[v[3] for v in leaves], **attrs)
    for classes, transform in ((3, "NONE"), (3, "SOFTMAX"), (3, "LOGISTIC"), (1, "NONE"), (1, "LOGISTIC"), (1, "SOFTMAX")):
        attrs, leaves = forest(rng, max(2, classes), ["BRANCH_LEQ"])
        labels = {"classlabels_strings": ["no", "yes"]} if classes == 1 else {"classlabels_int64s": [0, 1, 4][:classes]}
        leaves = [v for v in leaves if classes > 1 or v[2] == 0]
        positive = [abs(v[3]) if classes == 1 and transform == "NONE" else v[3] for v in leaves]
        case(f"TreeEnsembleClassifier {classes} {transform}", "TreeEnsembleClassifier", [x], outputs=2, domain="ai.onnx.ml",
             post_transform=transform, class_treeids=[v[0] for v in leaves], class_nodeids=[v[1] for v in leaves],
             class_ids=[v[2] for v in leaves], class_weights=positive, **labels, **attrs)


def texts(rng):
    o, d = (lambda *v: np.array(v, object)), dict(domain="")
    for most in (None, 0, 1, 2):
        limit = {} if most is None else {"maxsplit": most}
        case(f"StringSplit white {most}", "StringSplit", [o("  a b  c ", "", "abc", " x y ")], outputs=2, **limit, **d)
        case(f"StringSplit comma {most}", "StringSplit", [o("a,b,,c", ",", "abc", "x,")], outputs=2, delimiter=",", **limit, **d)
    case("StringConcat", "StringConcat", [np.array([["a"], ["b"]], object), o("x", "", "é")], **d)
    words = ["monday", "Tuesday", "WEDNESDAY", "monday", "mon-day"]
    for action in ("NONE", "LOWER", "UPPER"):
        for sensitive in (0, 1):
            case(f"StringNormalizer {action} {sensitive}", "StringNormalizer", [o(*words)], case_change_action=action,
                 is_case_sensitive=sensitive, stopwords=["monday", "tuesday"], locale="C", **d)
    case("StringNormalizer nothing left", "StringNormalizer", [np.array(["a", "a"], object)], stopwords=["a"], is_case_sensitive=1, **d)
    samples = o("", "a", "ab", "aB", "abab", "a.b", "foo123", "2024-05-06", "x@y.com", "tab\there", "ünïcode", "line\nbreak", "aaaa",
                "(x)", "-", "_", "A1", "  ")
    for pattern in (".*", "a*", "(ab)+", "(?i)ab", "[a-z]+[0-9]{3}", r"\d{4}-\d\d-\d\d", r"\w+@\w+\.(com|net)", r"[^\s]+", r"\S*\s\S*",
                    "(?s).*", "a{2,3}", "a{2,}", "(a|b|.)*?", r"\(x\)", "[-_]", r"[\w-]+", "^a$", r"\bfoo\d+\b", "(?:a|ab)(?:b|bab)?",
                    "[[:alpha:]]+[[:digit:]]", "a?b?", r"\x61", "(?P<name>a)b", "ü.*", "a||b", "()", r"\Qa.b\E", r"\Aab\z", r"\Bb?"):
        case(f"RegexFullMatch {pattern}", "RegexFullMatch", [samples], pattern=pattern, **d)
    tokens = rng.integers(0, 4, (2, 12))
    pool = [0, 1, 3, 0, 1, 1, 1, 2, 0, 0, 1, 2, 1, 0, 3]
    for mode in ("TF", "IDF", "TFIDF"):
        for skips in (0, 1, 3):
            args = dict(mode=mode, min_gram_length=1, max_gram_length=3, max_skip_count=skips, ngram_counts=[0, 3, 9],
                        ngram_indexes=[0, 2, 1, 4, 3, 6, 5, 7], weights=[1.0, 2.0, 0.5, 3.0, 1.5, 1.0, 2.5, 0.25], **d)
            case(f"TfIdfVectorizer {mode} {skips}", "TfIdfVectorizer", [tokens], pool_int64s=pool, **args)
            case(f"TfIdfVectorizer strings {mode} {skips}", "TfIdfVectorizer", [o(*(str(v) for v in tokens[0]))],
                 pool_strings=[str(v) for v in pool], **args)
    case("TfIdfVectorizer pairs", "TfIdfVectorizer", [tokens], pool_int64s=pool, mode="TF", min_gram_length=2, max_gram_length=2,
         max_skip_count=2, ngram_counts=[0, 3, 9], ngram_indexes=[0, 2, 1, 4, 3, 6, 5, 7], **d)


# ---- what ONNX Runtime has no kernel for

def by_formula(rng):
    x = f(rng, 2, 3, 8)
    real = lambda spectrum: np.stack([spectrum.real, spectrum.imag], -1).astype(np.float32)
    complex_of = lambda v: v[..., 0] + 1j * v[..., 1]
    for ndim in (1, 2):
        axes = tuple(range(-ndim, 0))
        case(f"Rfft {ndim}", "Rfft", [x[:, :2]], signal_ndim=ndim, peer=lambda v, a=axes: [real(np.fft.rfftn(v, axes=a))])
        case(f"Irfft {ndim}", "Irfft", [real(np.fft.rfftn(x[:, :2], axes=axes))], signal_ndim=ndim,
             peer=lambda v, a=axes: [np.fft.irfftn(complex_of(v), axes=a).astype(np.float32)])
    # The imaginary parts of the first and last of five are of no signal that is real.
    case("Irfft any", "Irfft", [f(rng, 3, 5, 2)], signal_ndim=1, peer=lambda v: [np.fft.irfft(complex_of(v)).astype(np.float32)])

    def normed(s, gamma, beta, groups, last, epsilon, silu):
        s = np.moveaxis(s, -1, 1) if last else s
        parts = s.reshape(s.shape[0], groups, -1).astype(np.float64)
        parts = (parts - parts.mean(-1, keepdims=True)) / np.sqrt(parts.var(-1, keepdims=True) + epsilon)
        y = parts.reshape(s.shape) * gamma.reshape(1, -1, 1, 1) + beta.reshape(1, -1, 1, 1)
        y = y / (1 + np.exp(-y)) if silu else y
        return (np.moveaxis(y, 1, -1) if last else y).astype(np.float32)

    def skipped(s, gamma, beta, skip, bias, last, **how):
        shape = (1, 1, 1, -1) if last else (1, -1, 1, 1)
        skip = skip.reshape(skip.shape[0], *((1, 1, -1) if last else (-1, 1, 1))) if skip.ndim == 2 else skip
        s = s + skip + (0 if bias is None else bias.reshape(shape))
        return [normed(s, gamma, beta, last=last, **how), s]

    for last in (1, 0):
        x, gamma, beta, bias = f(rng, 2, 3, 4, 6) if last else f(rng, 2, 6, 3, 4), f(rng, 6), f(rng, 6), f(rng, 6)
        row = f(rng, 2, 1, 1, 6) if last else f(rng, 2, 6, 1, 1)
        for silu in (0, 1):
            how = dict(groups=(2, 3)[silu], epsilon=(1e-5, 0.1)[silu], silu=silu, last=last)
            attrs = dict(channels_last=last, activation=silu, groups=how["groups"], epsilon=how["epsilon"])
            case(f"GroupNorm {last} {silu}", "GroupNorm", [x, gamma, beta], {1, 2}, peer=lambda *v, h=how: [normed(*v, **h)], **attrs)
            for name, skip, b in (("full", f(rng, *x.shape), bias), ("plain", f(rng, *x.shape), None), ("row", row, bias),
                                  ("flat", f(rng, 2, 6), bias)):
                case(f"SkipGroupNorm {name} {last} {silu}", "SkipGroupNorm", [x, gamma, beta, skip, b], {1, 2, 4}, 2,
                     peer=lambda *v, h=how: skipped(*v, **h), **attrs)


def by_openvino(rng):
    def case_of(op, inputs, consts=(), outputs=1, **more):
        name = more.pop("name", op)
        case(f"openvino {name}", op, inputs, consts, outputs, domain="org.openvinotoolkit", peer="openvino", **more)

    boxes_of = lambda n, top: np.sort(rng.random((n, 2, 2)) * top, 1).reshape(n, 4).astype(np.float32) + np.float32([0, 0, 2, 2])
    image = f(rng, 2, 4, 5, 6)
    case_of("FakeQuantize", [image, scalar(-1.5), scalar(1.25), scalar(-2), scalar(2)], {1, 2, 3, 4}, levels=16)
    case_of("Swish", [image])
    case_of("Swish", [image, np.array([0.7], np.float32)], {1}, name="Swish beta")
    for op in ("GroupNorm", "ExperimentalDetectronGroupNorm"):
        case_of(op, [image, f(rng, 4), f(rng, 4)], num_groups=2, eps=0.01)
    for across in (0, 1):
        for shared in (0, 1):       # OpenVINO shapes weights of channels by what it knows of the image
            case_of("Normalize", [image, f(rng, 1 if shared else 4)], {1}, fixed=not shared, name=f"Normalize {across} {shared}", across_spatial=across,
                    channel_shared=shared, eps=0.01)
    maps = [f(rng, 1, 2, 3, 4), f(rng, 1, 3, 24, 40)]
    ratios = dict(aspect_ratio=[2.0, 3.0], offset=0.5, variance=[0.1, 0.1, 0.2, 0.2])
    case_of("PriorBox", maps, min_size=[4.0, 6.0], max_size=[8.0, 9.0], flip=1, clip=1, step=8.0, **ratios)
    case_of("PriorBox", maps, name="PriorBox one size", min_size=[4.0], flip=0, clip=0, scale_all_sizes=0, **ratios)
    case_of("PriorBox", maps, name="PriorBox density", fixed_size=[4.0, 8.0], fixed_ratio=[1.0, 2.0], density=[2.0, 1.0], offset=0.5,
            variance=[0.1], flip=1, step=8.0)
    case_of("PriorBoxClustered", maps, width=[4.0, 2.0, 8.0], height=[3.0, 5.0, 7.0], clip=1, step_w=8.0, step_h=4.0, offset=0.5,
            variance=[0.1, 0.1, 0.2, 0.2])
    priors = np.stack([boxes_of(6, 20).reshape(-1) / 24, np.tile(np.float32([0.1, 0.1, 0.2, 0.2]), 6)])[None]
    scores = rng.random((2, 6, 3)).astype(np.float32)
    for code in ("CORNER", "CENTER_SIZE"):
        case_of("DetectionOutput", [f(rng, 2, 24) * np.float32(0.3), scores.reshape(2, 18), priors], name=f"DetectionOutput {code}",
                num_classes=3, background_label_id=0, top_k=6, keep_top_k=5, code_type=f"caffe.PriorBoxParameter.{code}",
                share_location=1, nms_threshold=0.4, confidence_threshold=0.2, normalized=1)
    detectron = "ExperimentalDetectron"
    case_of(detectron + "TopKROIs", [boxes_of(7, 30), rng.permutation(7).astype(np.float32)], max_rois=4)
    case_of(detectron + "PriorGridGenerator", [f(rng, 3, 4), f(rng, 1, 2, 3, 4), f(rng, 1, 3, 24, 40)], flatten=1, h=0, w=0, stride_x=4.0,
            stride_y=8.0)
    case_of(detectron + "PriorGridGenerator", [f(rng, 3, 4), f(rng, 1, 2, 3, 4), f(rng, 1, 3, 24, 40)], name="PriorGridGenerator open",
            flatten=0, h=0, w=0, stride_x=0.0, stride_y=0.0)
    rois = np.concatenate([boxes_of(4, 30), boxes_of(2, 5)])
    for aligned in (0, 1):
        case_of(detectron + "ROIFeatureExtractor", [rois, f(rng, 1, 2, 16, 16), f(rng, 1, 2, 8, 8)], outputs=2,
                name=f"ROIFeatureExtractor {aligned}", output_size=3, sampling_ratio=2, aligned=aligned, pyramid_scales=[4, 8])
    info, grid = np.array([[24, 40, 1]], np.float32), boxes_of(3 * 4 * 2, 20)
    case_of(detectron + "GenerateProposalsSingleImage", [info[0], grid, f(rng, 8, 3, 4) * np.float32(0.2),
            rng.permutation(24).reshape(2, 3, 4).astype(np.float32) / 24], outputs=2, min_size=1.0, nms_threshold=0.6, post_nms_count=6,
            pre_nms_count=20, name="GenerateProposalsSingleImage")
    case_of(detectron + "DetectionOutput", [boxes_of(5, 20), f(rng, 5, 12) * np.float32(0.5), rng.random((5, 3)).astype(np.float32), info],
            outputs=3, score_threshold=0.1, nms_threshold=0.4, max_delta_log_wh=2.0, num_classes=3, post_nms_count=6,
            max_detections_per_image=6, class_agnostic_box_regression=0, deltas_weights=[10.0, 10.0, 5.0, 5.0])
    ranks = rng.permutation(2 * 24).reshape(2, 2, 3, 4).astype(np.float32) / 48
    for plus in (0, 1):
        case_of("GenerateProposals", [ranks, f(rng, 2, 8, 3, 4) * np.float32(0.2), np.tile(np.float32([24, 40, 1, 1]), (2, 1)), boxes_of(2, 20)],
                outputs=3, name=f"GenerateProposals {plus}", min_size=1.0, nms_thresh=0.6, pre_nms_topN=20, post_nms_topN=6,
                legacy_plus_one=plus)
    kernel = dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[1, 1], dilations=[1, 1])
    args = [f(rng, 1, 4, 5, 6), f(rng, 1, 36, 5, 6), f(rng, 6, 2, 3, 3)]
    case_of("DeformableConv2D", args, {2}, group=2, deformable_groups=2, **kernel)
    case_of("DeformableConv2D", [*args, rng.random((1, 18, 5, 6)).astype(np.float32)], {2}, group=2, deformable_groups=2,
            name="DeformableConv2D mask", **kernel)


def expected_of(case, model):
    if callable(case.peer):
        return case.peer(*case.inputs)
    if case.peer is None:
        session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
        return session.run(None, case.feeds())
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        file.write(model.SerializeToString())
        file.flush()
        core = openvino.Core()
        compiled = core.compile_model(core.read_model(file.name), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        outputs = compiled(case.feeds())
        return [outputs[port] for port in compiled.outputs]


def compare(library, case, dynamic, device):
    model = case.model(dynamic)
    try:
        expected = expected_of(case, model)
    except Exception as problem:
        return f"the peer: {str(problem)[-160:]}"
    feeds = [(name, numpy_helper.from_array(value)) for name, value in case.feeds().items()]
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        file.write(model.SerializeToString())
        file.flush()
        try:
            got = library.run(file.name, device, [feeds])[0]
        except RuntimeError as problem:
            return str(problem)
    for k, (kind, dims, data) in enumerate(got):
        a, b = numpy_helper.to_array(run_onnx.as_tensor(kind, dims, data)), expected[k]
        if a.dtype != b.dtype or a.shape != b.shape:
            return f"output {k}: {a.dtype}{list(a.shape)}, expected {b.dtype}{list(b.shape)}"
        if k in case.parts:
            a, b = (np.concatenate([v[part].reshape(-1) for part in case.parts[k]]) for v in (a, b))
        if a.dtype.kind not in "fiub":
            if a.tolist() != b.tolist():
                return f"output {k}: {a.tolist()}, expected {b.tolist()}"
            continue
        error = np.abs(a.astype(np.float64) - b.astype(np.float64)).max(initial=0)
        if not error <= case.atol * max(1, np.abs(b[np.isfinite(b)]).max(initial=0) if b.dtype.kind == "f" else 1):
            return f"output {k}: differs by {error}"
    return None


def collect(seed=1):
    rng = np.random.default_rng(seed)
    for make in (quantised, few_bits, attention, rotary, norms, fused, others, classic, trees, texts, by_formula, by_openvino):
        make(rng)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lib", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="CPU")
    parser.add_argument("--verbose", action="store_true", help="say what passes, too")
    options = parser.parse_args()
    onnxruntime.set_default_logger_severity(4)
    collect(options.seed)
    library, failed, count = run_onnx.Library(options.lib), 0, 0
    for entry in CASES:
        for dynamic in (False, True):
            if not re.search(options.only, entry.name) or (dynamic and entry.fixed):
                continue
            problem, count = compare(library, entry, dynamic, options.device), count + 1
            failed += problem is not None
            if problem or options.verbose:
                print(f"{'FAIL' if problem else 'ok'} {entry.name}{' (open)' if dynamic else ''}: {problem or ''}")
    print(f"{count - failed} of {count} agree")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
