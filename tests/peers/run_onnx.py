#!/usr/bin/env python3
"""Run the node and model tests of the onnx package through the C API of a library, of whatever tensors they are.

    run_onnx.py --lib LIB --tests DIR [--device CPU] [--only REGEX] [--save FILE] [--verbose]

DIR holds folders KIND/NAME with model.onnx and test_data_set_N/{input,output}_I.pb, as `backend-test-tools generate-data`
of the package writes them. Wants the packages onnx and numpy.

Two counts are given. "plain": tests whose inputs and outputs are tensors of types that NumPy has. "all": the others too:
* types of fewer than eight bits, f8 and bf16 are packed as ONNX and OpenVINO both pack them, and compared as numbers;
* strings go in by ov_tensor_set_string_data and come out of the tensor's memory, where an element is a pointer and a length;
* an application has no sequences and optionals to hand over: such an input becomes as many inputs as the test has elements,
  and a SequenceConstruct or Optional in the model; such an output becomes its elements, taken out by SequenceAt, and its
  length. Lists are resolved when a model is read, so inputs of such a test that say positions, lengths of parts, numbers of
  rounds or which branch is taken become initializers. What the model does with them between is the library's work.
Types that the library's interface has no number for (f8 with other zeros, two-bit integers with a sign, complex numbers) fail.
"""
import argparse
import collections
import ctypes as ct
import json
import pathlib
import re
import select
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto as T, helper, numpy_helper

NAMES = ["dynamic", "boolean", "bf16", "f16", "f32", "f64", "i4", "i8", "i16", "i32", "i64", "u1", "u2", "u3", "u4", "u6", "u8",
         "u16", "u32", "u64", "nf4", "f8e4m3", "f8e5m2", "string", "f4e2m1", "f8e8m0"]
PLAIN = {T.FLOAT: "f32", T.UINT8: "u8", T.INT8: "i8", T.UINT16: "u16", T.INT16: "i16", T.INT32: "i32", T.INT64: "i64",
         T.BOOL: "boolean", T.FLOAT16: "f16", T.DOUBLE: "f64", T.UINT32: "u32", T.UINT64: "u64", T.BFLOAT16: "bf16"}
OTHER = {T.STRING: "string", T.FLOAT8E4M3FN: "f8e4m3", T.FLOAT8E5M2: "f8e5m2", T.FLOAT8E8M0: "f8e8m0", T.FLOAT4E2M1: "f4e2m1",
         T.UINT4: "u4", T.INT4: "i4", T.UINT2: "u2"}
TYPES = PLAIN | OTHER
BITS = {"u4": 4, "i4": 4, "f4e2m1": 4, "u2": 2}
TOLERANCE = {"f32": (1e-3, 1e-5), "f64": (1e-3, 1e-5), "f16": (1e-2, 2e-3), "bf16": (2e-2, 1e-2)}
PLACES = {("SequenceAt", 1), ("SequenceErase", 1), ("SequenceInsert", 2), ("SplitToSequence", 1), ("Loop", 0), ("Loop", 1), ("If", 0)}
PROPERTIES = ["INFERENCE_PRECISION_HINT", "f32"]


class Shape(ct.Structure):
    _fields_ = [("rank", ct.c_int64), ("dims", ct.POINTER(ct.c_int64))]


