/* The builder of models on arbitrary calls: every operation that there is, with attributes of its schema and
 * others, ports in any order, bodies, and wires of all kinds. What can be finished must also survive being
 * cloned, saved and read as bytes. A failure has a message, and nothing is added after it. */
#include "binary.h"
#include "builder.h"
#include "graph.h"
#include "map.h"
#include "save_ir.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

struct input {
    const uint8_t *at, *end;
};

static unsigned take(struct input *in, unsigned n)
{
    unsigned v = 0;

    if (in->at < in->end) {
        v = *in->at++;
    }
    if (n > 256 && in->at < in->end) {
        v = v << 8 | *in->at++;
    }
    return n ? v % n : 0;
}

/* ---- operations: name and opset of each version */

#define MAX_OPS 4096

static const char *op_names[MAX_OPS];
static int op_sets[MAX_OPS];
static unsigned n_ops;

static void note_op(void *ctx, const char *name, int opset)
{
    (void)ctx;
    if (n_ops < MAX_OPS && opset > 0) {
        op_names[n_ops] = name;
        op_sets[n_ops++] = opset;
    }
}

/* ---- one builder at work */

#define MAX_PORTS 64
#define MAX_ATTRS 8

struct work {
    struct input *in;
    struct vt_builder *builder;
    struct vt_builder_port ports[MAX_PORTS];
    unsigned n_ports;
    int depth;
};

static void keep(struct work *w, struct vt_builder_port port)
{
    struct vt_error err = {0};
    int status = vt_builder_failure(w->builder, &err);

    if ((port.node == 0) != (status != VT_OK) || (status && !err.text[0])) {
        abort(); /* a port after a failure, or a failure without a message */
    }
    if (port.node && w->n_ports < MAX_PORTS) {
        w->ports[w->n_ports++] = port;
    }
}

static struct vt_builder_port any_port(struct work *w)
{
    unsigned i = take(w->in, w->n_ports + 2);
    struct vt_builder_port none = {0, 0, 0};

    if (i >= w->n_ports || !w->n_ports) {
        return i == w->n_ports + 1 ? (struct vt_builder_port){1, 1, 0} : none;
    }
    /* Another output of it now and then; one that there is not is a failure. */
    w->ports[i].output = take(w->in, 16) == 0 ? take(w->in, 3) : w->ports[i].output;
    return w->ports[i];
}

static void add_parameter(struct work *w)
{
    struct vt_pshape shape = {.rank = (int32_t)take(w->in, 6) - 1};
    char name[16];

    snprintf(name, sizeof(name), "p%u", take(w->in, 64));
    for (int i = 0; i < shape.rank; i++) {
        unsigned d = take(w->in, 8);

        shape.dims[i] = d == 7 ? vt_dim_any() : d == 6 ? (struct vt_dim){1, 5} : vt_dim_fixed(d);
    }
    keep(w, vt_builder_add_parameter(w->builder, name, (enum vt_type)take(w->in, VT_TYPE_COUNT), &shape));
}

static void add_constant(struct work *w)
{
    static const enum vt_type types[] = {VT_I64, VT_F32, VT_I32, VT_BOOLEAN, VT_F16, VT_U4, VT_U8};
    int64_t dims[3], values[64];
    int rank = (int)take(w->in, 4);
    struct vt_tensor t;

    for (int i = 0; i < rank; i++) {
        dims[i] = take(w->in, 4);
    }
    for (int i = 0; i < 64; i++) {
        values[i] = (int64_t)take(w->in, 9) - 2;
    }
    if (vt_tensor_describe(&t, types[take(w->in, 7)], rank, dims)) {
        t.data = t.bytes ? values : NULL;
        if (t.bytes <= sizeof(values)) {
            keep(w, vt_builder_add_constant(w->builder, NULL, &t, NULL));
        }
    }
}

static void fill_attr(struct work *w, const struct vt_op_def *op, struct vt_builder_attr *a, int64_t *list)
{
    static const char *const words[] = {
        "0",   "1",    "-1",    "2",     "1,1",   "2,2", "0,0",  "1,?,3", "f32",
        "i64", "true", "false", "numpy", "none",  "",    "max",  "nan",   "1e300",
        "u4",  "...",  "0.5",   "-5",    "7,7,7", "x",   "same", "value", "9223372036854775807"};
    unsigned n = 0;

    while (op->attrs && op->attrs[n].name) {
        n++;
    }
    *a = (struct vt_builder_attr){.name = n ? op->attrs[take(w->in, n)].name : "odd",
                                  .kind = (enum vt_builder_attr_kind)take(w->in, 5),
                                  .text = words[take(w->in, sizeof(words) / sizeof(words[0]))],
                                  .i64 = (int64_t)take(w->in, 9) - 3,
                                  .f64 = take(w->in, 9) / 4.0,
                                  .i64s = list,
                                  .n = take(w->in, 5)};
    if (a->kind == VT_GIVEN_F64S) {
        a->kind = VT_GIVEN_I64S;
    }
    for (size_t i = 0; i < a->n; i++) {
        list[i] = (int64_t)take(w->in, 6) - 1;
    }
}

static void step(struct work *w);

static struct vt_builder *make_body(struct work *w)
{
    struct work inner = {.in = w->in, .depth = w->depth + 1};

