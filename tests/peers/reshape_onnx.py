#!/usr/bin/env python3
"""Reshape ONNX models and compare them with files that declare the other shapes, and with ONNX Runtime.

  reshape_onnx.py --lib LIB [--tests DIR] [--contributed] [--only REGEX] [--verbose] [MODEL.onnx ...]

--tests takes the tests of the onnx package as run_onnx.py does, --contributed the models of contrib_ops.py; of a MODEL a copy is
made whose inputs are static: open extents are 1 at axis 0 and 64 elsewhere; other shapes have another batch, other long extents,
or both.

Else other shapes come from simple rules: one or two more for equal extents of all inputs alike (1 stays, it broadcasts), for
those at one axis, or for one input. The numbers of the inputs are repeated. What ONNX Runtime refuses, and the reference of the
package too, is skipped. Then the same outputs have to come
  * from the model, reshaped to the other shapes, and from a file that declares these ("changed");
  * from the model, reshaped to open extents, all of them or every other one, run with both shapes in turn ("open", "partly");
  * from the file that declares the other shapes, reshaped to those of the model ("back").
An input may refuse a shape where an operator needs what was declared; that is counted, since it is no wrong number.
Wants the packages onnx, onnxruntime and numpy.
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
import onnxruntime
from onnx import numpy_helper

import contrib_ops
import run_onnx

RANDOM = "bernoulli|dropout|random|multinomial|RandomNormal|gradient"
KEPT = "it has to fit"


class Dimension(ct.Structure):
    _fields_ = [("min", ct.c_int64), ("max", ct.c_int64)]


class PartialShape(ct.Structure):
    _fields_ = [("rank", Dimension), ("dims", ct.POINTER(Dimension))]


class Reshaped:
    """A model of a file with other shapes, ready to run."""

    def __init__(self, library):
        self.library, self.handles = library, []

    def read(self, path, device, shapes):
        library, make = self.library, self.library.make
        self.model = self.keep("ov_model_free", make("ov_core_read_model", library.core, str(path).encode(), None))
        if shapes:
            self.reshape(shapes)
        words = [ct.c_char_p(w.encode()) for w in run_onnx.PROPERTIES]
        self.compiled = self.keep("ov_compiled_model_free", make("ov_core_compile_model", library.core, self.model, device.encode(),
                                                                 ct.c_size_t(len(words)), after=words))
        self.request = self.keep("ov_infer_request_free", make("ov_compiled_model_create_infer_request", self.compiled))

    def keep(self, free, handle):
        self.handles.append((free, handle))
        return handle

    def reshape(self, shapes):
        shapes = {name: dims for name, dims in shapes.items() if dims}      # a scalar stays one
        names, partial, hold = (ct.c_char_p * len(shapes))(), (PartialShape * len(shapes))(), []
        for i, (name, dims) in enumerate(shapes.items()):
            hold.append((Dimension * max(1, len(dims)))(*[(0, -1) if d is None else (d, d) for d in dims]))
            names[i], partial[i] = name.encode(), PartialShape(Dimension(len(dims), len(dims)), hold[-1])
        self.library.call("ov_model_reshape", self.model, names, partial, ct.c_size_t(len(shapes)))

    def run(self, feeds):
        library = self.library
        outputs = library.count("ov_compiled_model_outputs_size", self.compiled)
        wanted = library.count("ov_compiled_model_inputs_size", self.compiled)
        return library.infer(self.request, [(n, numpy_helper.from_array(a, n)) for n, a in feeds.items()], outputs, wanted)

    def close(self):
        for free, handle in reversed(self.handles):
            self.library.free(free, handle)
        self.handles = []


# ---- models and shapes

def params(model):
    given = {t.name for t in model.graph.initializer} | {t.values.name for t in model.graph.sparse_initializer}
    return [i for i in model.graph.input if i.name not in given]


def declared(info):
    kind = info.type.tensor_type
    return [d.dim_value if d.HasField("dim_value") else None for d in kind.shape.dim] if kind.HasField("shape") else None


def with_shapes(model, shapes):
    """A copy whose inputs declare these shapes and nothing else declares any."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.value_info[:]
    for info in copy.graph.input:
        if info.name in shapes:
            del info.type.tensor_type.shape.dim[:]
            for extent in shapes[info.name]:
                info.type.tensor_type.shape.dim.add(dim_value=extent)
    for info in copy.graph.output:
        if info.type.HasField("tensor_type"):
            info.type.tensor_type.ClearField("shape")
    return copy


