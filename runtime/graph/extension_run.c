/* Calls into extensions. What they answer is looked at before anything relies on it. */
#include "element.h"
#include "extension.h"
#include "graph.h"
#include "state.h"

struct vt_extension_call {
    const struct vt_node *node;
    struct vt_error *err;
    struct vt_eval *eval;       /* NULL during infer */
    vt_extension_tensor_t *out; /* what evaluate sees of the outputs */
    bool failed;
};

/* ---- what they may call */

static int host_fail(vt_extension_call_t *call, const char *format, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    call->failed = true;
    vt_fail(call->err, VT_E_INVALID, "%s", text);
    return -1;
}

static const char *host_node_name(vt_extension_call_t *call)
{
    return call->node->name;
}

static int64_t host_attr_i64(vt_extension_call_t *call, const char *name)
{
    return vt_attr_i64(call->node, name);
}

static double host_attr_f64(vt_extension_call_t *call, const char *name)
{
    return vt_attr_f64(call->node, name);
}

static const char *host_attr_text(vt_extension_call_t *call, const char *name)
{
    return vt_attr_str(call->node, name);
}

static const int64_t *host_attr_i64s(vt_extension_call_t *call, const char *name, size_t *n)
{
    int64_t count;
    const int64_t *list = vt_attr_i64s(call->node, name, &count);

    if (n) {
        *n = (size_t)count;
    }
    return list;
}

static const double *host_attr_f64s(vt_extension_call_t *call, const char *name, size_t *n)
{
    int64_t count;
    const double *list = vt_attr_f64s(call->node, name, &count);

    if (n) {
        *n = (size_t)count;
    }
    return list;
}

_Static_assert(sizeof(vt_extension_dim_t) == sizeof(struct vt_dim), "the same two numbers");
_Static_assert(VT_EXTENSION_MAX_RANK == VT_MAX_RANK, "dims are copied one to one");

static const vt_extension_dim_t *host_attr_shape(vt_extension_call_t *call, const char *name, int32_t *rank)
{
    const struct vt_pshape *shape = vt_attr_shape(call->node, name);

    *rank = shape ? shape->rank : -1;
    return shape ? (const vt_extension_dim_t *)(const void *)shape->dims : NULL;
}

static int host_attr_given(vt_extension_call_t *call, const char *name)
{
    const struct vt_attr_def *attrs = call->node->op->attrs;

    for (int i = 0; attrs && attrs[i].name; i++) {
        if (strcmp(attrs[i].name, name) == 0) {
            return call->node->attrs_given >> i & 1;
        }
    }
    return 0;
}

static void view_of(vt_extension_tensor_t *to, const struct vt_tensor *t)
{
    *to = (vt_extension_tensor_t){.type = (int32_t)t->type, .rank = t->rank};
    if (t->rank >= 0 && t->bytes) {
        to->data = t->data;
        to->bytes = t->bytes;
    }
    for (int k = 0; k < t->rank; k++) {
        to->dims[k] = t->dims[k];
    }
}

static int host_output(vt_extension_call_t *call, size_t index, int32_t rank, const int64_t *dims)
{
    struct vt_eval *e = call->eval;
    const struct vt_value *v;

    if (!e) {
        return host_fail(call, "outputs have no memory during infer");
    }
    if (index >= (size_t)call->node->n_out) {
        return host_fail(call, "there is no output %zu", index);
    }
    v = &call->node->out[index].v;
    for (int32_t k = 0; k < rank && rank <= VT_MAX_RANK; k++) {
        if (dims[k] < 0) {
            return host_fail(call, "output %zu cannot have %lld elements along axis %d", index,
                             (long long)dims[k], (int)k);
        }
    }
    if (rank < 0 || rank > VT_MAX_RANK || !vt_pshape_accepts(&v->shape, rank, dims)) {
        return host_fail(call, "evaluate gives output %zu (rank %d) a shape that infer did not allow for",
                         index, (int)rank);
    }
    if (vt_eval_output(e, (int)index, e->out[index].type, rank, dims)) {
        call->failed = true;
        return -1;
    }
    view_of(&call->out[index], &e->out[index]);
    return 0;
}

static int host_cancelled(vt_extension_call_t *call)
{
    struct vt_state_store *states = call->eval ? call->eval->states : NULL;

    return states && atomic_load_explicit(&states->cancelled, memory_order_relaxed);
}

static const vt_extension_host_t host = {
    .abi = VT_EXTENSION_ABI(vt_extension_host_t),
    .fail = host_fail,
    .node_name = host_node_name,
    .attr_i64 = host_attr_i64,
    .attr_f64 = host_attr_f64,
    .attr_text = host_attr_text,
    .attr_i64s = host_attr_i64s,
    .attr_f64s = host_attr_f64s,
    .attr_shape = host_attr_shape,
    .attr_given = host_attr_given,
    .output = host_output,
    .cancelled = host_cancelled,
};

