#include "loop.h"

#include "heap.h"
#include "move.h"

/* The results of one output over all iterations. */
struct pieces {
    struct vt_tensor *list;
    int64_t n, room;
};

struct run {
    struct vt_eval *e;
    const struct vt_body *body;
    struct vt_tensor *in;   /* per parameter */
    bool *owned;            /* per parameter: `in` is freed after the iteration */
    struct vt_tensor *last; /* per result, of the last iteration; owned */
    struct vt_tensor *next;
    struct pieces *pieces; /* per map */
    int64_t iterations;
};

static int run_init(struct run *r, struct vt_eval *e)
{
    const struct vt_body *body = e->node->bodies;
    size_t n_in = (size_t)body->graph->n_params + 1, n_out = (size_t)body->graph->n_results + 1;

    *r = (struct run){.e = e, .body = body};
    r->in = vt_temp_zero(n_in, sizeof(*r->in));
    r->owned = vt_temp_zero(n_in, sizeof(*r->owned));
    r->last = vt_temp_zero(n_out, sizeof(*r->last));
    r->next = vt_temp_zero(n_out, sizeof(*r->next));
    r->pieces = vt_temp_zero((size_t)body->n_maps + 1, sizeof(*r->pieces));
    if (!r->in || !r->owned || !r->last || !r->next || !r->pieces) {
        return vt_fail(e->err, VT_E_NOMEM, "out of memory");
    }
    return vt_body_check(e->node, body, e->err);
}

static void drop_inputs(struct run *r)
{
    for (int i = 0; r->in && r->owned && i < r->body->graph->n_params; i++) {
        if (r->owned[i]) {
            vt_tensor_free(&r->in[i]);
        }
        r->owned[i] = false;
    }
}

static void drop_results(struct run *r, struct vt_tensor *results)
{
    for (int i = 0; results && i < r->body->graph->n_results; i++) {
        vt_tensor_free(&results[i]);
        results[i] = (struct vt_tensor){0};
    }
}

static void run_finish(struct run *r)
{
    drop_inputs(r);
    drop_results(r, r->last);
    for (int i = 0; r->pieces && i < r->body->n_maps; i++) {
        for (int64_t k = 0; k < r->pieces[i].n; k++) {
            vt_tensor_free(&r->pieces[i].list[k]);
        }
        vt_temp_free(r->pieces[i].list);
    }
    vt_temp_free(r->in);
    vt_temp_free(r->owned);
    vt_temp_free(r->last);
    vt_temp_free(r->next);
    vt_temp_free(r->pieces);
}

static int slice_input(struct run *r, const struct vt_body_map *m)
{
    const struct vt_tensor *src = &r->e->in[m->outer];
    struct vt_tensor *dst = &r->in[m->inner];
    int64_t dims[VT_MAX_RANK], axis = vt_eval_axis(m->axis, src->rank), begin;
    struct vt_lines l;
    int status;

    if (axis < 0 || axis >= src->rank) {
        return vt_fail(r->e->err, VT_E_RANGE, "axis %lld of sliced input %d is outside of rank %d",
                       (long long)m->axis, m->outer, src->rank);
    }
    l = vt_lines_of(src, axis);
    begin = vt_slice_begin(m, l.n, r->iterations);
    if (begin < 0 || m->part_size < 1 || begin > l.n - m->part_size) {
        return vt_fail(r->e->err, VT_E_RANGE,
                       "iteration %lld wants elements %lld to %lld of input %d, which has %lld",
                       (long long)r->iterations, (long long)begin, (long long)(begin + m->part_size - 1),
                       m->outer, (long long)l.n);
    }
    memcpy(dims, src->dims, sizeof(dims));
    dims[axis] = m->part_size;
    if (!vt_tensor_describe(dst, src->type, src->rank, dims)) {
        return vt_fail(r->e->err, VT_E_SHAPE, "a slice of input %d is too large", m->outer);
    }
    status = vt_tensor_alloc(dst, r->e->err);
    r->owned[m->inner] = status == VT_OK;
    for (int64_t o = 0; o < l.outer && status == VT_OK; o++) {
        vt_move_run(dst, o * m->part_size * l.inner, src, (o * l.n + begin) * l.inner,
                    m->part_size * l.inner);
    }
    return status;
}