def other_shapes(shapes):
    """Candidates, each of them other shapes for all inputs."""
    def changed(rule):
        return {name: [rule(axis, d) for axis, d in enumerate(dims)] for name, dims in shapes.items()}

    rules = [lambda axis, d: d + 1 if d > 1 else d, lambda axis, d: d * 2 if d > 1 else d, lambda axis, d: d + (axis == 0),
             lambda axis, d: d + 2 * (axis == 1), lambda axis, d: d + (axis > 1)]
    extents = sorted({d for dims in shapes.values() for d in dims if d > 1})
    rules += [lambda axis, d, one=one: d + 2 if d == one else d for one in extents[:6]]
    seen = [shapes]
    for rule in rules:
        candidate = changed(rule)
        if candidate not in seen:
            seen.append(candidate)
    for name in list(shapes)[:4]:      # one input alone: what broadcasts, or is no data
        candidate = dict(shapes, **{name: [d + 1 for d in shapes[name]]})
        if len(shapes) > 1 and candidate not in seen:
            seen.append(candidate)
    return seen[1:]


def fill(array, shape):
    return np.resize(array, shape).astype(array.dtype) if array.size else np.zeros(shape, array.dtype)


def expected(model, path, feeds):
    """What ONNX Runtime gives, or the reference; None where both refuse."""
    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        return [numpy_helper.from_array(a) for a in session.run(None, {i.name: feeds[i.name] for i in session.get_inputs()})]
    except Exception:
        pass
    if sum(len(t.raw_data) for t in model.graph.initializer) > 1 << 24:
        return None
    try:
        from onnx.reference import ReferenceEvaluator
        with np.errstate(all="ignore"):
            return [numpy_helper.from_array(np.asarray(a)) for a in ReferenceEvaluator(model).run(None, feeds)]
    except Exception:
        return None


def compare(got, want):
    if len(got) != len(want):
        return f"{len(got)} outputs, expected {len(want)}"
    for index, (a, b) in enumerate(zip(got, want)):
        problem = run_onnx.differs(a, b)
        if problem:
            return f"output {index}: {problem}"
    return "ok"


def attempt(library, device, path, shapes, runs):
    """'ok', 'refused: WHY', or what is wrong. `runs` are pairs of feeds and outputs."""
    made = Reshaped(library)
    try:
        made.read(path, device, shapes)
        for feeds, want in runs:
            answer = compare(made.run(feeds), want)
            if answer != "ok":
                return answer
        return "ok"
    except RuntimeError as problem:
        return f"refused: {str(problem).split(KEPT)[1]}" if KEPT in str(problem) else str(problem)
    finally:
        made.close()


def check(library, device, model, feeds, want, candidates):
    """Answers by the kind of comparison, for each candidate that ONNX Runtime takes."""
    shapes = {name: list(a.shape) for name, a in feeds.items()}
    answers = []
    with tempfile.TemporaryDirectory() as folder:
        first, second = pathlib.Path(folder) / "first.onnx", pathlib.Path(folder) / "second.onnx"
        onnx.save(with_shapes(model, shapes), first)
        want = want or expected(model, first, feeds)
        if not want or attempt(library, device, first, None, [(feeds, want)]) != "ok":
            return [["as it is", "skipped"]]
        for other in candidates:
            changed = with_shapes(model, other)
            onnx.save(changed, second)
            others = {name: fill(a, other[name]) for name, a in feeds.items()}
            result = expected(changed, second, others)
            if result is None:
                answers.append(["changed", "skipped"])
                continue
            here, there = (feeds, want), (others, result)
            file = attempt(library, device, second, None, [there])
            if file != "ok":      # the translation itself; run_onnx.py and contrib_ops.py are for that
                answers.append(["file", f"{other}: {file}"])
                continue
            every = {name: [None] * len(dims) for name, dims in other.items()}
            some = {name: [d if (axis + i) % 2 else None for axis, d in enumerate(dims)] for i, (name, dims) in
                    enumerate(other.items())}
            for kind, path, to, runs in (("changed", first, other, [there]), ("open", first, every, [there, here, there]),
                                         ("partly", first, some, [there]), ("back", second, shapes, [here])):
                answer = attempt(library, device, path, to, runs)
                answers.append([kind, answer if answer == "ok" or answer.startswith("refused") else f"{other}: {answer}"])
    return answers


# ---- where models come from

def of_test(folder):
    model = onnx.load(folder / "model.onnx")
    if run_onnx.kind_of(model) != "plain":
        return None
    values = run_onnx.read_set(next(iter(sorted(folder.glob("test_data_set_*")))), model)
    feeds = {i.name: numpy_helper.to_array(v) for i, v in values["input"]}
    return model, feeds, [v for _, v in values["output"]]


