#!/usr/bin/env python3
"""Run ONNX models with Vintner and with ONNX Runtime on the same random inputs.

  compare_onnx.py --lib libvintner.so MODEL.onnx|FOLDER ... [--device CPU] [--bound 1e-3] [--dim NAME=N] [--top N] [--seed N]

Open dimensions become 1 for the first of an input and 64 for the others, unless --dim names them (by their
parameter, or INPUT:AXIS). Whole numbers are drawn from 0 to 9 (--top), reals from the normal distribution. The
figure is the largest difference, relative to the range of the output; where ONNX Runtime without its optimizations
differs from itself by more than the bound, that is the bound. Exit status 0 when every model stays within it. Needs
numpy and onnxruntime.
"""
import argparse
import pathlib
import sys

import numpy as np
import onnxruntime as ort

from vintner_lib import Vintner

# Name in ONNX Runtime -> NumPy type
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16, "tensor(int8)": np.int8,
         "tensor(int16)": np.int16, "tensor(int32)": np.int32, "tensor(int64)": np.int64, "tensor(uint8)": np.uint8,
         "tensor(uint16)": np.uint16, "tensor(uint32)": np.uint32, "tensor(uint64)": np.uint64, "tensor(bool)": np.bool_}


def run(vintner, path, device, inputs, n_out):
    request = vintner.prepare(path, device, {"INFERENCE_PRECISION_HINT": "f32"})
    request.set_inputs(inputs)
    request.infer()
    return [request.output(i) for i in range(n_out)]


def draw(session, options, rng):
    given = []
    fixed = dict(d.split("=") for d in options.dim)
    for entry in session.get_inputs():
        kind = TYPES[entry.type]
        shape = [d if isinstance(d, int) else int(fixed.get(f"{entry.name}:{axis}", fixed.get(str(d), 1 if axis == 0 else 64)))
                 for axis, d in enumerate(entry.shape)]
        if np.issubdtype(kind, np.floating):
            array = rng.standard_normal(shape).astype(kind)
        else:
            array = rng.integers(0, 2 if kind == np.bool_ else options.top, shape).astype(kind)
        given.append(np.ascontiguousarray(array))
    return given


def difference(ours, theirs):
    if ours.shape != theirs.shape:
        return np.inf
    if not theirs.size:
        return 0.0
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    if (np.isnan(a) != np.isnan(b)).any():
        return np.inf
    return float(np.nanmax(np.abs(a - b), initial=0) / max(np.nanmax(np.abs(b), initial=0), 1e-30))


def largest(ours, theirs):
    return max((difference(a, b) for a, b in zip(ours, theirs)), default=0.0)


def plain_run(path, session, inputs):
    plain = ort.SessionOptions()
    plain.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    named = {e.name: a for e, a in zip(session.get_inputs(), inputs)}
    return ort.InferenceSession(str(path), plain, providers=["CPUExecutionProvider"]).run(None, named)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--lib", required=True)
    parser.add_argument("--device", default="CPU")
    parser.add_argument("--bound", type=float, default=1e-3)
    parser.add_argument("--dim", action="append", default=[])
    parser.add_argument("--top", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    ort.set_default_logger_severity(3)
    vintner = Vintner(options.lib)
    paths = [p for m in options.models for p in (sorted(m.rglob("*.onnx")) if m.is_dir() else [m])]
    good = 0
    for path in paths:
        try:
            session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            inputs = draw(session, options, np.random.default_rng(options.seed))
            theirs = session.run(None, {e.name: a for e, a in zip(session.get_inputs(), inputs)})
            ours = run(vintner, path, options.device, inputs, len(theirs))
            worst, bound = largest(ours, theirs), options.bound
            if worst > bound:
                bound = max(bound, largest(plain_run(path, session, inputs), theirs))
            good += worst <= bound
            more = f"; ONNX Runtime differs by {bound:.1e} from itself" if bound > options.bound else ""
            print(f"{path.name}: {worst:.1e} of the range{more}{'' if worst <= bound else ', TOO MUCH'}", flush=True)
        except Exception as problem:
            print(f"{path.name}: {problem}", flush=True)
    print(f"{good} of {len(paths)} models agree")
    sys.exit(good != len(paths) or not paths)


if __name__ == "__main__":
    main()
