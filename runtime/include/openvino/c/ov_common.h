/* What every header of the C API shares: export macros, status codes, element types, error texts.
 *
 * The API is source- and binary-compatible with OpenVINO's C API 2026.4.1: names, types, numbers and layouts
 * are theirs and never change here. Rules that hold for every function unless its own comment says otherwise:
 *
 *  errors     The result is OK or a negative ov_status_e; ov_get_last_err_msg() tells the cause in words. A
 * NULL where an object or a result is needed gives INVALID_C_PARAM and no text. On failure results are left
 *             as they were. Nothing a caller passes makes the library abort.
 *  ownership  An object that a function hands out belongs to the caller, who gives it back to the *_free
 * function named after its type; strings go to ov_free(). Arguments stay the caller's and may be freed or
 * changed as soon as the function has returned. Objects keep alive what they depend on, so they may be freed
 * in any order. Every *_free takes NULL. threads    Different objects may be used from different threads at
 * once. Functions on one core, one compiled model or one port may run at the same time; one model, one tensor
 * or one pre-processing object must not be changed while another thread uses it. A request has rules of its
 * own (ov_infer_request.h). text       UTF-8, terminated by NUL. */
#ifndef OPENVINO_C_OV_COMMON_H
#define OPENVINO_C_OV_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Defined where the functions that take wchar_t paths (..._unicode) are declared. */
#ifndef OPENVINO_ENABLE_UNICODE_PATH_SUPPORT
#if defined(_WIN32) || defined(__clang__) || defined(__GNUC__)
#define OPENVINO_ENABLE_UNICODE_PATH_SUPPORT
#endif
#endif

#ifdef OPENVINO_ENABLE_UNICODE_PATH_SUPPORT
#include <wchar.h>
#endif

#ifdef __cplusplus
#define OPENVINO_C_API_EXTERN extern "C"
#else
#define OPENVINO_C_API_EXTERN extern
#endif

/* OPENVINO_C_API(type) goes in front of a function, OPENVINO_C_VAR(type) in front of a variable. A program
 * that links the static library defines OPENVINO_STATIC_LIBRARY; a Windows build of the library defines
 * openvino_c_EXPORTS. */
#if defined(OPENVINO_STATIC_LIBRARY)
#define OPENVINO_C_API(...) OPENVINO_C_API_EXTERN __VA_ARGS__
#define OPENVINO_C_VAR(...) OPENVINO_C_API_EXTERN __VA_ARGS__
#define OV_NODISCARD
#elif defined(_WIN32) || defined(__CYGWIN__)
#define OPENVINO_C_API_CALLBACK __cdecl
#ifdef openvino_c_EXPORTS
#define OPENVINO_C_API(...) OPENVINO_C_API_EXTERN __declspec(dllexport) __VA_ARGS__ __cdecl
#define OPENVINO_C_VAR(...) OPENVINO_C_API_EXTERN __declspec(dllexport) __VA_ARGS__
#else
#define OPENVINO_C_API(...) OPENVINO_C_API_EXTERN __declspec(dllimport) __VA_ARGS__ __cdecl
#define OPENVINO_C_VAR(...) OPENVINO_C_API_EXTERN __declspec(dllimport) __VA_ARGS__
#endif
#define OV_NODISCARD
#else
#define OPENVINO_C_API(...) OPENVINO_C_API_EXTERN __attribute__((visibility("default"))) __VA_ARGS__
#define OPENVINO_C_VAR(...) OPENVINO_C_API_EXTERN __attribute__((visibility("default"))) __VA_ARGS__
#define OV_NODISCARD        __attribute__((warn_unused_result))
#endif

/* Calling convention of functions that the library calls back. */
#ifndef OPENVINO_C_API_CALLBACK
#define OPENVINO_C_API_CALLBACK
#endif

/* The odd spellings are part of the interface. */
typedef enum {
    OK = 0,
    GENERAL_ERROR = -1,   /* a file, device, property, name, shape or type that does not fit; see the text */
    NOT_IMPLEMENTED = -2, /* this operation or function is not implemented by the device */
    NETWORK_NOT_LOADED = -3,
    PARAMETER_MISMATCH = -4, /* a dynamic shape where a static one is needed */
    NOT_FOUND = -5,
    OUT_OF_BOUNDS = -6,
    UNEXPECTED = -7,
    REQUEST_BUSY = -8,     /* the request is running */
    RESULT_NOT_READY = -9, /* not finished within the time, or nothing was started */
    NOT_ALLOCATED = -10,
    INFER_NOT_STARTED = -11,
    NETWORK_NOT_READ = -12,
    INFER_CANCELLED = -13, /* ov_infer_request_cancel() ended the inference */
    INVALID_C_PARAM = -14, /* NULL, or a count that is not even or negative */
    UNKNOWN_C_ERROR = -15,
    NOT_IMPLEMENT_C_METHOD = -16, /* there is no such function in this API */
    UNKNOW_EXCEPTION = -17,       /* among others: a port index out of range */
} ov_status_e;

/* Types narrower than a byte are packed without gaps, low bits first. */
typedef enum {
    DYNAMIC = 0U, /* not known before run time */
    BOOLEAN,      /* a byte, 0 or 1; openvino.h renames it to OV_BOOLEAN */
    BF16,
    F16,
    F32,
    F64,
    I4,
    I8,
    I16,
    I32,
    I64,
    U1,
    U2,
    U3, /* 8 elements in 3 bytes */
    U4,
    U6, /* 4 elements in 3 bytes */
    U8,
    U16,
    U32,
    U64,
    NF4,
    F8E4M3,
    F8E5M3, /* the format is f8e5m2; the name is part of the interface */
    STRING, /* an opaque object of 32 bytes; see ov_tensor_set_string_data() */
    F4E2M1,
    F8E8M0,
} ov_element_type_e;

/* Encrypts or decrypts `in_size` bytes at `input`. Called twice: with `output` NULL it only stores the size
 * of the result in *out_size; then with a buffer of that size, which the library owns. May be called from any
 * thread. */
typedef void (*encryption_func)(const char *input, const size_t in_size, char *output, size_t *out_size);

/* Value of the property ov_property_key_cache_encryption_callbacks. */
typedef struct {
    encryption_func encrypt_func;
    encryption_func decrypt_func;
} ov_encryption_callbacks;

/* A few words for a status code: static text, not to be freed. A number that is no code reads "unknown
 * exception". */
OPENVINO_C_API(const char *) ov_get_error_info(ov_status_e status);

/* Give back a string that the API handed out. NULL is allowed. */
OPENVINO_C_API(void) ov_free(const char *content);

/* The text of the last error of this process, in whichever thread it happened: a fresh copy, to be given to
 * ov_free(), or NULL without memory. Successful calls leave the text; ov_core_free() clears it. */
OPENVINO_C_API(const char *) ov_get_last_err_msg(void);

#endif
