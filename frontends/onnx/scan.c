/* Scan, as OpenVINO's TensorIterator: slices of the scan inputs lose the axis along which they are cut before
 * the body sees them, what the body gives gets one along which it is joined. That of opset 8 has a batch in
 * front of everything and becomes one for each row of it. */
#include "control.h"

#define MAX_BATCH 64

struct scan {
    struct onnx_node *n;
    const struct onnx_graph *def;
    int skip;                    /* inputs before the first state */
    int states, inputs, outputs; /* N, M and K of ONNX's text */
    struct onnx_value *in;       /* N + M */
    struct vt_pshape *shapes;    /* of the Parameters, N + M */
    int64_t *in_axes, *out_axes;
    bool *in_back, *out_back;
    struct onnx_body body;
};

static int translate_inputs(struct scan *s)
{
    struct onnx_node *n = s->n, inside = onnx_inside(n, &s->body.scope);

    for (int i = 0; i < s->states && !n->status; i++) {
        onnx_body_param(n, &s->body, i, onnx_type(n, s->in[i]), &s->shapes[i]);
    }
    for (int i = 0; i < s->inputs && !n->status; i++) {
        const char *name = s->def->in[s->states + i].name;
        struct onnx_value v = s->in[s->states + i], slice = ONNX_ABSENT;
        struct onnx_entry *e;

        slice.node = onnx_param(n->t, &s->body.scope, name, onnx_type(n, v), &s->shapes[s->states + i]);
        if (!slice.node) {
            return onnx_pass(n, n->t->err->code);
        }
        slice = onnx_squeeze(&inside, slice, &s->in_axes[i], 1);
        e = inside.status ? NULL : onnx_define(n->t, &s->body.scope, name, ONNX_VALUE);
        if (!e) {
            return onnx_pass(n, inside.status ? inside.status : n->t->err->code);
        }
        e->value = slice;
    }
    return n->status;
}

static int translate_body(struct scan *s)
{
    struct onnx_node *n = s->n;

    if (onnx_body_begin(n, &s->body, s->def) || translate_inputs(s) || onnx_body_nodes(n, &s->body)) {
        return n->status;
    }
    for (int i = 0; i < s->states + s->outputs && !n->status; i++) {
        struct onnx_node inside = onnx_inside(n, &s->body.scope);
        struct onnx_value v = onnx_body_output(n, &s->body, i);

        inside.status = n->status;
        if (i >= s->states) {
            v = onnx_unsqueeze(&inside, v, &s->out_axes[i - s->states], 1);
        }
        onnx_pass(n, inside.status);
        onnx_body_result(n, &s->body, s->def->out[i].name, v);
    }
    return onnx_body_finish(n, &s->body);
}

/* As for Loop: until the shapes of the state are wide enough. */
static int settle(struct scan *s)
{
    struct onnx_node *n = s->n;

    for (int round = 0; translate_body(s) == VT_OK; round++) {
        bool fits = true, give_up = round > 3 || n->t->tries >= ONNX_MAX_TRIES;

        for (int i = 0; i < s->states; i++) {
            fits &= onnx_body_widen(&s->shapes[i], &s->body.results[i].shape, give_up);
        }
        if (fits) {
            break;
        }
        n->t->tries++;
        onnx_body_drop(n, &s->body);
    }
    return n->status;
}

static struct vt_body_map slices(enum vt_body_map_kind kind, int outer, int inner, int64_t axis, bool back)
{
    return (struct vt_body_map){kind,
                                .outer = outer,
                                .inner = inner,
                                .axis = axis,
                                .start = back ? -1 : 0,
                                .end = back ? 0 : -1,
                                .stride = back ? -1 : 1,
                                .part_size = 1};
}

static int wire(struct scan *s, struct vt_node *node)
{
    struct onnx_node *n = s->n;
    struct vt_body_map map;

    for (int i = 0; i < s->states + s->inputs; i++) {
        if (n->t->host->node_connect(node, i, s->in[i].node, s->in[i].port, n->t->err)) {
            return onnx_host_failed(n, n->t->err->code);
        }
    }
    onnx_body_attach(n, node, &s->body, 0, s->states + s->inputs);
    for (int i = 0; i < s->states && !n->status; i++) {
        map = (struct vt_body_map){VT_MAP_MERGED, .outer = i, .inner = i, .back = i};
        onnx_map(n, node, 0, &map);
        map = (struct vt_body_map){VT_MAP_OUTPUT, .outer = i, .inner = i};
        onnx_map(n, node, 0, &map);
    }
    for (int i = 0; i < s->inputs && !n->status; i++) {
        map = slices(VT_MAP_SLICED, s->states + i, s->states + i, s->in_axes[i], s->in_back[i]);
        onnx_map(n, node, 0, &map);
    }
    for (int i = 0; i < s->outputs && !n->status; i++) {
        map = slices(VT_MAP_CONCAT, s->states + i, s->states + i, s->out_axes[i], s->out_back[i]);
        onnx_map(n, node, 0, &map);
    }
    return n->status;
}

/* The node; NULL after an error. */
static struct vt_node *build(struct scan *s)
{
    struct onnx_node *n = s->n;
    struct vt_node *node;

    if (n->status || settle(s)) {
        return NULL;
    }
    node = n->t->host->node_create(n->graph, "TensorIterator", 1, onnx_node_label(n->def),
                                   s->states + s->inputs + onnx_body_captures(&s->body),
                                   s->states + s->outputs, n->t->err);
    if (!node || (wire(s, node) == VT_OK && n->t->host->node_infer(node, n->t->err))) {
        onnx_host_failed(n, n->t->err->code);
    }
    return n->status ? NULL : node;
}

