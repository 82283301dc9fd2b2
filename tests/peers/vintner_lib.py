"""Vintner's C API for scripts that compare it with other runtimes. Needs numpy."""
import ctypes

import numpy as np

# NumPy type -> ov_element_type_e
NUMBERS = {np.float16: 3, np.float32: 4, np.float64: 5, np.int8: 7, np.int16: 8, np.int32: 9, np.int64: 10, np.uint8: 16,
           np.uint16: 17, np.uint32: 18, np.uint64: 19, np.bool_: 1}
TYPES = {number: kind for kind, number in NUMBERS.items()}


class Shape(ctypes.Structure):
    _fields_ = [("rank", ctypes.c_int64), ("dims", ctypes.POINTER(ctypes.c_int64))]


class Vintner:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.ov_get_last_err_msg.restype = ctypes.c_void_p
        for kind in ("model", "compiled_model", "infer_request", "tensor"):
            getattr(self.lib, f"ov_{kind}_free").argtypes = [ctypes.c_void_p]
        self.core = self.make("ov_core_create")

    def call(self, name, *arguments):
        status = getattr(self.lib, name)(*arguments)
        if status:
            text = self.lib.ov_get_last_err_msg()
            raise RuntimeError(f"{name}: {status}: {ctypes.string_at(text).decode(errors='replace') if text else '?'}")

    def make(self, name, *arguments, after=()):
        made = ctypes.c_void_p()
        self.call(name, *arguments, ctypes.byref(made), *after)
        return made

    def prepare(self, path, device, config):
        """A request of the compiled model of a file; `config` maps names of properties to texts."""
        return Request(self, path, device, config)


class Request:
    def __init__(self, vintner, path, device, config):
        self.vintner = vintner
        words = [word.encode() for pair in config.items() for word in pair]
        self.model = vintner.make("ov_core_read_model", vintner.core, str(path).encode(), None)
        self.compiled = vintner.make("ov_core_compile_model", vintner.core, self.model, device.encode(), ctypes.c_size_t(len(words)),
                                     after=words)
        self.request = vintner.make("ov_compiled_model_create_infer_request", self.compiled)
        self.arrays = []
        # Bound once, so that a measured call is little more than the call.
        self.function = vintner.lib.ov_infer_request_infer

    def __del__(self):
        lib = self.vintner.lib
        for kind, handle in (("infer_request", "request"), ("compiled_model", "compiled"), ("model", "model")):
            if getattr(self, handle, None):
                getattr(lib, f"ov_{kind}_free")(getattr(self, handle))

    def set_inputs(self, arrays):
        """Arrays are used in place."""
        self.arrays = [np.ascontiguousarray(array).reshape(array.shape) for array in arrays]
        for i, array in enumerate(self.arrays):
            dims = (ctypes.c_int64 * max(array.ndim, 1))(*array.shape)
            tensor = self.vintner.make("ov_tensor_create_from_host_ptr", NUMBERS[array.dtype.type], Shape(array.ndim, dims),
                                       array.ctypes.data_as(ctypes.c_void_p))
            self.vintner.call("ov_infer_request_set_input_tensor_by_index", self.request, ctypes.c_size_t(i), tensor)
            self.vintner.lib.ov_tensor_free(tensor)

    def infer(self):
        if self.function(self.request):
            self.vintner.call("ov_infer_request_infer", self.request)

    def output(self, index):
        """A copy."""
        call, shape, kind, data = self.vintner.call, Shape(), ctypes.c_int(), ctypes.c_void_p()
        tensor = self.vintner.make("ov_infer_request_get_output_tensor_by_index", self.request, ctypes.c_size_t(index))
        call("ov_tensor_get_shape", tensor, ctypes.byref(shape))
        call("ov_tensor_get_element_type", tensor, ctypes.byref(kind))
        array = np.zeros([shape.dims[i] for i in range(shape.rank)], TYPES[kind.value])
        if array.nbytes:
            call("ov_tensor_data", tensor, ctypes.byref(data))
            ctypes.memmove(array.ctypes.data, data, array.nbytes)
        call("ov_shape_free", ctypes.byref(shape))
        self.vintner.lib.ov_tensor_free(tensor)
        return array