class Library:
    def __init__(self, path):
        self.lib = ct.CDLL(path)
        self.core = self.make("ov_core_create")

    def call(self, name, *args):
        if getattr(self.lib, name)(*args):
            self.lib.ov_get_last_err_msg.restype = ct.c_char_p
            text = (self.lib.ov_get_last_err_msg() or b"").decode(errors="replace")
            raise RuntimeError(f"{name}: {' '.join(text.split())[-400:]}")

    def make(self, name, *args, after=()):
        handle = ct.c_void_p()
        self.call(name, *args, ct.byref(handle), *after)
        return handle

    def count(self, name, handle):
        n = ct.c_size_t()
        self.call(name, handle, ct.byref(n))
        return n.value

    def free(self, name, handle):
        if handle:
            getattr(self.lib, name).restype = None
            getattr(self.lib, name)(handle)

    def tensor(self, tensor):
        dims = list(tensor.dims)
        shape = Shape(len(dims), (ct.c_int64 * max(1, len(dims)))(*dims))
        handle = self.make("ov_tensor_create", ct.c_int(NAMES.index(type_of(tensor))), shape)
        if tensor.data_type == T.STRING:
            texts = [s if isinstance(s, bytes) else s.encode() for s in tensor.string_data]
            if texts:
                self.call("ov_tensor_set_string_data", handle, (ct.c_char_p * len(texts))(*texts), ct.c_size_t(len(texts)))
            return handle
        raw = tensor_bytes(tensor)
        if raw:
            data = ct.c_void_p()
            self.call("ov_tensor_data", handle, ct.byref(data))
            ct.memmove(data, raw, len(raw))
        return handle

    def read(self, handle):
        """(type name, dims, bytes or list of strings)"""
        kind, shape, size, data, dims = ct.c_int(), Shape(), ct.c_size_t(), ct.c_void_p(), []
        self.call("ov_tensor_get_element_type", handle, ct.byref(kind))
        self.call("ov_tensor_get_byte_size", handle, ct.byref(size))
        if self.lib.ov_tensor_get_shape(handle, ct.byref(shape)) == 0:      # a scalar has an answer of its own
            dims = [shape.dims[i] for i in range(shape.rank)]
            self.call("ov_shape_free", ct.byref(shape))
        if size.value:
            self.call("ov_tensor_data", handle, ct.byref(data))
        if NAMES[kind.value] != "string":
            return NAMES[kind.value], dims, ct.string_at(data, size.value) if size.value else b""
        texts = []
        for i in range(int(np.prod(dims))):
            text, length = ct.c_void_p.from_address(data.value + 32 * i), ct.c_size_t.from_address(data.value + 32 * i + 8)
            texts.append(ct.string_at(text.value, length.value) if length.value else b"")
        return "string", dims, texts

    def run(self, model_path, device, sets):
        """Outputs of each set of inputs, (name, TensorProto) each."""
        model = compiled = request = None
        try:
            model = self.make("ov_core_read_model", self.core, str(model_path).encode(), None)
            words = [ct.c_char_p(w.encode()) for w in PROPERTIES]
            compiled = self.make("ov_core_compile_model", self.core, model, device.encode(), ct.c_size_t(len(words)), after=words)
            request = self.make("ov_compiled_model_create_infer_request", compiled)
            outputs = self.count("ov_compiled_model_outputs_size", compiled)
            return [self.infer(request, inputs, outputs, self.count("ov_compiled_model_inputs_size", compiled)) for inputs in sets]
        finally:
            self.free("ov_infer_request_free", request)
            self.free("ov_compiled_model_free", compiled)
            self.free("ov_model_free", model)

    def infer(self, request, inputs, outputs, wanted):
        for index, (name, tensor) in enumerate(inputs):
            handle = self.tensor(tensor)
            if wanted < len(inputs):      # inputs that nothing reads are gone: the names tell which
                self.lib.ov_infer_request_set_tensor(request, name.encode(), handle)
            else:
                self.call("ov_infer_request_set_input_tensor_by_index", request, ct.c_size_t(index), handle)
            self.free("ov_tensor_free", handle)
        self.call("ov_infer_request_infer", request)
        results = []
        for index in range(outputs):
            handle = self.make("ov_infer_request_get_output_tensor_by_index", request, ct.c_size_t(index))
            results.append(self.read(handle))
            self.free("ov_tensor_free", handle)
        return results


# ---- tensors

def type_of(tensor):
    if tensor.data_type not in TYPES:
        raise RuntimeError(f"no element type for {T.DataType.Name(tensor.data_type)}")
    return TYPES[tensor.data_type]


def tensor_bytes(tensor):
    if tensor.HasField("raw_data"):
        return tensor.raw_data
    array = numpy_helper.to_array(tensor)
    bits = BITS.get(TYPES[tensor.data_type])
    if not bits:
        return array.tobytes()
    codes, per = array.reshape(-1).view(np.uint8) & ((1 << bits) - 1), 8 // bits
    codes = np.append(codes, np.zeros(-len(codes) % per, np.uint8)).reshape(-1, per)
    return (codes << (bits * np.arange(per))).sum(axis=1).astype(np.uint8).tobytes()


def as_tensor(kind, dims, data):
    """The TensorProto of what an output tensor holds, to be read like the expected one."""
    proto = {name: number for number, name in TYPES.items()}[kind]
    if kind == "string":
        return helper.make_tensor("", proto, dims, data)
    return helper.make_tensor("", proto, dims, data, raw=True)


