/* Sizes, offsets and numbers that programs compiled against OpenVINO's headers rely on. */
#include <stddef.h>

#include "openvino/c/openvino.h"
#include "vintner.h"
#include "vintner_extension.h"

#define SIZE(type, bytes)        _Static_assert(sizeof(type) == (bytes), #type)
#define OFFSET(type, member, at) _Static_assert(offsetof(type, member) == (at), #type "." #member)
#define VALUE(name, number)      _Static_assert((int)(name) == (number), #name)

#if defined(__LP64__)
SIZE(ov_shape_t, 16);
OFFSET(ov_shape_t, dims, 8);
SIZE(ov_dimension_t, 16);
OFFSET(ov_dimension_t, max, 8);
SIZE(ov_rank_t, 16);
SIZE(ov_partial_shape_t, 24);
OFFSET(ov_partial_shape_t, dims, 16);
SIZE(ov_version_t, 16);
OFFSET(ov_version_t, description, 8);
SIZE(ov_core_version_t, 24);
OFFSET(ov_core_version_t, version, 8);
SIZE(ov_core_version_list_t, 16);
OFFSET(ov_core_version_list_t, size, 8);
SIZE(ov_available_devices_t, 16);
OFFSET(ov_available_devices_t, size, 8);
SIZE(ov_callback_t, 16);
OFFSET(ov_callback_t, args, 8);
SIZE(ov_property_t, 16);
OFFSET(ov_property_t, value, 8);
SIZE(ov_encryption_callbacks, 16);
OFFSET(ov_encryption_callbacks, decrypt_func, 8);
SIZE(ov_profiling_info_t, 48);
OFFSET(ov_profiling_info_t, status, 0);
OFFSET(ov_profiling_info_t, real_time, 8);
OFFSET(ov_profiling_info_t, cpu_time, 16);
OFFSET(ov_profiling_info_t, node_name, 24);
OFFSET(ov_profiling_info_t, exec_type, 32);
OFFSET(ov_profiling_info_t, node_type, 40);
SIZE(ov_profiling_info_list_t, 16);
OFFSET(ov_profiling_info_list_t, size, 8);

/* Extensions: these never change, tables grow at their ends alone. */
SIZE(vt_extension_abi_t, 8);
SIZE(vt_extension_value_t, 272);
OFFSET(vt_extension_value_t, data, 264);
SIZE(vt_extension_tensor_t, 152);
OFFSET(vt_extension_tensor_t, data, 136);
OFFSET(vt_extension_host_t, fail, 8);
OFFSET(vt_extension_host_t, output, 80);
OFFSET(vt_extension_host_t, cancelled, 88);
OFFSET(vt_extension_attr_t, standard, 16);
OFFSET(vt_extension_attr_t, max, 40);
OFFSET(vt_extension_infer_t, inputs, 40);
OFFSET(vt_extension_infer_t, outputs, 48);
OFFSET(vt_extension_evaluate_t, inputs, 40);
OFFSET(vt_extension_evaluate_t, outputs, 48);
OFFSET(vt_extension_op_t, min_inputs, 24);
OFFSET(vt_extension_op_t, attrs, 40);
OFFSET(vt_extension_op_t, infer, 64);
OFFSET(vt_extension_op_t, context, 80);
OFFSET(vt_extension_t, n_ops, 24);
OFFSET(vt_extension_t, ops, 32);
#endif

SIZE(ov_status_e, 4);
SIZE(ov_element_type_e, 4);
SIZE(ov_color_format_e, 4);
SIZE(ov_preprocess_resize_algorithm_e, 4);
SIZE(ov_padding_mode_e, 4);

VALUE(OK, 0);
VALUE(GENERAL_ERROR, -1);
VALUE(NOT_IMPLEMENTED, -2);
VALUE(NETWORK_NOT_LOADED, -3);
VALUE(PARAMETER_MISMATCH, -4);
VALUE(NOT_FOUND, -5);
VALUE(OUT_OF_BOUNDS, -6);
VALUE(UNEXPECTED, -7);
VALUE(REQUEST_BUSY, -8);
VALUE(RESULT_NOT_READY, -9);
VALUE(NOT_ALLOCATED, -10);
VALUE(INFER_NOT_STARTED, -11);
VALUE(NETWORK_NOT_READ, -12);
VALUE(INFER_CANCELLED, -13);
VALUE(INVALID_C_PARAM, -14);
VALUE(UNKNOWN_C_ERROR, -15);
VALUE(NOT_IMPLEMENT_C_METHOD, -16);
VALUE(UNKNOW_EXCEPTION, -17);

VALUE(DYNAMIC, 0);
VALUE(OV_BOOLEAN, 1);
VALUE(BOOLEAN, 1);
VALUE(BF16, 2);
VALUE(F16, 3);
VALUE(F32, 4);
VALUE(F64, 5);
VALUE(I4, 6);
VALUE(I8, 7);
VALUE(I16, 8);
VALUE(I32, 9);
VALUE(I64, 10);
VALUE(U1, 11);
VALUE(U2, 12);
VALUE(U3, 13);
VALUE(U4, 14);
VALUE(U6, 15);
VALUE(U8, 16);
VALUE(U16, 17);
VALUE(U32, 18);
VALUE(U64, 19);
VALUE(NF4, 20);
VALUE(F8E4M3, 21);
VALUE(F8E5M3, 22);
VALUE(STRING, 23);
VALUE(F4E2M1, 24);
VALUE(F8E8M0, 25);

VALUE(UNDEFINE, 0);
VALUE(NV12_SINGLE_PLANE, 1);
VALUE(NV12_TWO_PLANES, 2);
VALUE(I420_SINGLE_PLANE, 3);
VALUE(I420_THREE_PLANES, 4);
VALUE(RGB, 5);
VALUE(BGR, 6);
VALUE(GRAY, 7);
VALUE(RGBX, 8);
VALUE(BGRX, 9);
VALUE(RESIZE_LINEAR, 0);
VALUE(RESIZE_CUBIC, 1);
VALUE(RESIZE_NEAREST, 2);
VALUE(CONSTANT, 0);
VALUE(EDGE, 1);
VALUE(REFLECT, 2);
VALUE(SYMMETRIC, 3);
VALUE(NOT_RUN, 0);
VALUE(OPTIMIZED_OUT, 1);
VALUE(EXECUTED, 2);

VALUE(VT_EXTENSION_F32, F32);
VALUE(VT_EXTENSION_I64, I64);
VALUE(VT_EXTENSION_NF4, NF4);
VALUE(VT_EXTENSION_F8E5M2, F8E5M3);
VALUE(VT_EXTENSION_F8E8M0, F8E8M0);

VALUE(VT_VERSION, VT_VERSION_MAJOR * 1000000 + VT_VERSION_MINOR * 1000 + VT_VERSION_PATCH);
