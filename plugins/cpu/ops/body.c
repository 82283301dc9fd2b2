/* Loop, TensorIterator and If: their bodies run as plans of their own, for the shapes that each iteration
 * has. */
#include "plan.h"

#include <stdlib.h>

enum kind { LOOP, ITERATOR, BRANCH };

struct body {
    struct cpu_plans *plans;
    const struct vt_body_map *maps;
    int n_maps, n_params, n_results;
    enum vt_type counter;
    int counter_rank;
    bool has_condition;
};

struct looper {
    enum kind kind;
    struct body body[2]; /* BRANCH: then, else */
    struct vt_tensor *in, *out;
    bool *left_out;
};

/* ---- the node */

static bool is_source(enum vt_body_map_kind kind)
{
    return kind == VT_MAP_INPUT || kind == VT_MAP_SLICED || kind == VT_MAP_MERGED || kind == VT_MAP_COUNTER;
}

static bool map_fits(const struct cpu_op *op, const struct vt_body_map *m, int n_params, int n_results)
{
    bool source = is_source(m->kind);
    int outer = source ? op->n_in : op->n_out, inner = source ? n_params : n_results;

    if (m->inner < 0 || m->inner >= inner ||
        (m->kind == VT_MAP_MERGED && (m->back < 0 || m->back >= n_results))) {
        return false;
    }
    return m->kind == VT_MAP_COUNTER || m->kind == VT_MAP_CONDITION || (m->outer >= 0 && m->outer < outer);
}

/* Every parameter has one source, and every map names what there is. */
static bool maps_fit(const struct cpu_op *op, int body)
{
    const struct vt_graph *g = op->host->node_body(op->node, body);
    int n_maps, n_params = op->host->graph_n_params(g), n_results = op->host->graph_n_results(g), sources = 0;
    const struct vt_body_map *maps = op->host->node_body_maps(op->node, body, &n_maps);

    for (int i = 0; i < n_maps; i++) {
        if (!map_fits(op, &maps[i], n_params, n_results)) {
            return false;
        }
        for (int k = 0; is_source(maps[i].kind) && k < i; k++) {
            if (is_source(maps[k].kind) && maps[k].inner == maps[i].inner) {
                return false;
            }
        }
        sources += is_source(maps[i].kind);
    }
    return sources == n_params;
}

static enum kind kind_of(const struct cpu_op *op)
{
    return strcmp(op->type, "Loop") == 0 ? LOOP : strcmp(op->type, "If") == 0 ? BRANCH : ITERATOR;
}

static bool is_number(enum vt_type type)
{
    return type == VT_BOOLEAN || type == VT_U8 || type == VT_I32 || type == VT_I64;
}

static bool is_whole(enum vt_type type)
{
    return vt_type_info(type)->bits >= 8;
}

/* Numbers that are read here are of types that number() knows, and what is cut and joined has whole bytes. */
static bool types_fit(const struct cpu_op *op, int body)
{
    const struct vt_host *host = op->host;
    const struct vt_graph *g = host->node_body(op->node, body);
    int n_maps;
    const struct vt_body_map *maps = host->node_body_maps(op->node, body, &n_maps);

    for (int i = 0; i < n_maps; i++) {
        const struct vt_body_map *m = &maps[i];
        bool source = is_source(m->kind);
        struct vt_edge e = {source ? host->graph_param(g, m->inner) : NULL, 0};
        enum vt_type type;

        e = source ? e : host->node_in(host->graph_result(g, m->inner), 0);
        type = host->node_value(e.src, e.port)->type;
        if ((m->kind == VT_MAP_COUNTER && type != VT_I32 && type != VT_I64) ||
            (m->kind == VT_MAP_CONDITION && !is_number(type)) ||
            ((m->kind == VT_MAP_SLICED || m->kind == VT_MAP_CONCAT) && !is_whole(type))) {
            return false;
        }
    }
    for (int i = 0; i < (kind_of(op) == LOOP ? 2 : kind_of(op) == BRANCH); i++) {
        if (op->in[i].type != VT_DYNAMIC && !is_number(op->in[i].type)) {
            return false;
        }
    }
    return true;
}

static bool supports(const struct cpu_op *op, const char **reason)
{
    int bodies = op->host->node_n_bodies(op->node);

    *reason = "the host shows no bodies";
    if (!VT_TABLE_HAS(op->host, node_body_maps) || bodies != (kind_of(op) == BRANCH ? 2 : 1)) {
        return false;
    }
    *reason = "the ports of a body do not fit, or a type is none that is counted, cut or joined here";
    for (int i = 0; i < bodies; i++) {
        if (!maps_fit(op, i) || !types_fit(op, i)) {
            return false;
        }
    }
    return true;
}