def differs(got, want):
    """None when an output is what the test expects."""
    kind, dims, data = got
    if kind != type_of(want):
        return f"type {kind}, expected {type_of(want)}"
    if list(dims) != list(want.dims):
        return f"shape {list(dims)}, expected {list(want.dims)}"
    if kind == "string":
        texts = [s if isinstance(s, bytes) else s.encode() for s in want.string_data]
        return None if data == texts else f"{data[:8]}, expected {texts[:8]}"
    a, b = numpy_helper.to_array(as_tensor(*got)), numpy_helper.to_array(want)
    exact = kind not in TOLERANCE
    if a.dtype.kind not in "biu":
        a, b = a.astype(np.float64), b.astype(np.float64)
    if exact:
        bad = (a != b) & ~((a != a) & (b != b))
    else:
        rtol, atol = TOLERANCE[kind]
        atol *= np.abs(b[np.isfinite(b)]).max(initial=1)
        with np.errstate(invalid="ignore"):
            bad = ~((np.abs(a - b) <= atol + rtol * np.abs(b)) | (a == b) | (np.isnan(a) & np.isnan(b)))
    if bad.any():
        at = tuple(np.argwhere(bad)[0])
        return f"{int(bad.sum())} of {bad.size} values differ, first at {list(map(int, at))}: {a[at]}, expected {b[at]}"


# ---- sequences and optionals

def load_value(path, kind):
    proto = {"tensor_type": T, "sequence_type": onnx.SequenceProto, "optional_type": onnx.OptionalProto}[kind]()
    proto.ParseFromString(path.read_bytes())
    return proto


def elements(value):
    """The tensors of a value, nested lists for sequences, None for nothing."""
    if isinstance(value, T):
        return value
    if isinstance(value, onnx.SequenceProto):
        if value.elem_type != onnx.SequenceProto.TENSOR:
            raise NotImplementedError("a sequence of something else than tensors")
        return list(value.tensor_values)
    inner = {onnx.OptionalProto.TENSOR: "tensor_value", onnx.OptionalProto.SEQUENCE: "sequence_value"}.get(value.elem_type)
    return elements(getattr(value, inner)) if inner and value.HasField(inner) else None


class Flattened:
    """A model without sequences at its border, for one set of values."""

    def __init__(self, model, inputs, outputs):
        self.model, self.feeds, self.expected = onnx.ModelProto(), [], []
        self.model.CopyFrom(model)
        graph = self.model.graph
        old_inputs, old_outputs, self.nodes = list(graph.input), list(graph.output), list(graph.node)
        del graph.input[:], graph.output[:], graph.node[:]
        for info, value in zip(old_inputs, inputs):
            self.add_input(info, value)
        graph.node.extend(self.nodes)
        for info, value in zip(old_outputs, outputs):
            self.add_output(info, value)

    def plain_input(self, name, tensor):
        dims = [None] * len(tensor.dims)
        self.model.graph.input.append(helper.make_tensor_value_info(name, tensor.data_type, dims))
        self.feeds.append((name, tensor))
        return name

    def says_places(self, name):
        """Whether nothing but what makes lists reads an input: a position, a length, a number of rounds, a choice."""
        users = [node for node in self.nodes if name in node.input]
        return users and all((node.op_type, list(node.input).index(name)) in PLACES for node in users)

    def add_input(self, info, value):
        graph = self.model.graph
        if isinstance(value, T) and self.says_places(info.name):
            value.name = info.name
            graph.initializer.append(value)
        elif info.type.WhichOneof("value") == "tensor_type":
            graph.input.append(info)
            self.feeds.append((info.name, value))
        elif value is None:
            graph.node.append(helper.make_node("Optional", [], [info.name], type=info.type.optional_type.elem_type))
        elif isinstance(value, T):
            graph.node.append(helper.make_node("Optional", [self.plain_input(info.name + ".value", value)], [info.name]))
        else:
            parts = [self.plain_input(f"{info.name}.{i}", t) for i, t in enumerate(value)]
            kind = info.type.WhichOneof("value")
            inner = info.name if kind == "sequence_type" else info.name + ".list"
            graph.node.append(helper.make_node("SequenceConstruct" if parts else "SequenceEmpty", parts, [inner]))
            if kind == "optional_type":
                graph.node.append(helper.make_node("Optional", [inner], [info.name]))

    def plain_output(self, name, tensor):
        self.model.graph.output.append(helper.make_tensor_value_info(name, tensor.data_type, [None] * len(tensor.dims)))
        self.expected.append(tensor)

    def add_output(self, info, value):
        graph, kind = self.model.graph, info.type.WhichOneof("value")
        if kind == "tensor_type":
            graph.output.append(info)
            self.expected.append(value)
            return
        if value is None:
            graph.node.append(helper.make_node("OptionalHasElement", [info.name], [info.name + ".there"]))
            self.plain_output(info.name + ".there", numpy_helper.from_array(np.array(False)))
            return
        name = info.name
        if kind == "optional_type":
            graph.node.append(helper.make_node("OptionalGetElement", [name], [name + ".value"]))
            name += ".value"
            if isinstance(value, T):
                self.plain_output(name, value)
                return
        graph.node.append(helper.make_node("SequenceLength", [name], [name + ".length"]))
        self.plain_output(name + ".length", numpy_helper.from_array(np.array(len(value))))
        for i, tensor in enumerate(value):
            at = helper.make_node("Constant", [], [f"{name}.index{i}"], value=numpy_helper.from_array(np.array(i)))
            graph.node.extend([at, helper.make_node("SequenceAt", [name, f"{name}.index{i}"], [f"{name}.{i}"])])
            self.plain_output(f"{name}.{i}", tensor)