    if (vt_builder_make(NULL, "body", &inner.builder, NULL)) {
        return NULL;
    }
    for (unsigned n = take(w->in, 6); n; n--) {
        step(&inner);
    }
    return inner.builder;
}

static void add_node(struct work *w, const char *type, int number)
{
    const struct vt_op_def *op = vt_op_find(type, number);
    struct vt_builder_attr attrs[MAX_ATTRS];
    struct vt_builder_port inputs[8];
    struct vt_builder_body bodies[2] = {{0}};
    struct vt_body_map maps[2][6] = {{{0}}};
    int64_t lists[MAX_ATTRS][5];
    char opset[16];
    struct vt_builder_node n = {
        .type = type, .opset = opset, .inputs = inputs, .attrs = attrs, .bodies = bodies};

    snprintf(opset, sizeof(opset), "opset%d", number);
    n.n_inputs = op->min_in < 8 && take(w->in, 4) ? op->min_in : (int)take(w->in, 8);
    n.n_outputs = (int)take(w->in, 5);
    for (int i = 0; i < n.n_inputs; i++) {
        inputs[i] = any_port(w);
    }
    for (n.n_attrs = 0; n.n_attrs < (int)take(w->in, MAX_ATTRS); n.n_attrs++) {
        fill_attr(w, op, &attrs[n.n_attrs], lists[n.n_attrs]);
    }
    if (op->flags & VT_OP_BODY && w->depth < 3) {
        n.n_bodies = (int)take(w->in, 3);
    }
    for (int i = 0; i < n.n_bodies; i++) {
        bodies[i].builder = make_body(w);
        bodies[i].maps = maps[i];
        bodies[i].n_maps = (int)take(w->in, 7);
        for (int k = 0; k < bodies[i].n_maps; k++) {
            maps[i][k] = (struct vt_body_map){(enum vt_body_map_kind)take(w->in, 7),
                                              (int)take(w->in, 5) - 1,
                                              (int)take(w->in, 4) - 1,
                                              (int)take(w->in, 4) - 1,
                                              (int64_t)take(w->in, 4) - 1,
                                              (int64_t)take(w->in, 4) - 2,
                                              (int64_t)take(w->in, 4) - 2,
                                              (int64_t)take(w->in, 4) - 2,
                                              take(w->in, 3)};
        }
        if (!bodies[i].builder) {
            n.n_bodies = i;
        }
    }
    keep(w, vt_builder_add(w->builder, &n));
    for (int i = 0; i < n.n_bodies; i++) {
        vt_builder_destroy(bodies[i].builder);
    }
}

static void step(struct work *w)
{
    unsigned which;

    switch (take(w->in, 8)) {
    case 0: add_parameter(w); return;
    case 1: add_constant(w); return;
    case 2: vt_builder_add_result(w->builder, take(w->in, 2) ? "r" : NULL, any_port(w)); return;
    case 3: vt_builder_name_tensor(w->builder, any_port(w), take(w->in, 2) ? "a" : "b"); return;
    case 4: keep(w, vt_builder_other(w->builder, any_port(w), take(w->in, 3))); return;
    default: which = take(w->in, n_ops); add_node(w, op_names[which], op_sets[which]);
    }
}

/* ---- what comes out */

struct text {
    char *data;
    size_t n;
};

static int append(void *user, const void *data, size_t bytes)
{
    struct text *t = user;
    char *wider = realloc(t->data, t->n + bytes + 1);

    if (!wider) {
        return VT_E_NOMEM;
    }
    memcpy(wider + t->n, data, bytes);
    t->data = wider;
    t->n += bytes;
    return VT_OK;
}

static int sink(void *user, const void *data, size_t bytes, struct vt_error *err)
{
    (void)user;
    (void)data;
    (void)bytes;
    (void)err;
    return VT_OK;
}

static void use(const struct vt_model *model)
{
    struct vt_save_sink nowhere = {sink, NULL};
    struct vt_model *copy = NULL;
    struct vt_graph *back = NULL;
    struct text form = {0};
    struct vt_error err = {0};

    if (vt_model_clone(model, &copy, &err)) {
        abort();
    }
    vt_save_ir(copy->graph, 0, &nowhere, &nowhere, NULL);
    if (vt_graph_write(copy->graph, NULL, append, &form, NULL) == VT_OK) {
        if (vt_graph_read(form.data, form.n, NULL, 0, 0, &back, &err)) {
            fprintf(stderr, "%s\n", err.text);
            abort();
        }
        vt_graph_destroy(back);
    }
    free(form.data);
    vt_model_unref(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct input in = {data, data + bytes};
    struct work w = {.in = &in};
    struct vt_model *model = NULL;
    struct vt_error err = {0};

    if (!n_ops) {
        vt_op_names(note_op, NULL);
    }
    if (vt_builder_make(NULL, "fuzz", &w.builder, NULL)) {
        return 0;
    }
    for (int i = 0; i < 24 && in.at < in.end; i++) {
        step(&w);
    }
    if (vt_builder_end(w.builder, &model, &err) == VT_OK) {
        use(model);
        vt_model_unref(model);
    } else if (!err.code || !err.text[0]) {
        abort();
    }
    vt_builder_destroy(w.builder);
    return 0;
}