static int count_input(struct run *r, const struct vt_body_map *m)
{
    const struct vt_value *param = vt_body_param(r->body, m->inner);
    struct vt_tensor *dst = &r->in[m->inner];
    int status;

    if (!vt_tensor_describe(dst, param->type, param->shape.rank == 1, (const int64_t[]){1})) {
        return vt_fail(r->e->err, VT_E_INTERNAL, "no counter");
    }
    status = vt_tensor_alloc(dst, r->e->err);
    r->owned[m->inner] = status == VT_OK;
    if (status == VT_OK) {
        vt_set_i64(dst, 0, r->iterations);
    }
    return status;
}

static int fill_inputs(struct run *r)
{
    int status = VT_OK;

    for (int i = 0; i < r->body->n_maps && status == VT_OK; i++) {
        const struct vt_body_map *m = &r->body->maps[i];

        switch (m->kind) {
        case VT_MAP_INPUT: r->in[m->inner] = r->e->in[m->outer]; break;
        case VT_MAP_MERGED: r->in[m->inner] = r->iterations ? r->last[m->back] : r->e->in[m->outer]; break;
        case VT_MAP_SLICED: status = slice_input(r, m); break;
        case VT_MAP_COUNTER: status = count_input(r, m); break;
        default: break;
        }
    }
    return status;
}

/* Keep a copy of what will be joined. */
static int keep_piece(struct run *r, struct pieces *p, const struct vt_tensor *t)
{
    struct vt_tensor copy = *t;
    int status;

    if (p->n == p->room) {
        int64_t room = p->room ? 2 * p->room : 16;
        struct vt_tensor *list = vt_temp_resize(p->list, (size_t)room * sizeof(*list));

        if (!list) {
            return vt_fail(r->e->err, VT_E_NOMEM, "out of memory");
        }
        p->list = list;
        p->room = room;
    }
    status = vt_tensor_alloc(&copy, r->e->err);
    if (status) {
        return status;
    }
    if (t->bytes) {
        memcpy(copy.data, t->data, t->bytes);
    }
    p->list[p->n++] = copy;
    return VT_OK;
}

static int step(struct run *r)
{
    struct vt_tensor *swap = r->last;
    int status = fill_inputs(r);

    status = status ? status : vt_graph_eval(r->body->graph, r->in, r->next, r->e->states, r->e->err);
    drop_inputs(r);
    if (status) {
        return status;
    }
    drop_results(r, r->last);
    r->last = r->next;
    r->next = swap;
    for (int i = 0; i < r->body->n_maps && status == VT_OK; i++) {
        if (r->body->maps[i].kind == VT_MAP_CONCAT) {
            status = keep_piece(r, &r->pieces[i], &r->last[r->body->maps[i].inner]);
        }
    }
    r->iterations++;
    return status;
}

/* Whether the body wants another round. */
static bool goes_on(const struct run *r)
{
    for (int i = 0; i < r->body->n_maps; i++) {
        const struct vt_body_map *m = &r->body->maps[i];

        if (m->kind == VT_MAP_CONDITION && vt_tensor_count(&r->last[m->inner]) > 0) {
            return vt_get_i64(&r->last[m->inner], 0) != 0;
        }
    }
    return true;
}

/* Without any iteration a joined output is empty along its axis. */
static int store_empty(struct run *r, const struct vt_body_map *m)
{
    const struct vt_value *v = vt_body_result(r->body, m->inner);
    int64_t dims[VT_MAX_RANK] = {0};
    int rank = v->shape.rank < 1 ? 1 : v->shape.rank;
    int64_t axis = vt_eval_axis(m->axis, rank);

    for (int i = 0; i < v->shape.rank; i++) {
        dims[i] = i == axis || !vt_dim_is_static(v->shape.dims[i]) ? 0 : v->shape.dims[i].min;
    }
    return vt_eval_output(r->e, m->outer, v->type, rank, dims);
}