/* Axes and directions of one side, with what is standard where they are not given. */
static int read_sides(struct scan *s, const char *axes_name, const char *directions_name, int count,
                      int64_t **axes, bool **back)
{
    struct onnx_node *n = s->n;
    int n_axes, n_directions;
    const int64_t *a = onnx_attr_is(n, axes_name, &n_axes),
                  *d = onnx_attr_is(n, directions_name, &n_directions);

    *axes = onnx_alloc(n, (size_t)count * sizeof(**axes));
    *back = onnx_alloc(n, (size_t)count * sizeof(**back));
    if (!n->status && ((n_axes && n_axes != count) || (n_directions && n_directions != count))) {
        return onnx_fail(n, VT_E_FORMAT, "attributes '%s' and '%s' have %d and %d numbers, not %d", axes_name,
                         directions_name, n_axes, n_directions, count);
    }
    for (int i = 0; i < count && !n->status; i++) {
        (*axes)[i] = n_axes ? a[i] : 0;
        (*back)[i] = n_directions && d[i];
    }
    return n->status;
}

/* `row` of the batch; -1: there is none. */
static int take_inputs(struct scan *s, int64_t row)
{
    struct onnx_node *n = s->n;
    size_t count = (size_t)(s->states + s->inputs);

    s->in = onnx_alloc(n, count * sizeof(*s->in));
    s->shapes = onnx_alloc(n, count * sizeof(*s->shapes));
    for (int i = 0; i < s->states + s->inputs && !n->status; i++) {
        s->in[i] = onnx_in(n, s->skip + i);
        if (row >= 0) {
            s->in[i] = onnx_gather_axis(n, s->in[i], onnx_i64(n, row), 0);
        }
        if (n->status) {
            break;
        }
        s->shapes[i] = *onnx_shape(n, s->in[i]);
        if (i >= s->states && s->shapes[i].rank >= 0) {
            int64_t *axis = &s->in_axes[i - s->states];

            *axis = onnx_axis(n, *axis, s->shapes[i].rank);
            if (!n->status) {
                s->shapes[i].dims[*axis] = vt_dim_fixed(1);
            }
        }
    }
    return n->status;
}

static int check(struct scan *s)
{
    struct onnx_node *n = s->n;
    int64_t inputs = onnx_attr_i(n, "num_scan_inputs", 0), given = n->def->n_in - s->skip;

    if (n->status) {
        return n->status;
    }
    if (!s->def || inputs < 1 || inputs > given || s->def->n_in != given) {
        return onnx_fail(n, VT_E_FORMAT, "num_scan_inputs is %lld of %lld inputs, its body has %d",
                         (long long)inputs, (long long)given, s->def ? s->def->n_in : 0);
    }
    s->inputs = (int)inputs;
    s->states = (int)(given - inputs);
    s->outputs = s->def->n_out - s->states;
    if (s->outputs < 0 || n->n_out > s->def->n_out) {
        return onnx_fail(n, VT_E_FORMAT, "its body gives %d outputs, %d are wanted", s->def->n_out,
                         n->n_out > s->states ? n->n_out : s->states);
    }
    /* Opset 8 has directions of inputs alone, under a name of their own. */
    read_sides(s, "scan_input_axes", s->skip ? "directions" : "scan_input_directions", s->inputs, &s->in_axes,
               &s->in_back);
    return read_sides(s, "scan_output_axes", "scan_output_directions", s->outputs, &s->out_axes,
                      &s->out_back);
}

/* A row of the batch; its outputs get the axis of the batch. */
static int one_row(struct scan *s, int64_t row, struct onnx_value *rows, int64_t batch)
{
    struct onnx_node *n = s->n;
    struct vt_node *node = take_inputs(s, row) ? NULL : build(s);
    int64_t front = 0;

    for (int i = 0; node && i < s->states + s->outputs; i++) {
        rows[i * batch + row] = onnx_unsqueeze(n, (struct onnx_value){node, i}, &front, 1);
    }
    onnx_body_drop(n, &s->body);
    return n->status;
}

static int with_batch(struct scan *s)
{
    struct onnx_node *n = s->n;
    int64_t batch = n->status ? -1 : onnx_dim(n, onnx_in(n, s->skip), 0);
    struct onnx_value *rows;

    if (onnx_has_in(n, 0)) {
        return onnx_fail(n, VT_E_UNSUPPORTED, "not implemented: sequence_lens of opset 8");
    }
    if (!n->status && (batch < 1 || batch > MAX_BATCH)) {
        return onnx_fail(n, VT_E_UNSUPPORTED,
                         "not implemented: a batch of unknown size, or more than %d, in opset 8", MAX_BATCH);
    }
    rows = onnx_alloc(n, (size_t)(s->states + s->outputs) * (size_t)(batch > 0 ? batch : 0) * sizeof(*rows));
    for (int64_t row = 0; row < batch && !n->status; row++) {
        one_row(s, row, rows, batch);
    }
    for (int i = 0; i < s->states + s->outputs && !n->status; i++) {
        onnx_out(n, i, onnx_concat(n, rows + i * batch, (int)batch, 0));
    }
    return n->status;
}

int onnx_scan(struct onnx_node *n)
{
    struct scan s = {.n = n, .def = onnx_attr_graph(n, "body"), .skip = n->opset < 9};
    struct vt_node *node;

    if (check(&s)) {
        return n->status;
    }
    if (s.skip) {
        return with_batch(&s);
    }
    node = take_inputs(&s, -1) ? NULL : build(&s);
    for (int i = 0; node && i < s.states + s.outputs; i++) {
        onnx_out(n, i, (struct onnx_value){node, i});
    }
    onnx_body_drop(n, &s.body);
    return n->status;
}
