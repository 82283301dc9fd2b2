/* Status codes and the one error message of a call.
 *
 * Functions return 0 (VT_OK) or a negative VT_E code. The text is written once, where the cause is known:
 * what went wrong, which node, file and offset, which device, what to do. Outer layers may only put context
 * in front of it. Everything here is header-only, so that plugins and frontends link nothing for it. */
#ifndef VT_STATUS_H
#define VT_STATUS_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum vt_status {
    VT_OK = 0,
    VT_E_INVALID = -1,     /* an argument or attribute is wrong */
    VT_E_NOMEM = -2,       /* out of memory, or a size that cannot be allocated */
    VT_E_IO = -3,          /* a file cannot be opened or read */
    VT_E_FORMAT = -4,      /* a file is damaged or not what it claims to be */
    VT_E_UNSUPPORTED = -5, /* not implemented; the message begins with "not implemented:" */
    VT_E_SHAPE = -6,       /* shapes or ranks do not fit */
    VT_E_TYPE = -7,        /* element types do not fit */
    VT_E_NOT_FOUND = -8,   /* no such name, port, device, property */
    VT_E_RANGE = -9,       /* an index or a count is out of range */
    VT_E_BUSY = -10,       /* the request is running */
    VT_E_CANCELLED = -11,  /* the inference was cancelled */
    VT_E_DEVICE = -12,     /* the device or its driver failed */
    VT_E_ABI = -13,        /* a plugin or frontend binary does not fit this runtime */
    VT_E_NOT_READY = -14,  /* no result yet: nothing was started */
    VT_E_INTERNAL = -15,   /* a broken invariant: our bug */
};

#define VT_ERROR_TEXT 1536

/* Caller's memory; { 0 } is ready for use. Passing NULL for a struct vt_error * is allowed everywhere. */
struct vt_error {
    int code;
    char text[VT_ERROR_TEXT];
};

/* Record code and message and return code. A message that is there already is kept: the innermost cause wins.
 */
__attribute__((format(printf, 3, 4))) static inline int vt_fail(struct vt_error *err, int code,
                                                                const char *fmt, ...)
{
    if (err && !err->code) {
        va_list ap;

        err->code = code;
        va_start(ap, fmt);
        vsnprintf(err->text, sizeof(err->text), fmt, ap);
        va_end(ap);
    }
    return code;
}

/* The status of a failure whose message is in err; VT_E_NOMEM where there is none. */
static inline int vt_failed(const struct vt_error *err)
{
    return err && err->code ? err->code : VT_E_NOMEM;
}

/* Put context ("node 'conv1': ") in front of the recorded message; returns its code. Does nothing without
 * one. */
__attribute__((format(printf, 2, 3))) static inline int vt_context(struct vt_error *err, const char *fmt, ...)
{
    char old[VT_ERROR_TEXT];
    va_list ap;
    int n;

    if (!err || !err->code) {
        return err ? err->code : VT_E_INTERNAL;
    }
    memcpy(old, err->text, sizeof(old));
    old[sizeof(old) - 1] = 0;
    va_start(ap, fmt);
    n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof(err->text)) {
        snprintf(err->text + n, sizeof(err->text) - (size_t)n, "%s", old);
    }
    return err->code;
}

static inline void vt_error_clear(struct vt_error *err)
{
    if (err) {
        err->code = 0;
        err->text[0] = 0;
    }
}

#endif