static int store_joined(struct run *r, const struct vt_body_map *m, const struct pieces *p)
{
    const struct vt_tensor *first = p->list;
    int64_t axis = vt_eval_axis(m->axis, first->rank), dims[VT_MAX_RANK], total = 0, at = 0;
    struct vt_lines to;
    int status;

    if (axis < 0 || axis >= first->rank) {
        return vt_fail(r->e->err, VT_E_RANGE, "axis %lld of joined output %d is outside of rank %d",
                       (long long)m->axis, m->outer, first->rank);
    }
    for (int64_t k = 0; k < p->n; k++) {
        for (int i = 0; i < first->rank; i++) {
            if (p->list[k].rank != first->rank || (i != axis && p->list[k].dims[i] != first->dims[i])) {
                return vt_fail(r->e->err, VT_E_SHAPE, "iteration %lld gives output %d another shape",
                               (long long)k, m->outer);
            }
        }
        total += p->list[k].dims[axis];
    }
    memcpy(dims, first->dims, sizeof(dims));
    dims[axis] = total;
    status = vt_eval_output(r->e, m->outer, first->type, first->rank, dims);
    if (status) {
        return status;
    }
    to = vt_lines_of(&r->e->out[m->outer], axis);
    for (int64_t k = 0; k < p->n; k++) {
        const struct vt_tensor *t = &p->list[m->stride < 0 ? p->n - 1 - k : k];
        int64_t n = t->dims[axis];

        for (int64_t o = 0; o < to.outer; o++) {
            vt_move_run(&r->e->out[m->outer], (o * to.n + at) * to.inner, t, o * n * to.inner, n * to.inner);
        }
        at += n;
    }
    return VT_OK;
}

static int store_last(struct run *r, const struct vt_body_map *m)
{
    if (r->iterations) {
        return vt_body_output(r->e, m->outer, &r->last[m->inner]);
    }
    for (int i = 0; i < r->body->n_maps; i++) {
        const struct vt_body_map *carried = &r->body->maps[i];

        if (carried->kind == VT_MAP_MERGED && carried->back == m->inner) {
            return vt_body_output(r->e, m->outer, &r->e->in[carried->outer]);
        }
    }
    return vt_fail(r->e->err, VT_E_INVALID, "output %d has no value: the body never ran", m->outer);
}

static int store_outputs(struct run *r)
{
    int status = VT_OK;

    for (int i = 0; i < r->body->n_maps && status == VT_OK; i++) {
        const struct vt_body_map *m = &r->body->maps[i];

        if (m->kind == VT_MAP_OUTPUT) {
            status = store_last(r, m);
        } else if (m->kind == VT_MAP_CONCAT) {
            status = r->iterations ? store_joined(r, m, &r->pieces[i]) : store_empty(r, m);
        }
    }
    return status;
}

/* Run at most `trips` iterations (negative: until the condition says no). */
static int run_all(struct vt_eval *e, int64_t trips, bool condition)
{
    struct run r;
    int status = run_init(&r, e);

    while (status == VT_OK && condition && (trips < 0 || r.iterations < trips)) {
        status = step(&r);
        condition = status == VT_OK && goes_on(&r);
    }
    status = status ? status : store_outputs(&r);
    run_finish(&r);
    return status;
}

static bool has_condition(const struct vt_body *body)
{
    for (int i = 0; i < body->n_maps; i++) {
        if (body->maps[i].kind == VT_MAP_CONDITION) {
            return true;
        }
    }
    return false;
}

int vt_loop_ref(struct vt_eval *e)
{
    bool has_trips = e->in[0].type != VT_DYNAMIC && vt_tensor_count(&e->in[0]) > 0;
    int64_t trips = has_trips ? vt_get_i64(&e->in[0], 0) : -1;
    bool condition =
        e->in[1].type == VT_DYNAMIC || vt_tensor_count(&e->in[1]) < 1 || vt_get_i64(&e->in[1], 0) != 0;

    if (trips < 0 && condition && !has_condition(e->node->bodies)) {
        return vt_fail(e->err, VT_E_INVALID, "neither a trip count nor a condition ends the loop");
    }
    return run_all(e, trips, condition);
}

int vt_tensor_iterator_ref(struct vt_eval *e)
{
    const struct vt_body *body = e->node->bodies;
    int64_t trips = -1;

    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];
        int64_t axis, count = -1;

        if (m->kind != VT_MAP_SLICED || m->outer < 0 || m->outer >= e->n_in) {
            continue;
        }
        axis = vt_eval_axis(m->axis, e->in[m->outer].rank);
        if (axis >= 0 && axis < e->in[m->outer].rank) {
            count = vt_slice_count(m, e->in[m->outer].dims[axis]);
        }
        if (count < 0 || (trips >= 0 && count != trips)) {
            return vt_fail(
                e->err, VT_E_SHAPE, "input %d cannot be sliced from %lld to %lld by %lld for %lld iterations",
                m->outer, (long long)m->start, (long long)m->end, (long long)m->stride, (long long)trips);
        }
        trips = count;
    }
    if (trips < 0) {
        return vt_fail(e->err, VT_E_INVALID, "no sliced input tells how often the body runs");
    }
    return run_all(e, trips, true);
}