/* ---- one run */

struct run {
    const struct looper *l;
    const struct body *body;
    const struct cpu_step *step;
    struct cpu_run *cpu;
    struct vt_tensor *outer; /* inputs of the node */
    struct vt_tensor *in;    /* of the body */
    struct vt_tensor *last;  /* results of the last iteration, and of the one before, by turns */
    struct vt_tensor *next;
    int64_t *pieces; /* per map: bytes that joined results have gathered */
    int64_t trips;   /* that are known, or -1 */
    int64_t iteration;
};

/* Buffers of the frame. */
enum { TABLES, COUNTER, FIXED };

static int slice_buffer(int map)
{
    return FIXED + map;
}

static int joined_buffer(const struct body *b, int map)
{
    return FIXED + b->n_maps + 2 * map;
}

static int result_buffer(const struct body *b, int result, int64_t iteration)
{
    return FIXED + 3 * b->n_maps + 2 * result + (int)(iteration & 1);
}

static int no_memory(const struct run *r)
{
    return vt_fail(r->cpu->err, VT_E_NOMEM, "out of memory");
}

static void *buffer(const struct run *r, int index, size_t bytes)
{
    return cpu_frame_buffer(r->cpu->frame, index, bytes);
}

static int64_t axis_of(const struct vt_body_map *m, int rank)
{
    return m->axis < 0 ? m->axis + rank : m->axis;
}

/* Elements in front of the axis, and bytes of one place along it. */
static void cut(const struct vt_tensor *t, int64_t axis, int64_t *outer, size_t *bytes)
{
    int64_t inner = 1;

    *outer = 1;
    for (int i = 0; i < t->rank; i++) {
        *(i < axis ? outer : &inner) *= i == axis ? 1 : t->dims[i];
    }
    *bytes = (size_t)inner * (size_t)vt_type_info(t->type)->bits / 8;
}

static int64_t first_place(const struct vt_body_map *m, int64_t n)
{
    return m->start < 0 ? n + 1 + m->start : m->start;
}

static int64_t trips_of(const struct vt_body_map *m, int64_t n)
{
    int64_t start = first_place(m, n), end = m->end < 0 ? n + 1 + m->end : m->end;
    int64_t length = m->stride < 0 ? start - end : end - start;

    if (m->stride == 0 || m->stride == INT64_MIN || m->part_size < 1 || start < 0 || start > n || end < 0 ||
        end > n || length < 0) {
        return -1;
    }
    return length / (m->stride < 0 ? -m->stride : m->stride);
}

/* A view where the slice is one piece of memory, else a copy. */
static int slice(struct run *r, int map)
{
    const struct vt_body_map *m = &r->body->maps[map];
    const struct vt_tensor *src = &r->outer[m->outer];
    struct vt_tensor *dst = &r->in[m->inner];
    int64_t axis = axis_of(m, src->rank), outer, begin, dims[VT_MAX_RANK];
    size_t place, part;
    char *to;

    if (axis < 0 || axis >= src->rank) {
        return vt_fail(r->cpu->err, VT_E_RANGE, "axis %lld of sliced input %d is outside of rank %d",
                       (long long)m->axis, m->outer, src->rank);
    }
    begin = first_place(m, src->dims[axis]) - (m->stride < 0 ? m->part_size : 0) + r->iteration * m->stride;
    if (begin < 0 || m->part_size < 1 || begin > src->dims[axis] - m->part_size) {
        return vt_fail(r->cpu->err, VT_E_RANGE,
                       "iteration %lld wants elements %lld to %lld of input %d, which has %lld",
                       (long long)r->iteration, (long long)begin, (long long)(begin + m->part_size - 1),
                       m->outer, (long long)src->dims[axis]);
    }
    memcpy(dims, src->dims, (size_t)src->rank * sizeof(*dims));
    dims[axis] = m->part_size;
    if (!vt_tensor_describe(dst, src->type, src->rank, dims)) {
        return vt_fail(r->cpu->err, VT_E_SHAPE, "a slice of input %d is too large", m->outer);
    }
    cut(src, axis, &outer, &place);
    part = (size_t)m->part_size * place;
    if (outer == 1) {
        dst->data = (char *)src->data + (size_t)begin * place;
        return VT_OK;
    }
    dst->data = to = buffer(r, slice_buffer(map), dst->bytes + 1);
    if (!to) {
        return no_memory(r);
    }
    for (int64_t o = 0; o < outer; o++) {
        memcpy(to + (size_t)o * part, (const char *)src->data + (size_t)(o * src->dims[axis] + begin) * place,
               part);
    }
    return VT_OK;
}