/* A call that came back: its own message, or one that says who failed. */
static int outcome(struct vt_extension_call *call, int answer, const char *what)
{
    const struct vt_extension *extension = vt_extension_of(call->node->op);

    if (!answer && !call->failed) {
        return VT_OK;
    }
    if (!call->failed && host_cancelled(call)) {
        return vt_fail(call->err, VT_E_CANCELLED, "the inference was cancelled");
    }
    vt_fail(call->err, VT_E_INVALID, "%s of the extension '%s' fails (%d) without a message", what,
            extension->path, answer);
    return call->err && call->err->code ? call->err->code : VT_E_INVALID;
}

/* ---- data. Constants of a mapped file may lie anywhere; extensions get what C promises. */

static bool is_aligned(const struct vt_tensor *t)
{
    unsigned size = vt_type_info(t->type)->bits / 8;

    return size < 2 || (uintptr_t)t->data % size == 0;
}

/* ---- infer */

/* Elements that are known without being a constant: computed from shapes. */
static const void *known_elements(struct vt_infer *c, const struct vt_value *v)
{
    struct vt_tensor t;
    int64_t dims[VT_MAX_RANK];

    if (!v->bounds || !vt_is_integral(v->type) || !vt_pshape_is_static(&v->shape)) {
        return NULL;
    }
    for (int k = 0; k < v->shape.rank; k++) {
        dims[k] = v->shape.dims[k].min;
    }
    for (int64_t i = 0; i < v->bounds->n; i++) {
        if (v->bounds->lo[i] != v->bounds->hi[i]) {
            return NULL;
        }
    }
    if (!vt_tensor_describe(&t, v->type, v->shape.rank, dims) || vt_tensor_count(&t) != v->bounds->n) {
        return NULL;
    }
    t.data = c->alloc(c->alloc_ctx, t.bytes ? t.bytes : 1);
    for (int64_t i = 0; t.data && i < v->bounds->n; i++) {
        vt_set_i64(&t, i, v->bounds->lo[i]);
    }
    return t.data;
}

static int show_input(struct vt_infer *c, int index, vt_extension_value_t *to)
{
    const struct vt_value *v = c->in[index];
    const struct vt_tensor *t = v->constant;

    if (v->type == VT_STRING) {
        return vt_fail(c->err, VT_E_UNSUPPORTED, "not implemented: strings (input %d) in extensions", index);
    }
    to->type = (int32_t)v->type;
    to->rank = v->shape.rank;
    for (int k = 0; k < v->shape.rank; k++) {
        to->dims[k] = (vt_extension_dim_t){v->shape.dims[k].min, v->shape.dims[k].max};
    }
    if (!t) {
        to->data = known_elements(c, v);
    } else if (t->bytes && is_aligned(t)) {
        to->data = t->data;
    } else if (t->bytes) {
        void *copy = c->alloc(c->alloc_ctx, t->bytes);

        if (!copy) {
            return vt_fail(c->err, VT_E_NOMEM, "out of memory");
        }
        to->data = memcpy(copy, t->data, t->bytes);
    }
    return VT_OK;
}

static bool dim_fits(struct vt_dim now, struct vt_dim before)
{
    return now.min >= before.min && (before.max < 0 || (now.max >= 0 && now.max <= before.max));
}

/* With fixed shapes nothing may come out that was excluded before: others have relied on that. */
static bool fits_before(const struct vt_value *now, const struct vt_value *before)
{
    if (before->type != VT_DYNAMIC && before->type != now->type) {
        return false;
    }
    if (before->shape.rank < 0 || now->shape.rank < 0) {
        return before->shape.rank < 0;
    }
    if (before->shape.rank != now->shape.rank) {
        return false;
    }
    for (int k = 0; k < now->shape.rank; k++) {
        if (!dim_fits(now->shape.dims[k], before->shape.dims[k])) {
            return false;
        }
    }
    return true;
}

static int take_output(struct vt_infer *c, int index, const vt_extension_value_t *from)
{
    struct vt_value *v = &c->out[index];

    if (from->type < 0 || from->type >= VT_TYPE_COUNT || from->type == VT_STRING) {
        return vt_fail(c->err, VT_E_INVALID, "infer gives output %d the element type %d, which there is not",
                       index, (int)from->type);
    }
    if (from->rank < -1 || from->rank > VT_MAX_RANK) {
        return vt_fail(c->err, VT_E_INVALID, "infer gives output %d the rank %d", index, (int)from->rank);
    }
    v->type = (enum vt_type)from->type;
    v->shape.rank = from->rank;
    for (int k = 0; k < from->rank; k++) {
        struct vt_dim d = {from->dims[k].min, from->dims[k].max};

        if (d.min < 0 || d.max < -1 || (d.max >= 0 && d.max < d.min)) {
            return vt_fail(c->err, VT_E_INVALID, "infer gives output %d the dimension %lld..%lld", index,
                           (long long)d.min, (long long)d.max);
        }
        v->shape.dims[k] = d;
    }
    if (c->at_run && v->type == VT_DYNAMIC) {
        return vt_fail(c->err, VT_E_INVALID, "infer leaves the element type of output %d open", index);
    }
    if (c->at_run && !fits_before(v, &c->node->out[index].v)) {
        return vt_fail(c->err, VT_E_INVALID, "infer contradicts what it said of output %d before", index);
    }
    return VT_OK;
}