# ---- tests

def read_set(folder, model):
    infos = {"input": list(model.graph.input), "output": list(model.graph.output)}
    values = {}
    for word, given in infos.items():
        files = sorted(folder.glob(f"{word}_*.pb"), key=lambda p: int(p.stem.split("_")[1]))
        if word == "input":      # initializers may be listed as inputs as well
            given = [i for i in given if len(files) == len(given) or i.name not in {t.name for t in model.graph.initializer}]
        values[word] = [(i, load_value(f, i.type.WhichOneof("value"))) for i, f in zip(given, files)]
    return values


def kind_of(model):
    """'plain', 'types' or 'sequences'."""
    values = [v.type for v in [*model.graph.input, *model.graph.output]]
    if any(v.WhichOneof("value") != "tensor_type" for v in values):
        return "sequences"
    return "plain" if all(v.tensor_type.elem_type in PLAIN for v in values) else "types"


def run_test(library, folder, device):
    model = onnx.load(folder / "model.onnx")
    kind = kind_of(model)
    for data in sorted(folder.glob("test_data_set_*")):
        values = read_set(data, model)
        if kind == "sequences":
            flat = Flattened(model, [elements(v) for _, v in values["input"]], [elements(v) for _, v in values["output"]])
            with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
                file.write(flat.model.SerializeToString())
                file.flush()
                got, want = library.run(file.name, device, [flat.feeds])[0], flat.expected
        else:
            feeds = [(i.name, v) for i, v in values["input"]]
            got, want = library.run(folder / "model.onnx", device, [feeds])[0], [v for _, v in values["output"]]
        if len(got) != len(want):
            return f"{len(got)} outputs, expected {len(want)}"
        for index, (a, b) in enumerate(zip(got, want)):
            problem = differs(a, b)
            if problem:
                return f"output {index}: {problem}"
    return "ok"


def worker(options):
    library = Library(options.lib)
    for line in sys.stdin:
        try:
            answer = run_test(library, options.tests / line.strip(), options.device)
        except Exception as problem:      # whatever it is, it is the test's
            answer = f"{type(problem).__name__}: {problem}"
        print(json.dumps(answer), flush=True)


class Worker:
    """A process that runs tests, started anew after a crash or a test that does not end."""

    def __init__(self, timeout):
        self.timeout, self.process = timeout, None

    def run(self, name):
        if not self.process or self.process.poll() is not None:
            self.process = subprocess.Popen([sys.executable, __file__, "--worker", *sys.argv[1:]], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(name + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], self.timeout)[0]:
            self.process.kill()
            self.process.wait()
            return f"no end within {self.timeout} s"
        line = self.process.stdout.readline()
        return json.loads(line) if line else f"crash, status {self.process.wait()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lib", required=True)
    parser.add_argument("--tests", type=pathlib.Path, required=True)
    parser.add_argument("--device", default="CPU")
    parser.add_argument("--only", default="")
    parser.add_argument("--timeout", type=float, default=30)
    parser.add_argument("--save", type=pathlib.Path, help="write the names of tests that pass")
    parser.add_argument("--verbose", action="store_true", help="print why tests fail")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return worker(options)
    started, runner = time.time(), Worker(options.timeout)
    names = sorted(str(p.parent.relative_to(options.tests)) for p in options.tests.glob("*/*/model.onnx"))
    names = [n for n in names if re.search(options.only, n)]
    passed, counts = [], collections.defaultdict(lambda: [0, 0])
    for name in names:
        kind, answer = kind_of(onnx.load(options.tests / name / "model.onnx")), runner.run(name)
        counts[kind][0] += answer == "ok"
        counts[kind][1] += 1
        if answer == "ok":
            passed.append(name)
        elif options.verbose:
            print(f"FAIL {name}: {answer}")
    if options.save:
        options.save.write_text("\n".join(passed) + "\n")
    for kind, title in (("plain", "plain"), ("types", "strings, few bits, f8"), ("sequences", "sequences and optionals")):
        print(f"{title}: {counts[kind][0]} of {counts[kind][1]} pass")
    print(f"all: {len(passed)} of {len(names)} pass, {time.time() - started:.0f} s")
    return len(passed) != len(names)


if __name__ == "__main__":
    sys.exit(main())
