/* Fields of a message as values, with errors that say where the model is damaged. */
#include "message.h"

int onnx_damaged(struct onnx_model *m, const uint8_t *at, const char *what)
{
    onnx_model_fail(m, VT_E_FORMAT, "byte %zu: the model is damaged or cut off (in %s)",
                    (size_t)(at - m->bytes.p), what);
    return m->err->code;
}

int onnx_no_memory(struct onnx_model *m)
{
    return onnx_model_fail(m, VT_E_NOMEM, "out of memory");
}

int onnx_want(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
              enum onnx_wire_kind kind, const char *what)
{
    return f->kind == kind ? VT_OK : onnx_damaged(m, w->p, what);
}

int onnx_take_text(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
                   const char *what, const char **text)
{
    int status = onnx_want(m, w, f, ONNX_BYTES, what);

    if (status) {
        return status;
    }
    if (f->bytes.n && memchr(f->bytes.p, 0, f->bytes.n)) {
        return onnx_model_fail(m, VT_E_FORMAT, "byte %zu: a name holds a zero byte (in %s)",
                               (size_t)(f->bytes.p - m->bytes.p), what);
    }
    *text = onnx_arena_text(&m->arena, f->bytes.p, f->bytes.n);
    return *text ? VT_OK : onnx_no_memory(m);
}

int onnx_take_int(struct onnx_model *m, const struct onnx_wire *w, const struct onnx_field *f,
                  const char *what, int64_t *value)
{
    *value = (int64_t)f->value;
    return onnx_want(m, w, f, ONNX_VARINT, what);
}

int onnx_count_fields(struct onnx_model *m, struct onnx_bytes message, const char *what, int counts[30])
{
    struct onnx_wire w = onnx_wire(message);
    struct onnx_field f;
    int status;

    memset(counts, 0, 30 * sizeof(*counts));
    while ((status = onnx_wire_next(&w, &f)) > 0) {
        if (f.number < 30 && ++counts[f.number] > ONNX_MAX_PARTS) {
            return onnx_model_fail(m, VT_E_RANGE, "more than %d parts in %s", ONNX_MAX_PARTS, what);
        }
    }
    return status ? onnx_damaged(m, w.p, what) : VT_OK;
}

void *onnx_array(struct onnx_model *m, int n, size_t size, int *status)
{
    void *p = *status ? NULL : onnx_arena_alloc(&m->arena, (size_t)n, size);

    *status = *status ? *status : p ? VT_OK : onnx_no_memory(m);
    return p;
}

/* All numbers of a repeated field, one after the other by store(). */
static int take_numbers(struct onnx_model *m, struct onnx_bytes message, uint32_t number,
                        enum onnx_wire_kind kind, const char *what, size_t size,
                        void (*store)(void *values, int i, uint64_t bits), void **values, int *n)
{
    int64_t count = onnx_numbers_count(message, number, kind);
    struct onnx_numbers it = onnx_numbers(message, number, kind);
    uint64_t value;

    if (count < 0 || count > INT32_MAX) {
        return onnx_damaged(m, message.p, what);
    }
    *values = onnx_arena_alloc(&m->arena, (size_t)count, size);
    if (!*values) {
        return onnx_no_memory(m);
    }
    for (*n = 0; onnx_numbers_next(&it, &value) > 0; ++*n) {
        store(*values, *n, value);
    }
    return VT_OK;
}

static void store_int(void *values, int i, uint64_t bits)
{
    ((int64_t *)values)[i] = (int64_t)bits;
}

static void store_float(void *values, int i, uint64_t bits)
{
    ((float *)values)[i] = onnx_float(bits);
}

int onnx_take_ints(struct onnx_model *m, struct onnx_bytes message, uint32_t number, const char *what,
                   int64_t **values, int *n)
{
    void *p = NULL;
    int status = take_numbers(m, message, number, ONNX_VARINT, what, sizeof(**values), store_int, &p, n);

    *values = p;
    return status;
}

int onnx_take_floats(struct onnx_model *m, struct onnx_bytes message, uint32_t number, const char *what,
                     float **values, int *n)
{
    void *p = NULL;
    int status = take_numbers(m, message, number, ONNX_FIXED32, what, sizeof(**values), store_float, &p, n);

    *values = p;
    return status;
}
