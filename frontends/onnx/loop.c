/* Loop. The body is translated with the shapes that the carried values have at first; where another shape
 * comes back it is translated again with a wider one. */
#include "control.h"

struct loop {
    struct onnx_node *n;
    const struct onnx_graph *def;
    struct onnx_value trips, condition, *first; /* first values of what is carried */
    int carried, scans;
    enum vt_type *types;
    struct vt_pshape *shapes;
    struct onnx_body body;
};

/* The condition that the body gets: whenever it runs, that is true. */
static int define_condition(struct loop *l)
{
    struct onnx_node inside = onnx_inside(l->n, &l->body.scope);
    const char *name = l->def->in[1].name;
    struct onnx_value yes = onnx_number(&inside, VT_BOOLEAN, 1);
    struct onnx_entry *e;

    if (onnx_rank(l->n, l->condition) == 1) {
        yes = onnx_reshape(&inside, yes, (const int64_t[]){1}, 1, false);
    }
    e = inside.status ? NULL : onnx_define(l->n->t, &l->body.scope, name, ONNX_VALUE);
    if (!e) {
        return onnx_pass(l->n, inside.status ? inside.status : l->n->t->err->code);
    }
    e->value = yes;
    return VT_OK;
}

static int translate_body(struct loop *l)
{
    struct onnx_node *n = l->n;
    struct onnx_body *b = &l->body;
    struct vt_pshape scalar = {.rank = 0};
    int64_t zero = 0;

    if (onnx_body_begin(n, b, l->def) || onnx_body_param(n, b, 0, VT_I64, &scalar) < 0 ||
        define_condition(l)) {
        return n->status;
    }
    for (int i = 0; i < l->carried && !n->status; i++) {
        onnx_body_param(n, b, 2 + i, l->types[i], &l->shapes[i]);
    }
    if (n->status || onnx_body_nodes(n, b)) {
        return n->status;
    }
    for (int i = 0; i < 1 + l->carried + l->scans && !n->status; i++) {
        struct onnx_node inside = onnx_inside(n, &b->scope);
        struct onnx_value v = onnx_body_output(n, b, i);

        inside.status = n->status;
        if (i == 0) {
            v = onnx_convert(&inside, v, VT_BOOLEAN);
        } else if (i > l->carried) {
            v = onnx_unsqueeze(&inside, v, &zero, 1);
        }
        onnx_pass(n, inside.status);
        onnx_body_result(n, b, l->def->out[i].name, v);
    }
    return onnx_body_finish(n, b);
}

/* Whether what comes back fits; else `shapes` are wider. */
static bool settled(struct loop *l, int round)
{
    bool fits = true;

    for (int i = 0; i < l->carried; i++) {
        fits &= onnx_body_widen(&l->shapes[i], &l->body.results[1 + i].shape, round > 3);
    }
    return fits;
}

static int settle(struct loop *l)
{
    struct onnx_node *n = l->n;

    for (int round = 0; translate_body(l) == VT_OK; round++) {
        bool spent = n->t->tries >= ONNX_MAX_TRIES;

        if (settled(l, spent ? 4 : round)) {
            break;
        }
        n->t->tries++;
        onnx_body_drop(n, &l->body);
    }
    return n->status;
}

static int connect(struct loop *l, struct vt_node *node)
{
    const struct vt_host *host = l->n->t->host;
    struct vt_error *err = l->n->t->err;
    int status = host->node_connect(node, 0, l->trips.node, l->trips.port, err);

    status = status ? status : host->node_connect(node, 1, l->condition.node, l->condition.port, err);
    for (int i = 0; i < l->carried && !status; i++) {
        status = host->node_connect(node, 2 + i, l->first[i].node, l->first[i].port, err);
    }
    return status ? onnx_host_failed(l->n, status) : VT_OK;
}

