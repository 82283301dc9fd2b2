#include "unique.h"

#include "heap.h"
#include "move.h"

/* What is compared: slices of a tensor along an axis, or its elements (one line of slices of one element). */
struct slices {
    const struct vt_tensor *src;
    struct vt_lines l;
};

struct item {
    const struct slices *s;
    int64_t index; /* slice */
    int64_t group; /* number of its group, in the order of output */
};

static int compare_elements(const struct vt_tensor *t, int64_t a, int64_t b)
{
    if (vt_is_float(t->type)) {
        double x = vt_get_f64(t, a), y = vt_get_f64(t, b);

        return (x > y) - (x < y);
    }
    if (t->type == VT_U64) {
        uint64_t x = (uint64_t)vt_get_i64(t, a), y = (uint64_t)vt_get_i64(t, b);

        return (x > y) - (x < y);
    }
    int64_t x = vt_get_i64(t, a), y = vt_get_i64(t, b);

    return (x > y) - (x < y);
}

static int compare_slices(const struct slices *s, int64_t a, int64_t b)
{
    for (int64_t o = 0; o < s->l.outer; o++) {
        for (int64_t k = 0; k < s->l.inner; k++) {
            int order = compare_elements(s->src, (o * s->l.n + a) * s->l.inner + k,
                                         (o * s->l.n + b) * s->l.inner + k);

            if (order) {
                return order;
            }
        }
    }
    return 0;
}

static int by_content(const void *x, const void *y)
{
    const struct item *a = x, *b = y;
    int order = compare_slices(a->s, a->index, b->index);

    return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int by_first(const void *x, const void *y)
{
    const struct item *a = x, *b = y;

    return (a->index > b->index) - (a->index < b->index);
}

/* Sort the slices and give equal ones a group. `first` gets each group's first slice and the group of each
 * slice goes to `group`. Returns the number of groups. */
static int64_t find_groups(const struct slices *s, bool sorted, struct item *items, struct item *first,
                           int64_t *group)
{
    int64_t n = s->l.n, groups = 0;

    for (int64_t i = 0; i < n; i++) {
        items[i] = (struct item){.s = s, .index = i};
    }
    vt_temp_sort(items, (size_t)n, sizeof(*items), by_content);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || compare_slices(s, items[i - 1].index, items[i].index)) {
            first[groups] = items[i];
            first[groups].group = groups;
            groups++;
        }
        group[items[i].index] = groups - 1;
    }
    if (!sorted) {
        vt_temp_sort(first, (size_t)groups, sizeof(*first), by_first);
    }
    return groups;
}

static int make_outputs(struct vt_eval *e, bool has_axis, int64_t axis, int64_t groups, int64_t n)
{
    enum vt_type index = vt_attr_type_of(e->node, "index_element_type");
    enum vt_type count = vt_attr_type_of(e->node, "count_element_type");
    const struct vt_tensor *src = &e->in[0];
    int64_t dims[VT_MAX_RANK] = {groups};
    int status;

    for (int i = 0; has_axis && i < src->rank; i++) {
        dims[i] = i == axis ? groups : src->dims[i];
    }
    status = vt_eval_output(e, 0, src->type, has_axis ? src->rank : 1, dims);
    status = status ? status : vt_eval_output(e, 1, index, 1, &groups);
    status = status ? status : vt_eval_output(e, 2, index, 1, &n);
    return status ? status : vt_eval_output(e, 3, count, 1, &groups);
}

static void fill_outputs(struct vt_eval *e, const struct slices *s, const struct item *first, int64_t groups,
                         const int64_t *group, int64_t *place, int64_t *count)
{
    for (int64_t g = 0; g < groups; g++) {
        place[first[g].group] = g;
        count[g] = 0;
    }
    for (int64_t i = 0; i < s->l.n; i++) {
        vt_set_i64(&e->out[2], i, place[group[i]]);
        count[place[group[i]]]++;
    }
    for (int64_t g = 0; g < groups; g++) {
        vt_set_i64(&e->out[1], g, first[g].index);
        vt_set_i64(&e->out[3], g, count[g]);
        for (int64_t o = 0; o < s->l.outer; o++) {
            vt_move_run(&e->out[0], (o * groups + g) * s->l.inner, s->src,
                        (o * s->l.n + first[g].index) * s->l.inner, s->l.inner);
        }
    }
}

int vt_unique_ref(struct vt_eval *e)
{
    const struct vt_tensor *src = &e->in[0];
    bool has_axis = e->n_in > 1 && e->in[1].type != VT_DYNAMIC;
    int64_t axis = has_axis ? vt_eval_axis(vt_get_i64(&e->in[1], 0), src->rank) : 0, groups = 0;
    struct slices s = {src,
                       has_axis ? vt_lines_of(src, axis) : (struct vt_lines){1, vt_tensor_count(src), 1}};
    size_t n = (size_t)s.l.n + 1;
    struct item *items = vt_temp_alloc(2 * n * sizeof(*items));
    int64_t *ints = vt_temp_alloc(3 * n * sizeof(*ints));
    int status = items && ints ? VT_OK : vt_fail(e->err, VT_E_NOMEM, "out of memory");

    if (status == VT_OK) {
        groups = find_groups(&s, vt_attr_bool(e->node, "sorted"), items, items + n, ints);
        status = make_outputs(e, has_axis, axis, groups, s.l.n);
    }
    if (status == VT_OK) {
        fill_outputs(e, &s, items + n, groups, ints, ints + n, ints + 2 * n);
    }
    vt_temp_free(items);
    vt_temp_free(ints);
    return status;
}
