#include "top_k.h"

#include "heap.h"
#include "move.h"

#include <math.h>

struct item {
    int64_t index, i; /* place along the axis; value of integers */
    double f;
    bool floats, is_unsigned, largest;
};

/* Negative when a comes first by value. NaN comes after everything. */
static int by_value(const struct item *a, const struct item *b)
{
    bool less, greater;

    if (a->floats) {
        if (isnan(a->f) || isnan(b->f)) {
            return (isnan(a->f) != 0) - (isnan(b->f) != 0);
        }
        less = a->f < b->f;
        greater = a->f > b->f;
    } else if (a->is_unsigned) {
        less = (uint64_t)a->i < (uint64_t)b->i;
        greater = (uint64_t)a->i > (uint64_t)b->i;
    } else {
        less = a->i < b->i;
        greater = a->i > b->i;
    }
    return a->largest ? less - greater : greater - less;
}

static int by_index(const void *x, const void *y)
{
    const struct item *a = x, *b = y;

    return (a->index > b->index) - (a->index < b->index);
}

/* Ties keep their order, which makes every result stable. */
static int by_value_then_index(const void *x, const void *y)
{
    int order = by_value(x, y);

    return order ? order : by_index(x, y);
}

int vt_top_k_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    int64_t axis = vt_eval_axis(vt_attr_i64(e->node, "axis"), src->rank), k = e->out[0].dims[axis];
    struct vt_lines l = vt_lines_of(src, axis);
    struct item *items = vt_temp_alloc(((size_t)l.n + 1) * sizeof(*items));
    const struct item pattern = {.floats = vt_is_float(src->type),
                                 .is_unsigned = !vt_type_info(src->type)->is_signed,
                                 .largest = vt_attr_is(e->node, "mode", "max")};

    if (!items) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory");
    }
    for (int64_t o = 0; o < l.outer * l.inner; o++) {
        int64_t first = o / l.inner * l.n * l.inner + o % l.inner,
                to = o / l.inner * k * l.inner + o % l.inner;

        for (int64_t i = 0; i < l.n; i++) {
            items[i] = pattern;
            items[i].index = i;
            items[i].f = pattern.floats ? vt_get_f64(src, first + i * l.inner) : 0;
            items[i].i = pattern.floats ? 0 : vt_get_i64(src, first + i * l.inner);
        }
        vt_temp_sort(items, (size_t)l.n, sizeof(*items), by_value_then_index);
        if (vt_attr_is(e->node, "sort", "index")) {
            vt_temp_sort(items, (size_t)k, sizeof(*items), by_index);
        }
        for (int64_t i = 0; i < k; i++) {
            vt_move_element(&e->out[0], to + i * l.inner, src, first + items[i].index * l.inner);
            vt_set_i64(&e->out[1], to + i * l.inner, items[i].index);
        }
    }
    vt_temp_free(items);
    return VT_OK;
}
