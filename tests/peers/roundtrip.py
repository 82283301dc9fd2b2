#!/usr/bin/env python3
"""Save models with Vintner and ask OpenVINO whether they still mean the same.

  roundtrip.py --lib libvintner.so [--models FOLDER] [--cases FOLDER] [--only REGEX] [--fp16]

--models takes every .xml of a folder and its sub-folders, --cases every sub-folder with a model.xml and arrays
"[runN_]inM.npy" (several runs of one request are for variables). Each model is read and saved by Vintner. On the
same inputs OpenVINO's CPU must give the same outputs from the file as it was and from ours, to the bit; so must
Vintner's own reader give the same file again. With --fp16 the comparison is with OpenVINO's own compressed file,
and the types of the constants must agree. Models that Vintner cannot read are counted as skipped.
"""
import argparse
import collections
import ctypes
import os
import pathlib
import re
import sys
import tempfile
import xml.etree.ElementTree

import numpy as np
import openvino as ov

FP16 = 1


class SaveOptions(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("flags", ctypes.c_uint64)]


class Refused(Exception):
    pass


class Vintner:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.ov_get_last_err_msg.restype = ctypes.c_void_p
        self.lib.vt_model_save.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_void_p]
        self.lib.ov_model_free.argtypes = [ctypes.c_void_p]
        self.core = ctypes.c_void_p()
        self.check(self.lib.ov_core_create(ctypes.byref(self.core)), "create a core")

    def check(self, status, doing):
        if status:
            text = self.lib.ov_get_last_err_msg()
            text = ctypes.string_at(text).decode(errors="replace") if text else "?"
            raise Refused(f"cannot {doing}: {status}: {text}")

    def save(self, source, target, flags=0):
        model = ctypes.c_void_p()
        self.check(self.lib.ov_core_read_model(self.core, str(source).encode(), None, ctypes.byref(model)), "read")
        options = SaveOptions(ctypes.sizeof(SaveOptions), flags)
        try:
            status = self.lib.vt_model_save(model, str(target).encode(), None, ctypes.byref(options))
        finally:
            self.lib.ov_model_free(model)
        if status:
            text = self.lib.ov_get_last_err_msg()
            raise AssertionError(f"cannot save: {status}: {ctypes.string_at(text).decode(errors='replace')}")


def random_inputs(model, rng):
    inputs = []
    for port in model.inputs:
        # A picture's sides are multiples of 32, a batch or a text is short.
        rank = len(port.partial_shape)
        shape = [d.get_length() if d.is_static else max(d.min_length, 64 if rank == 4 and i > 1 else 2)
                 for i, d in enumerate(port.partial_shape)]
        kind = np.dtype(port.element_type.to_dtype())
        if kind.kind == "f":
            inputs.append(rng.standard_normal(shape).astype(kind))
        else:
            inputs.append(rng.integers(0, 2, shape).astype(kind))
    return [inputs]


def case_inputs(folder, model):
    runs = sorted({f.name.split("in")[0] for f in folder.glob("*in*.npy")}) or [""]
    return [[np.load(folder / f"{run}in{i}.npy") for i in range(len(model.inputs))] for run in runs]


def infer(compiled, runs):
    request = compiled.create_infer_request()
    answers = []
    for inputs in runs:
        for i, value in enumerate(inputs):
            tensor = ov.Tensor(compiled.inputs[i].element_type, ov.Shape(value.shape))
            if value.size:  # bytes, since arrays know no types of four bits
                raw = np.frombuffer(value.tobytes(), np.uint8)
                tensor.data.reshape(-1).view(np.uint8)[:len(raw)] = raw
            request.set_input_tensor(i, tensor)
        request.infer()
        answers.append([request.get_output_tensor(i).data.copy() for i in range(len(compiled.outputs))])
    return answers


def same(a, b):
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    return a.tobytes() == b.tobytes() or (a.dtype.kind == "f" and np.array_equal(a, b, equal_nan=True))


def describe(model):
    """What must survive besides numbers."""
    ports = [(sorted(p.get_names()), str(p.partial_shape), str(p.element_type)) for p in model.inputs + model.outputs]
    # OpenVINO adds constants of its own (peepholes of old LSTM cells) under names that count on.
    names = collections.Counter((re.sub(r"^Constant_\d+$", "Constant", n.get_friendly_name()), n.get_type_name())
                                for n in model.get_ops())
    variables = sorted((s.get_variable_id()) for s in model.get_sinks() if hasattr(s, "get_variable_id"))
    return ports, names, variables