static int wire(struct loop *l, struct vt_node *node)
{
    struct onnx_node *n = l->n;
    struct vt_body_map map = {VT_MAP_COUNTER, .outer = -1, .inner = 0};

    if (connect(l, node) || onnx_body_attach(n, node, &l->body, 0, 2 + l->carried)) {
        return n->status;
    }
    onnx_map(n, node, 0, &map);
    map = (struct vt_body_map){VT_MAP_CONDITION, .outer = -1, .inner = 0};
    onnx_map(n, node, 0, &map);
    for (int i = 0; i < l->carried && !n->status; i++) {
        map = (struct vt_body_map){VT_MAP_MERGED, .outer = 2 + i, .inner = 1 + i, .back = 1 + i};
        onnx_map(n, node, 0, &map);
        map = (struct vt_body_map){VT_MAP_OUTPUT, .outer = i, .inner = 1 + i};
        onnx_map(n, node, 0, &map);
    }
    for (int i = l->carried; i < l->carried + l->scans && !n->status; i++) {
        map = (struct vt_body_map){VT_MAP_CONCAT, .outer = i, .inner = 1 + i, .axis = 0,
                                   .start = 0,    .end = -1,  .stride = 1,    .part_size = 1};
        onnx_map(n, node, 0, &map);
    }
    return n->status;
}

static int build(struct loop *l)
{
    struct onnx_node *n = l->n;
    int n_out = l->carried + l->scans;
    struct vt_node *node =
        n->t->host->node_create(n->graph, "Loop", 5, onnx_node_label(n->def),
                                2 + l->carried + onnx_body_captures(&l->body), n_out, n->t->err);

    if (!node) {
        return onnx_host_failed(n, n->t->err->code);
    }
    if (wire(l, node) == VT_OK && n->t->host->node_infer(node, n->t->err)) {
        return onnx_host_failed(n, n->t->err->code);
    }
    for (int i = 0; i < n_out && !n->status; i++) {
        onnx_out(n, i, (struct onnx_value){node, i});
    }
    return n->status;
}

static int check(struct loop *l)
{
    struct onnx_node *n = l->n;

    l->carried = n->def->n_in > 2 ? n->def->n_in - 2 : 0;
    if (!l->def) {
        return onnx_fail(n, VT_E_FORMAT, "attribute 'body' is missing");
    }
    if (l->def->n_in != 2 + l->carried || l->def->n_out < 1 + l->carried) {
        return onnx_fail(n, VT_E_FORMAT, "its body has %d inputs and %d outputs; %d values are carried along",
                         l->def->n_in, l->def->n_out, l->carried);
    }
    l->scans = l->def->n_out - 1 - l->carried;
    if (n->n_out > l->carried + l->scans) {
        return onnx_fail(n, VT_E_FORMAT, "it has %d outputs, its body gives %d", n->n_out,
                         l->carried + l->scans);
    }
    return VT_OK;
}

static int take_inputs(struct loop *l)
{
    struct onnx_node *n = l->n;

    l->trips = onnx_in_opt(n, 0);
    l->condition = onnx_in_opt(n, 1);
    l->trips = l->trips.node || n->status ? l->trips : onnx_i64(n, -1);
    l->condition = l->condition.node || n->status ? l->condition : onnx_number(n, VT_BOOLEAN, 1);
    l->first = onnx_alloc(n, (size_t)l->carried * sizeof(*l->first));
    l->types = onnx_alloc(n, (size_t)l->carried * sizeof(*l->types));
    l->shapes = onnx_alloc(n, (size_t)l->carried * sizeof(*l->shapes));
    for (int i = 0; i < l->carried && !n->status; i++) {
        const struct onnx_info *info = &l->def->in[2 + i];
        const char *missing;

        l->first[i] = onnx_in(n, 2 + i);
        if (n->status) {
            break;
        }
        l->types[i] = onnx_type(n, l->first[i]);
        l->types[i] = l->types[i] ? l->types[i] : onnx_proto_type(info->elem_type, &missing);
        l->shapes[i] = *onnx_shape(n, l->first[i]);
    }
    return n->status;
}

static bool carries_sequence(struct onnx_node *n)
{
    for (int i = 2; i < n->def->n_in; i++) {
        if (onnx_in_sequence(n, i)) {
            return true;
        }
    }
    return false;
}

int onnx_loop(struct onnx_node *n)
{
    struct loop l = {.n = n, .def = onnx_attr_graph(n, "body")};

    if (!n->status && check(&l) == VT_OK && carries_sequence(n)) {
        return onnx_unroll(n, l.def, l.carried, l.scans);
    }
    if (!n->status && take_inputs(&l) == VT_OK && settle(&l) == VT_OK) {
        build(&l);
    }
    onnx_body_drop(n, &l.body);
    return n->status;
}