static int count(struct run *r, const struct vt_body_map *m)
{
    struct vt_tensor *t = &r->in[m->inner];
    const int64_t one = 1;

    vt_tensor_describe(t, r->body->counter, r->body->counter_rank, &one);
    t->data = buffer(r, COUNTER, sizeof(int64_t));
    if (!t->data) {
        return no_memory(r);
    }
    if (t->type == VT_I64) {
        *(int64_t *)t->data = r->iteration;
    } else {
        *(int32_t *)t->data = (int32_t)r->iteration;
    }
    return VT_OK;
}

static int fill_inputs(struct run *r)
{
    int status = VT_OK;

    for (int i = 0; i < r->body->n_maps && status == VT_OK; i++) {
        const struct vt_body_map *m = &r->body->maps[i];

        switch (m->kind) {
        case VT_MAP_INPUT: r->in[m->inner] = r->outer[m->outer]; break;
        case VT_MAP_MERGED: r->in[m->inner] = r->iteration ? r->last[m->back] : r->outer[m->outer]; break;
        case VT_MAP_SLICED: status = slice(r, i); break;
        case VT_MAP_COUNTER: status = count(r, m); break;
        default: break;
        }
    }
    return status;
}

/* ---- results */

/* The output's own memory, or NULL where its shape comes out of the run. */
static char *known_output(const struct run *r, int port)
{
    int value = r->step->out[port];

    return r->cpu->plan->values[value].t.rank < 0 ? NULL : r->cpu->data[value];
}

/* The one map that takes a result, if that is all there is of it. */
static const struct vt_body_map *only_map(const struct body *b, int result)
{
    const struct vt_body_map *only = NULL;

    for (int i = 0; i < b->n_maps; i++) {
        const struct vt_body_map *m = &b->maps[i];

        if ((!is_source(m->kind) && m->inner == result) || (m->kind == VT_MAP_MERGED && m->back == result)) {
            if (only) {
                return NULL;
            }
            only = m;
        }
    }
    return only;
}

/* Where the result can be made at its place in the node's output. */
static char *in_place(const struct run *r, int result, const struct vt_tensor *want)
{
    const struct vt_body_map *m = only_map(r->body, result);
    const struct vt_tensor *out = m ? &r->l->out[m->outer] : NULL;
    char *memory =
        m && m->kind != VT_MAP_CONDITION && m->kind != VT_MAP_MERGED ? known_output(r, m->outer) : NULL;
    int64_t outer, place, trips = r->trips;
    size_t bytes;

    if (!memory || out->rank != want->rank) {
        return NULL;
    }
    if (m->kind == VT_MAP_OUTPUT) {
        return r->l->kind == BRANCH && out->bytes == want->bytes ? memory : NULL;
    }
    cut(out, axis_of(m, out->rank), &outer, &bytes);
    if (outer != 1 || trips < 1 || r->body->has_condition || out->bytes != want->bytes * (size_t)trips) {
        return NULL;
    }
    place = m->stride < 0 ? trips - 1 - r->iteration : r->iteration;
    return memory + (size_t)place * want->bytes;
}

static void *result_memory(void *ctx, int port, const struct vt_tensor *want, int *status,
                           struct vt_error *err)
{
    struct run *r = ctx;
    char *memory = in_place(r, port, want);