def of_case(name):
    case = next(c for c in contrib_ops.CASES if c.name == name)
    return None if case.parts else (case.model(False), case.feeds(), None)


def of_model(path, seed=1):
    model, rng, feeds = onnx.load(path), np.random.default_rng(seed), {}
    for info in params(model):
        kind = onnx.helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
        shape = [d if d and d > 0 else 1 if axis == 0 else 64 for axis, d in enumerate(declared(info))]
        feeds[info.name] = (rng.standard_normal(shape).astype(kind) if np.issubdtype(kind, np.floating)
                            else rng.integers(0, 2, shape).astype(kind))
    rules = [lambda axis, d: 2 if axis == 0 else d, lambda axis, d: d // 64 * 32 + 32 if d >= 32 else d,
             lambda axis, d: d // 64 * 32 + 64 if d >= 32 else 3 if axis == 0 else d]
    return model, feeds, [{n: [rule(axis, d) for axis, d in enumerate(a.shape)] for n, a in feeds.items()} for rule in rules]


def answers_of(library, options, kind, name):
    if kind == "model":
        model, feeds, candidates = of_model(name)
        return check(library, options.device, model, feeds, None, candidates)
    made = of_test(options.tests / name) if kind == "test" else of_case(name)
    if not made:
        return [["as it is", "skipped"]]
    model, feeds, want = made
    return check(library, options.device, model, feeds, want, other_shapes({n: list(a.shape) for n, a in feeds.items()}))


# ---- one process that may be lost

def worker(options):
    onnxruntime.set_default_logger_severity(4)
    contrib_ops.collect()
    library = run_onnx.Library(options.lib)
    for line in sys.stdin:
        kind, name = json.loads(line)
        try:
            answers = answers_of(library, options, kind, name)
        except Exception as problem:      # whatever it is, it is the model's
            answers = [["as it is", f"{type(problem).__name__}: {problem}"]]
        print(json.dumps(answers), flush=True)


class Worker:
    def __init__(self, timeout):
        self.timeout, self.process = timeout, None

    def run(self, kind, name):
        if not self.process or self.process.poll() is not None:
            self.process = subprocess.Popen([sys.executable, __file__, "--worker", *sys.argv[1:]], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)
        self.process.stdin.write(json.dumps([kind, name]) + "\n")
        self.process.stdin.flush()
        if not select.select([self.process.stdout], [], [], self.timeout)[0]:
            self.process.kill()
            self.process.wait()
            return [["as it is", f"no end within {self.timeout} s"]]
        line = self.process.stdout.readline()
        return json.loads(line) if line else [["as it is", f"crash, status {self.process.wait()}"]]


def jobs(options):
    found = [("model", str(path)) for path in options.models]
    if options.tests:
        found += [("test", str(p.parent.relative_to(options.tests))) for p in sorted(options.tests.glob("*/*/model.onnx"))]
    if options.contributed:
        contrib_ops.collect()
        found += [("case", c.name) for c in contrib_ops.CASES]
    return [(kind, name) for kind, name in found if re.search(options.only, name) and not re.search(RANDOM, name)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=pathlib.Path)
    parser.add_argument("--lib", required=True)
    parser.add_argument("--tests", type=pathlib.Path)
    parser.add_argument("--contributed", action="store_true")
    parser.add_argument("--device", default="CPU")
    parser.add_argument("--only", default="")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--verbose", action="store_true", help="name what was refused, and what files give that differs")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return worker(options)
    started, runner, counts, bad = time.time(), Worker(options.timeout), collections.defaultdict(collections.Counter), 0
    todo = jobs(options)
    for kind, name in todo:
        for what, answer in runner.run(kind, name):
            short = answer.split(":")[0]
            short = short if short in ("ok", "refused", "skipped") else "WRONG"
            counts[what][short] += 1
            bad += short == "WRONG" and what != "file"
            if short == "WRONG" and (what != "file" or options.verbose) or short == "refused" and options.verbose:
                print(f"{name}: {what}: {answer}", flush=True)
    for what in ("as it is", "file", "changed", "open", "partly", "back"):
        print(f"{what}: " + (", ".join(f"{n} {short}" for short, n in sorted(counts[what].items())) or "none"))
    print(f"{len(todo)} models, {bad} wrong, {time.time() - started:.0f} s")
    return bad != 0 or not todo


if __name__ == "__main__":
    sys.exit(main())