int vt_extension_infer(struct vt_infer *c)
{
    const struct vt_extension_op *op = vt_extension_op_of(c->node->op);
    struct vt_extension_call call = {.node = c->node, .err = c->err};
    size_t n = (size_t)c->n_in + (size_t)c->n_out;
    vt_extension_value_t *values = c->alloc(c->alloc_ctx, (n + 1) * sizeof(*values));
    vt_extension_value_t **list = c->alloc(c->alloc_ctx, (n + 1) * sizeof(*list));
    vt_extension_infer_t ask = {.host = &host,
                                .call = &call,
                                .context = op->fns->context,
                                .n_inputs = (size_t)c->n_in,
                                .n_outputs = (size_t)c->n_out};
    int status = values && list ? VT_OK : vt_fail(c->err, VT_E_NOMEM, "out of memory");

    for (int i = 0; i < c->n_in && status == VT_OK; i++) {
        if (c->in[i]) {
            list[i] = &values[i];
            status = show_input(c, i, list[i]);
        }
    }
    for (size_t i = (size_t)c->n_in; i < n && status == VT_OK; i++) {
        values[i].rank = -1;
        list[i] = &values[i];
    }
    if (status) {
        return status;
    }
    ask.inputs = (const vt_extension_value_t *const *)list;
    ask.outputs = list + c->n_in;
    status = outcome(&call, op->fns->infer(&ask), "infer");
    for (int i = 0; i < c->n_out && status == VT_OK; i++) {
        status = take_output(c, i, &values[c->n_in + i]);
    }
    return status;
}

/* An extension's evaluate expects the types of the model, so it is not asked for bounds. */
int vt_extension_bounds(struct vt_infer *c)
{
    (void)c;
    return VT_OK;
}

/* ---- evaluate */

struct evaluation {
    struct vt_arena arena;
    vt_extension_tensor_t *tensors; /* inputs, then outputs */
    const vt_extension_tensor_t **list;
};

static bool show_tensors(struct evaluation *x, const struct vt_eval *e)
{
    size_t n = (size_t)e->n_in + (size_t)e->n_out;

    x->tensors = vt_arena_array(&x->arena, n + 1, sizeof(*x->tensors));
    x->list = vt_arena_array(&x->arena, n + 1, sizeof(*x->list));
    if (!x->tensors || !x->list) {
        return false;
    }
    for (int i = 0; i < e->n_in; i++) {
        if (e->in[i].type == VT_DYNAMIC) {
            continue;
        }
        view_of(&x->tensors[i], &e->in[i]);
        x->list[i] = &x->tensors[i];
        if (e->in[i].bytes && !is_aligned(&e->in[i])) {
            x->tensors[i].data = vt_arena_copy(&x->arena, e->in[i].data, e->in[i].bytes);
            if (!x->tensors[i].data) {
                return false;
            }
        }
    }
    for (int i = 0; i < e->n_out; i++) {
        view_of(&x->tensors[e->n_in + i], &e->out[i]);
        x->list[e->n_in + i] = &x->tensors[e->n_in + i];
    }
    return true;
}

int vt_extension_eval(struct vt_eval *e)
{
    const struct vt_extension_op *op = vt_extension_op_of(e->node->op);
    struct vt_extension_call call = {.node = e->node, .err = e->err, .eval = e};
    struct evaluation x = {0};
    int status = show_tensors(&x, e) ? VT_OK : vt_fail(e->err, VT_E_NOMEM, "out of memory");

    if (status == VT_OK) {
        vt_extension_evaluate_t ask = {.host = &host,
                                       .call = &call,
                                       .context = op->fns->context,
                                       .n_inputs = (size_t)e->n_in,
                                       .n_outputs = (size_t)e->n_out,
                                       .inputs = x.list,
                                       .outputs = x.list + e->n_in};

        call.out = x.tensors + e->n_in;
        status = outcome(&call, op->fns->evaluate(&ask), "evaluate");
    }
    for (int i = 0; i < e->n_out && status == VT_OK; i++) {
        if (e->out[i].rank < 0) {
            status = vt_fail(e->err, VT_E_INVALID, "evaluate leaves output %d without a shape", i);
        }
    }
    vt_arena_finish(&x.arena);
    return status;
}