    if (!memory) {
        memory = buffer(r, result_buffer(r->body, port, r->iteration), want->bytes + 1);
    }
    if (!memory) {
        *status = vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    r->next[port] = *want;
    r->next[port].data = memory;
    return memory;
}

/* Append a result that will be joined: its bytes, and how long it is along the axis. */
static int gather(struct run *r, int map)
{
    const struct vt_body_map *m = &r->body->maps[map];
    const struct vt_tensor *t = &r->last[m->inner];
    char *memory = known_output(r, m->outer), *bytes;
    int64_t *lengths, axis = axis_of(m, t->rank);

    if (memory && (char *)t->data >= memory && (char *)t->data < memory + r->l->out[m->outer].bytes) {
        return VT_OK; /* it is there */
    }
    if (axis < 0 || axis >= t->rank) {
        return vt_fail(r->cpu->err, VT_E_RANGE, "axis %lld of joined output %d is outside of rank %d",
                       (long long)m->axis, m->outer, t->rank);
    }
    bytes = buffer(r, joined_buffer(r->body, map), 2 * (size_t)r->pieces[map] + t->bytes + 1);
    lengths = buffer(r, joined_buffer(r->body, map) + 1, 2 * (size_t)(r->iteration + 1) * sizeof(*lengths));
    if (!bytes || !lengths) {
        return no_memory(r);
    }
    if (t->bytes) {
        memcpy(bytes + r->pieces[map], t->data, t->bytes);
    }
    lengths[r->iteration] = t->dims[axis];
    r->pieces[map] += (int64_t)t->bytes;
    return VT_OK;
}

static int iterate(struct run *r)
{
    struct cpu_ports ports = {r->in, result_memory, r};
    struct vt_tensor *swap = r->last;
    int status = fill_inputs(r);

    status = status ? status : cpu_run_inner(r->cpu, r->body->plans, &ports);
    r->last = r->next;
    r->next = swap;
    for (int i = 0; i < r->body->n_maps && status == VT_OK; i++) {
        if (r->body->maps[i].kind == VT_MAP_CONCAT) {
            status = gather(r, i);
        }
    }
    r->iteration++;
    return status;
}

static int64_t number(const struct vt_tensor *t)
{
    switch (t->type) {
    case VT_BOOLEAN:
    case VT_U8: return *(const uint8_t *)t->data;
    case VT_I32: return *(const int32_t *)t->data;
    default: return *(const int64_t *)t->data;
    }
}

static bool goes_on(const struct run *r)
{
    for (int i = 0; i < r->body->n_maps; i++) {
        const struct vt_body_map *m = &r->body->maps[i];

        if (m->kind == VT_MAP_CONDITION && vt_tensor_count(&r->last[m->inner]) > 0) {
            return number(&r->last[m->inner]) != 0;
        }
    }
    return true;
}

/* ---- outputs */

static char *output_memory(struct run *r, int port, enum vt_type type, int rank, const int64_t *dims,
                           int *status)
{
    char *memory = cpu_output_now(r->cpu, r->step, port, type, rank, dims);

    if (!memory) {
        *status = r->cpu->err && r->cpu->err->code ? r->cpu->err->code : VT_E_NOMEM;
    }
    return memory;
}

static int store(struct run *r, int port, const struct vt_tensor *t)
{
    int status = VT_OK;
    char *to;

    if (r->cpu->plan->values[r->step->out[port]].place != CPU_AT_DYNAMIC &&
        t->data == known_output(r, port)) {
        return VT_OK;
    }
    to = output_memory(r, port, t->type, t->rank, t->dims, &status);
    if (status == VT_OK && t->bytes) {
        memcpy(to, t->data, t->bytes);
    }
    return status;
}

static int store_last(struct run *r, const struct vt_body_map *m)
{
    if (r->iteration) {
        return store(r, m->outer, &r->last[m->inner]);
    }
    for (int i = 0; i < r->body->n_maps; i++) {
        const struct vt_body_map *carried = &r->body->maps[i];

        if (carried->kind == VT_MAP_MERGED && carried->back == m->inner) {
            return store(r, m->outer, &r->outer[carried->outer]);
        }
    }
    return vt_fail(r->cpu->err, VT_E_INVALID, "output %d has no value: the body never ran", m->outer);
}

/* Without any iteration a joined output is empty along its axis. */
static int store_empty(struct run *r, const struct vt_body_map *m)
{
    const struct vt_host *host = r->cpu->host;
    const struct vt_value *v = host->node_value(r->step->node, m->outer);
    int64_t dims[VT_MAX_RANK] = {0};
    int rank = v->shape.rank < 1 ? 1 : v->shape.rank, status = VT_OK;

    for (int i = 0; i < v->shape.rank; i++) {
        bool open = i == axis_of(m, rank) || !vt_dim_is_static(v->shape.dims[i]);

        dims[i] = open ? 0 : v->shape.dims[i].min;
    }
    output_memory(r, m->outer, v->type, rank, dims, &status);
    return status;
}

static int store_joined(struct run *r, int map)
{
    const struct vt_body_map *m = &r->body->maps[map];
    const struct vt_tensor *last = &r->last[m->inner];
    int64_t axis = axis_of(m, last->rank), dims[VT_MAX_RANK], outer, total = 0, at = 0;
    const char *bytes = buffer(r, joined_buffer(r->body, map), 1);
    const int64_t *lengths = buffer(r, joined_buffer(r->body, map) + 1, 1);
    size_t place, offset = m->stride < 0 ? (size_t)r->pieces[map] : 0;
    char *to;
    int status = VT_OK;

    if (r->pieces[map] == 0 && r->l->out[m->outer].bytes) {
        return VT_OK; /* made in place */
    }
    cut(last, axis, &outer, &place);
    for (int64_t k = 0; k < r->iteration; k++) {
        total += lengths[k];
    }
    if ((size_t)r->pieces[map] != (size_t)total * place * (size_t)outer) {
        return vt_fail(r->cpu->err, VT_E_SHAPE, "an iteration gives output %d another shape", m->outer);
    }
    memcpy(dims, last->dims, (size_t)last->rank * sizeof(*dims));
    dims[axis] = total;
    to = output_memory(r, m->outer, last->type, last->rank, dims, &status);
    for (int64_t k = 0; k < r->iteration && status == VT_OK; k++) {
        int64_t n = lengths[m->stride < 0 ? r->iteration - 1 - k : k];
        size_t run = (size_t)n * place;

        offset -= m->stride < 0 ? run * (size_t)outer : 0;
        for (int64_t o = 0; o < outer && run; o++) {
            memcpy(to + ((size_t)(o * total + at)) * place, bytes + offset + (size_t)o * run, run);
        }
        offset += m->stride < 0 ? 0 : run * (size_t)outer;
        at += n;
    }
    return status;
}

static int store_outputs(struct run *r)
{
    int status = VT_OK;

    for (int i = 0; i < r->body->n_maps && status == VT_OK; i++) {
        const struct vt_body_map *m = &r->body->maps[i];

        if (m->kind == VT_MAP_OUTPUT) {
            status = store_last(r, m);
        } else if (m->kind == VT_MAP_CONCAT) {
            status = r->iteration ? store_joined(r, i) : store_empty(r, m);
        }
    }
    return status;
}

/* ---- the step */

static bool given(const struct run *r, int input)
{
    return !r->l->left_out[input] && vt_tensor_count(&r->outer[input]) > 0;
}

/* How often the body may run, and whether it does at all. */
static int begin(struct run *r, bool *condition)
{
    *condition = true;
    r->trips = -1;
    switch (r->l->kind) {
    case BRANCH: r->trips = 1; return VT_OK;
    case LOOP:
        r->trips = given(r, 0) ? number(&r->outer[0]) : -1;
        *condition = !given(r, 1) || number(&r->outer[1]) != 0;
        if (r->trips < 0 && *condition && !r->body->has_condition) {
            return vt_fail(r->cpu->err, VT_E_INVALID, "neither a trip count nor a condition ends the loop");
        }
        return VT_OK;
    default: break;
    }
    for (int i = 0; i < r->body->n_maps; i++) {
        const struct vt_body_map *m = &r->body->maps[i];
        int64_t n = -1, axis;

        if (m->kind != VT_MAP_SLICED) {
            continue;
        }
        axis = axis_of(m, r->outer[m->outer].rank);
        if (axis >= 0 && axis < r->outer[m->outer].rank) {
            n = trips_of(m, r->outer[m->outer].dims[axis]);
        }
        if (n < 0 || (r->trips >= 0 && n != r->trips)) {
            return vt_fail(r->cpu->err, VT_E_SHAPE,
                           "input %d cannot be sliced from %lld to %lld by %lld for %lld iterations",
                           m->outer, (long long)m->start, (long long)m->end, (long long)m->stride,
                           (long long)r->trips);
        }
        r->trips = n;
    }
    return r->trips >= 0
               ? VT_OK
               : vt_fail(r->cpu->err, VT_E_INVALID, "no sliced input tells how often the body runs");
}

static int most(const struct looper *l, size_t member)
{
    int a = *(const int *)((const char *)&l->body[0] + member);
    int b = *(const int *)((const char *)&l->body[1] + member);

    return a > b ? a : b;
}

static int make_tables(struct run *r)
{
    const struct looper *l = r->l;
    int n_in = r->step->n_in, n_params = most(l, offsetof(struct body, n_params)),
        n_results = most(l, offsetof(struct body, n_results)),
        n_maps = most(l, offsetof(struct body, n_maps));
    size_t tensors = (size_t)(n_in + n_params + 2 * n_results);
    char *memory =
        buffer(r, TABLES, tensors * sizeof(struct vt_tensor) + (size_t)n_maps * sizeof(int64_t) + 1);

    if (!memory) {
        return no_memory(r);
    }
    memset(memory, 0, tensors * sizeof(struct vt_tensor) + (size_t)n_maps * sizeof(int64_t));
    r->outer = (struct vt_tensor *)memory;
    r->in = r->outer + n_in;
    r->last = r->in + n_params;
    r->next = r->last + n_results;
    r->pieces = (int64_t *)(r->next + n_results);
    for (int i = 0; i < n_in; i++) {
        int value = r->step->in[i];

        if (value < 0) {
            continue;
        }
        if (r->cpu->plan->values[value].t.rank < 0) {
            r->outer[i] = r->cpu->dynamic[value];
        } else {
            r->outer[i] = l->in[i];
            r->outer[i].data = r->cpu->data[value];
        }
    }
    return VT_OK;
}

static int run(const struct cpu_step *step, struct cpu_run *cpu)
{
    const struct looper *l = step->data;
    struct run r = {.l = l, .body = &l->body[0], .step = step, .cpu = cpu};
    bool condition;
    int status = make_tables(&r);

    if (status) {
        return status;
    }
    if (l->kind == BRANCH) {
        if (vt_tensor_count(&r.outer[0]) != 1) {
            return vt_fail(cpu->err, VT_E_SHAPE, "input 0 (condition) must have one element");
        }
        r.body = &l->body[number(&r.outer[0]) ? 0 : 1];
    }
    status = begin(&r, &condition);
    while (status == VT_OK && condition && (r.trips < 0 || r.iteration < r.trips)) {
        status = iterate(&r);
        condition = status == VT_OK && goes_on(&r);
    }
    return status ? status : store_outputs(&r);
}

static int prepare_body(struct cpu_build *b, const struct cpu_op *op, int index, struct body *body,
                        struct vt_error *err)
{
    const struct vt_host *host = op->host;
    struct vt_graph *graph = host->node_body(op->node, index);

