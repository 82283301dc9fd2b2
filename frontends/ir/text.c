#include "read.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

int ir_fail(const struct ir_reader *r, const struct ir_elem *elem, const struct ir_layer *layer, int code,
            const char *fmt, ...)
{
    char text[640], line[32] = "";
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    if (elem) {
        snprintf(line, sizeof(line), ":%d", elem->line);
    }
    if (layer) {
        return vt_fail(r->err, code, "%s%s: layer '%.200s' (%.80s, id %lld): %s", r->label, line, layer->name,
                       layer->type, (long long)layer->id, text);
    }
    return vt_fail(r->err, code, "%s%s: %s", r->label, line, text);
}

int ir_context(const struct ir_reader *r, const struct ir_elem *elem)
{
    vt_fail(r->err, VT_E_INTERNAL, "the host failed without a message");
    return elem ? vt_context(r->err, "%s:%d: ", r->label, elem->line) : vt_context(r->err, "%s: ", r->label);
}

bool ir_parse_i64(const char *text, int64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoll(text, &end, 10);
    return end != text && !errno && !end[strspn(end, " \t\r\n")];
}

bool ir_parse_type(const char *text, enum vt_type *type)
{
    static const struct {
        const char *name;
        enum vt_type type;
    } others[] = {{"fp64", VT_F64},
                  {"fp32", VT_F32},
                  {"fp16", VT_F16},
                  {"bool", VT_BOOLEAN},
                  {"bin", VT_U1},
                  {"", VT_DYNAMIC},
                  {"unspecified", VT_DYNAMIC},
                  {"undefined", VT_DYNAMIC},
                  {"mixed", VT_DYNAMIC}};

    for (int i = 0; i < VT_TYPE_COUNT; i++) {
        if (strcasecmp(text, vt_type_info((enum vt_type)i)->name) == 0) {
            *type = (enum vt_type)i;
            return true;
        }
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcasecmp(text, others[i].name) == 0) {
            *type = others[i].type;
            return true;
        }
    }
    return false;
}

int ir_need_i64(const struct ir_reader *r, const struct ir_elem *elem, const struct ir_layer *layer,
                const char *name, int64_t *value)
{
    const char *text = ir_attr(elem, name);

    if (!text) {
        return ir_fail(r, elem, layer, VT_E_FORMAT, "<%s> lacks the attribute '%s'", elem->name, name);
    }
    if (!ir_parse_i64(text, value)) {
        return ir_fail(r, elem, layer, VT_E_FORMAT, "<%s %s=\"%.80s\">: a whole number is expected",
                       elem->name, name, text);
    }
    return VT_OK;
}

int ir_check_shape(const struct ir_reader *r, const struct ir_layer *layer, const char *name,
                   const char *text)
{
    int64_t product = 1;
    bool fixed = !strpbrk(text, "?-.");

    for (const char *p = text; *p;) {
        char *end;
        long long dim;

        if (*p < '0' || *p > '9') {
            p++;
            continue;
        }
        errno = 0;
        dim = strtoll(p, &end, 10);
        if (errno || dim > IR_MAX_DIM) {
            return ir_fail(r, layer->elem, layer, VT_E_RANGE,
                           "dimension %.*s of %s is beyond the limit of %lld", (int)(end - p), p, name,
                           (long long)IR_MAX_DIM);
        }
        /* 64 bits an element at most: sizes in bits stay far from overflow everywhere. */
        if (fixed && dim && (__builtin_mul_overflow(product, dim, &product) || product > INT64_MAX / 64)) {
            return ir_fail(r, layer->elem, layer, VT_E_RANGE, "%s=\"%.80s\" has too many elements", name,
                           text);
        }
        p = end;
    }
    return VT_OK;
}