def constant_types(path):
    tree = xml.etree.ElementTree.parse(path)
    return {layer.get("name").removesuffix("_compressed"): layer.find("data").get("element_type")
            for layer in tree.iter("layer") if layer.get("type") == "Const"}


def other_types(theirs, ours):
    theirs, ours = constant_types(theirs), constant_types(ours)
    return [(name, theirs[name], ours[name]) for name in theirs if name in ours and theirs[name] != ours[name]]


def is_old(path):
    return xml.etree.ElementTree.parse(path).getroot().get("version") != "11"


def compare(ours, source, runs_of, folder, fp16):
    core = ov.Core()
    written, again = folder / "saved.xml", folder / "again.xml"
    ours.save(source, written, FP16 if fp16 else 0)
    try:
        before = core.read_model(source)
    except RuntimeError as error:
        raise Refused(f"OpenVINO cannot read it: {str(error)[-200:]}") from error
    if fp16:
        theirs = folder / "theirs.xml"
        ov.save_model(before, theirs, True)
        if other_types(theirs, written):
            return f"other types of constants: {other_types(theirs, written)[:5]}"
        before = core.read_model(theirs)
    after = core.read_model(written)
    for what, a, b in zip(("ports", "nodes", "variables"), describe(before), describe(after)):
        # Old models are read with other names for the conversions at their ends.
        if a != b and not (what == "nodes" and is_old(source)):
            extra = (list((a - b).items())[:4], list((b - a).items())[:4]) if what == "nodes" else (a, b)
            return f"other {what}: {extra}"
    ours.save(written, again)
    for suffix in (".xml", ".bin"):
        if written.with_suffix(suffix).read_bytes() != again.with_suffix(suffix).read_bytes():
            return f"saving what was saved gives another {suffix} file"
    config = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": "2"}
    runs = runs_of(before)
    try:
        expected = infer(core.compile_model(before, "CPU", config), runs)
    except RuntimeError as error:
        raise Refused(f"OpenVINO cannot run it: {str(error)[:200]}") from error
    if not all(same(x, y) for a, b in zip(expected, infer(core.compile_model(before, "CPU", config), runs))
               for x, y in zip(a, b)):
        raise Refused("OpenVINO gives other outputs each time")
    got = infer(core.compile_model(after, "CPU", config), runs)
    for run, (a, b) in enumerate(zip(expected, got)):
        for i, (x, y) in enumerate(zip(a, b)):
            if not same(x, y):
                far = np.abs(x.astype(np.float64) - y.astype(np.float64)).max() if x.shape == y.shape else "shape"
                return f"run {run}, output {i} differs (by {far})"
    return None


def jobs(args):
    for path in sorted(pathlib.Path(args.models).rglob("*.xml")) if args.models else []:
        rng = np.random.default_rng(args.seed)
        yield str(path), path, lambda model, rng=rng: random_inputs(model, rng)
    for folder in sorted(pathlib.Path(args.cases).iterdir()) if args.cases else []:
        if (folder / "model.xml").exists():
            yield folder.name, folder / "model.xml", lambda model, folder=folder: case_inputs(folder, model)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lib", required=True)
    parser.add_argument("--models")
    parser.add_argument("--cases")
    parser.add_argument("--only", default="")
    parser.add_argument("--fp16", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    ours = Vintner(os.path.abspath(args.lib))
    counts = collections.Counter()
    for name, path, runs_of in jobs(args):
        if not re.search(args.only, name):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                problem = compare(ours, path, runs_of, pathlib.Path(folder), args.fp16)
            except Refused as refused:
                counts["skipped"] += 1
                print(f"skip {name}: {refused}"[:300])
                continue
            except Exception as error:  # whatever the peer throws is a finding
                problem = f"{type(error).__name__}: {error}"
        counts["failed" if problem else "same"] += 1
        if problem:
            print(f"FAIL {name}: {problem}"[:900], flush=True)
    print(f"{counts['same']} the same, {counts['failed']} not, {counts['skipped']} skipped")
    return 1 if counts["failed"] or not counts["same"] else 0


if __name__ == "__main__":
    sys.exit(main())