    body->maps = host->node_body_maps(op->node, index, &body->n_maps);
    body->n_params = host->graph_n_params(graph);
    body->n_results = host->graph_n_results(graph);
    for (int i = 0; i < body->n_maps; i++) {
        const struct vt_body_map *m = &body->maps[i];

        body->has_condition |= m->kind == VT_MAP_CONDITION;
        if (m->kind == VT_MAP_COUNTER) {
            const struct vt_value *v = host->node_value(host->graph_param(graph, m->inner), 0);

            body->counter = v->type;
            body->counter_rank = v->shape.rank == 1;
        }
    }
    body->plans = cpu_plans_inner(b, graph, false, err);
    if (body->plans && (b->ahead || b->graph == b->model->graph)) {
        cpu_plans_pack(body->plans);
    }
    return body->plans ? VT_OK : VT_E_NOMEM;
}

static int prepare(struct cpu_build *b, const struct cpu_op *op, const struct cpu_option *option,
                   struct cpu_step *step, struct vt_error *err)
{
    struct looper *l = cpu_plan_alloc(b, sizeof(*l));
    int status = VT_OK;

    (void)option;
    if (l) {
        l->in = cpu_plan_alloc(b, (size_t)op->n_in * sizeof(*l->in));
        l->out = cpu_plan_alloc(b, (size_t)op->n_out * sizeof(*l->out));
        l->left_out = cpu_plan_alloc(b, (size_t)(op->n_in + 2) * sizeof(*l->left_out));
    }
    if (!l || !l->in || !l->out || !l->left_out) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    l->kind = kind_of(op);
    memset(l->left_out, true, (size_t)(op->n_in + 2) * sizeof(*l->left_out));
    for (int i = 0; i < op->n_in; i++) {
        const struct cpu_value *v = cpu_build_in(b, step, i);

        l->left_out[i] = !v;
        if (v) {
            l->in[i] = v->t;
        }
    }
    for (int i = 0; i < op->n_out; i++) {
        l->out[i] = cpu_build_out(b, step, i)->t;
    }
    for (int i = 0; i < op->host->node_n_bodies(op->node) && status == VT_OK; i++) {
        status = prepare_body(b, op, i, &l->body[i], err);
    }
    step->run = run;
    step->data = l;
    step->kernel = "plan";
    return status;
}

static int options(const struct cpu_op *op, struct cpu_option *o)
{
    (void)op;
    o[0] = (struct cpu_option){.cost = 1e6}; /* never serial: what is inside may be anything */
    return 1;
}

const struct cpu_impl cpu_impl_body = {
    .name = "body",
    .supports = supports,
    .options = options,
    .prepare = prepare,
};
