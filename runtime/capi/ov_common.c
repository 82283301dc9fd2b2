#include "openvino/c/ov_common.h"

#include "capi.h"

#include <pthread.h>
#include <stdlib.h>

/* ---- the last error */

static pthread_mutex_t last_lock = PTHREAD_MUTEX_INITIALIZER;
static char last_text[VT_ERROR_TEXT];

static void set_last(const char *text)
{
    pthread_mutex_lock(&last_lock);
    snprintf(last_text, sizeof(last_text), "%s", text);
    pthread_mutex_unlock(&last_lock);
}

void vt_capi_clear_error(void)
{
    set_last("");
}

const char *ov_get_last_err_msg(void)
{
    char *copy = NULL;

    pthread_mutex_lock(&last_lock);
    if (*last_text) {
        copy = strdup(last_text);
    }
    pthread_mutex_unlock(&last_lock);
    return copy;
}

/* ---- codes */

static ov_status_e api_code(int status)
{
    switch (status) {
    case VT_OK: return OK;
    case VT_E_UNSUPPORTED: return NOT_IMPLEMENTED;
    case VT_E_BUSY: return REQUEST_BUSY;
    case VT_E_CANCELLED: return INFER_CANCELLED;
    case VT_E_NOT_READY: return RESULT_NOT_READY;
    default: return GENERAL_ERROR;
    }
}

ov_status_e vt_capi_status(int status, const struct vt_error *err)
{
    if (status && err->code && *err->text) {
        set_last(err->text);
    }
    return api_code(status);
}

ov_status_e vt_capi_ordinary(int status, const struct vt_error *err)
{
    ov_status_e code = vt_capi_status(status, err);

    return code == NOT_IMPLEMENTED ? GENERAL_ERROR : code;
}

ov_status_e vt_capi_fail(ov_status_e code, const char *fmt, ...)
{
    char text[VT_ERROR_TEXT];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    set_last(text);
    return code;
}

ov_status_e vt_capi_missing(ov_status_e code, const char *name)
{
    return vt_capi_fail(code, "not implemented: %s", name);
}

const char *ov_get_error_info(ov_status_e status)
{
    /* By number from 0 down; the wording is part of the interface. */
    static const char *const texts[] = {
        "success",
        "general error",
        "it's not implement",
        "failed to network",
        "input parameter mismatch",
        "cannot find the value",
        "out of bounds",
        "run with unexpected error",
        "request is busy",
        "result is not ready",
        "it is not allocated",
        "inference start with error",
        "network is not ready",
        "inference is canceled",
        "invalid c input parameters",
        "unknown c error",
        "not implement in c method",
        "unknown exception",
    };
    int n = (int)(sizeof(texts) / sizeof(texts[0])), number = (int)status;

    return texts[number <= 0 && number > -n ? -number : n - 1];
}

/* ---- texts */

void ov_free(const char *content)
{
    free((char *)content);
}

/* Bytes of a code point in UTF-8; 0 for what is none. */
static int encode(uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return c - 0xd800 < 0x800 ? 0 : 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return c < 0x110000 ? 4 : 0;
}

_Static_assert(sizeof(wchar_t) == 4, "wide characters are code points");

int vt_capi_narrow(const wchar_t *wide, char **text, struct vt_error *err)
{
    char *narrow = malloc(wcslen(wide) * 4 + 1), *at = narrow;

    if (!narrow) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    for (; *wide; wide++) {
        int n = encode((uint32_t)*wide, at);

        if (!n) {
            free(narrow);
            return vt_fail(err, VT_E_INVALID, "a path has the character 0x%x, which is no code point",
                           (unsigned)*wide);
        }
        at += n;
    }
    *at = 0;
    *text = narrow;
    return VT_OK;
}
