/* Graphs of a few operations (op_text.h) on the CPU device, compiled once as they are and run at several
 * sizes of what is left open, against the references run node by node. Where these give a result so must the
 * device, of the same type and shape, and as close as single precision allows. */
#include "core.h"
#include "element.h"
#include "hash.h"
#include "op_text.h"
#include "request.h"
#include "shape.h"
#include "state.h"
#include "vt/strings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t room, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes,
                                 uint8_t *out, size_t room, unsigned seed);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

enum { MAX_IN = 32, MAX_OUT = 64, ROUNDS = 4 };

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=256";
}

const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:print_stacktrace=1";
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t room, unsigned seed)
{
    return op_text_mutate(data, bytes, room, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes,
                                 uint8_t *out, size_t room, unsigned seed)
{
    return op_text_cross(a, a_bytes, b, b_bytes, out, room, seed);
}

static struct vt_core *core;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct vt_error err = {0};

    (void)argc;
    (void)argv;
    if (setenv("VT_PLUGIN_PATH", CPU_PLUGIN, 0) || vt_core_create(NULL, &core, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return 0;
}

/* ---- one set of inputs, and what the references make of it */

struct set {
    struct vt_buffer *in[MAX_IN];
    struct vt_tensor out[MAX_OUT];
    int n_in, n_out;
    unsigned wild;
    bool random, tame; /* whether two runs may differ; whether all the references' numbers are ordinary */
};

static void set_finish(struct set *s)
{
    for (int i = 0; i < s->n_in; i++) {
        vt_buffer_unref(s->in[i]);
    }
    for (int i = 0; i < s->n_out; i++) {
        vt_tensor_free(&s->out[i]);
    }
}

/* A size for an open dimension: the round's for most, so that inputs fit each other. */
static int64_t size_for(uint64_t *state, struct vt_dim d, int64_t round)
{
    int64_t size = op_text_next(state) % 8 ? round : (int64_t)(op_text_next(state) % 6);

    size = size < d.min ? d.min : size;
    return d.max >= 0 && size > d.max ? d.max : size;
}

/* A buffer owns its texts: they are copied. */
static bool fill(uint64_t *state, struct vt_buffer *b, unsigned wild)
{
    struct vt_tensor t = b->t;
    bool good;

    if (t.type != VT_STRING) {
        op_text_fill(state, &b->t, wild);
        return true;
    }
    t.data = NULL;
    good = !vt_tensor_alloc(&t, NULL);
    if (good) {
        op_text_fill(state, &t, wild);
        good = !vt_buffer_copy_strings(b, &t, NULL);
    }
    vt_tensor_free(&t);
    return good;
}

/* The graph's parameters at fixed sizes; false when it cannot run at these. */
static bool fix(uint64_t *state, struct vt_graph *g, int64_t round, struct set *s)
{
    struct vt_error err = {0};
    bool bodies = false;

    if (g->n_params > MAX_IN || g->n_results > MAX_OUT || !g->n_results) {
        return false;
    }
    for (int i = 0; i < g->n_params; i++) {
        struct vt_pshape shape = g->params[i]->out[0].v.shape;

        if (shape.rank < 0) {
            shape.rank = (int)(op_text_next(state) % 4);
            for (int k = 0; k < shape.rank; k++) {
                shape.dims[k] = vt_dim_any();
            }
        }
        for (int k = 0; k < shape.rank; k++) {
            shape.dims[k] = vt_dim_fixed(size_for(state, shape.dims[k], round));
        }
        if (vt_attr_set_shape(g->params[i], "shape", &shape)) {
            return false;
        }
    }
    if (vt_graph_infer(g, &err) || !op_text_runs(g, &bodies, &s->random)) {
        return false;
    }
    s->wild = bodies || op_text_next(state) % 8 ? 0 : 16;
    for (int i = 0; i < g->n_params; i++) {
        const struct vt_value *v = &g->params[i]->out[0].v;
        int64_t dims[VT_MAX_RANK];

        if (v->type == VT_DYNAMIC || !op_text_small(&v->shape, bodies ? 64 : TEXT_ELEMENTS)) {
            return false;
        }
        for (int k = 0; k < v->shape.rank; k++) {
            dims[k] = v->shape.dims[k].min;
        }
        if (vt_buffer_create(v->type, v->shape.rank, dims, &s->in[i], NULL)) {
            return false;
        }
        s->n_in++;
        if (!fill(state, s->in[i], s->wild)) {
            return false;
        }
    }
    return true;
}

static bool ordinary(const struct vt_tensor *t)
{
    for (int64_t i = 0; t->type != VT_STRING && !vt_is_integral(t->type) && i < vt_tensor_count(t); i++) {
        if (!(fabs(vt_get_f64(t, i)) < 1e4)) {
            return false;
        }
    }
    return true;
}

/* Where a convolution's window is outside of the picture, a device may skip the weights or multiply them by
 * zero: the same for numbers, but not for an infinity or a NaN. */
static bool ordinary_weights(const struct vt_graph *g)
{
    for (int i = 0; i < g->n_nodes; i++) {
        const struct vt_node *node = g->nodes[i];

        if (strstr(node->op->name, "Convolution") && vt_node_is(node->in[1].node, "Constant") &&
            !ordinary(&node->in[1].node->constant)) {
            return false;
        }
    }
    return true;
}

static bool run_references(const struct vt_graph *g, struct set *s)
{
    struct vt_state_store *states = vt_states_create();
    struct vt_tensor in[MAX_IN];
    int status;

    for (int i = 0; i < s->n_in; i++) {
        in[i] = s->in[i]->t;
    }
    s->n_out = g->n_results;
    status = states ? vt_graph_eval(g, in, s->out, states, NULL) : VT_E_NOMEM;
    vt_states_destroy(states);
    s->tame = s->wild == 0 && status == VT_OK && ordinary_weights(g);
    for (int i = 0; s->tame && i < s->n_out; i++) {
        s->tame = ordinary(&s->out[i]);
    }
    return status == VT_OK;
}

/* ---- comparing */

/* What the coarsest float type of the graph allows: a device may keep more of it than that has. */
static double tolerance(const struct vt_graph *g)
{
    double most = 1e-3;

    for (int i = 0; i < g->n_nodes; i++) {
        for (int k = 0; k < g->nodes[i]->n_out; k++) {
            enum vt_type type = g->nodes[i]->out[k].v.type;

            if (vt_is_float(type) && type != VT_F32 && type != VT_F64) {
                most = fmax(most, type == VT_F16 ? 4e-3 : type == VT_BF16 ? 3e-2 : 0.3);
            }
        }
        for (int k = 0; k < g->nodes[i]->n_bodies; k++) {
            most = fmax(most, tolerance(g->nodes[i]->bodies[k].graph));
        }
    }
    return most;
}

static void compare(const struct vt_graph *g, const struct set *s, int port, const struct vt_tensor *have)
{
    const struct vt_tensor *want = &s->out[port];
    double range = 1, allowed = tolerance(g);
    char text[200];

    /* What data decide differs where a NaN or an infinity may come out one way or another. */
    if (!s->tame && !vt_pshape_is_static(&g->results[port]->out[0].v.shape)) {
        return;
    }
    if (want->type != have->type || want->rank != have->rank || want->bytes != have->bytes ||
        memcmp(want->dims, have->dims, sizeof(want->dims[0]) * (size_t)want->rank) != 0) {
        op_text_die(g, "the device gives another type or shape");
    }
    for (int64_t i = 0; want->type == VT_STRING && i < vt_tensor_count(want); i++) {
        if (!vt_string_equal(vt_string_get(want, i), vt_string_get(have, i))) {
            op_text_die(g, "the device gives another text");
        }
    }
    if (!s->tame || s->random || want->type == VT_STRING) {
        return;
    }
    for (int64_t i = 0; i < vt_tensor_count(want); i++) {
        range = fmax(range, fabs(vt_get_f64(want, i)));
    }
    for (int64_t i = 0; i < vt_tensor_count(want); i++) {
        double a = vt_get_f64(want, i), b = vt_get_f64(have, i);
        bool good = vt_is_integral(want->type) ? vt_get_i64(want, i) == vt_get_i64(have, i)
                                               : fabs(a - b) <= allowed * range;

        if (!good) {
            snprintf(text, sizeof(text), "result %d: element %lld is %.9g, not %.9g", port, (long long)i, b,
                     a);
            op_text_die(g, text);
        }
    }
}

/* One inference of the compiled model. */
static void run_device(struct vt_request *request, const struct vt_graph *g, const struct set *s)
{
    struct vt_error err = {0};
    struct vt_buffer *out;
    int status = VT_OK;

    for (int i = 0; status == VT_OK && i < s->n_in; i++) {
        status = vt_request_set(request, VT_INPUT, i, s->in[i], &err);
    }
    status = status ? status : vt_request_infer(request, &err);
    if (status == VT_E_UNSUPPORTED || status == VT_E_NOMEM) {
        return;
    }
    if (status) {
        op_text_die(g, err.text[0] ? err.text : "an error without a message");
    }
    for (int i = 0; i < s->n_out; i++) {
        if (vt_request_get(request, VT_OUTPUT, i, &out, &err)) {
            op_text_die(g, err.text);
        }
        compare(g, s, i, &out->t);
        vt_buffer_unref(out);
    }
}

/* The graph at one choice of sizes, on a copy. */
static void round_of(uint64_t *state, const struct vt_graph *g, int64_t size, struct vt_request *request)
{
    struct vt_graph *fixed = vt_graph_clone(g, NULL);
    struct set s = {0};

    if (fixed && fix(state, fixed, size, &s) && run_references(fixed, &s)) {
        run_device(request, fixed, &s);
    }
    set_finish(&s);
    vt_graph_destroy(fixed);
}

static bool stateful(const struct vt_graph *g)
{
    for (int i = 0; i < g->n_nodes; i++) {
        if (g->nodes[i]->op->flags & VT_OP_STATEFUL) {
            return true;
        }
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const int64_t sizes[ROUNDS] = {3, 1, 8, 3};
    const char *keys[] = {"INFERENCE_NUM_THREADS", "INFERENCE_PRECISION_HINT"}, *values[] = {"1", "f32"};
    struct vt_config config = {2, keys, values};
    uint64_t state = vt_hash(data, bytes, 0);
    struct vt_graph *g = op_text_graph(data, bytes);
    struct vt_model *model = NULL;
    struct vt_compiled *compiled = NULL;
    struct vt_request *request = NULL;
    struct vt_error err = {0};

    if (g && (vt_graph_infer(g, NULL) || stateful(g))) {
        vt_graph_destroy(g);
        return 0;
    }
    if (!g || vt_model_create(g, &model, NULL)) {
        return 0;
    }
    if (vt_core_compile(core, model, "CPU", &config, &compiled, &err) == VT_OK &&
        vt_request_create(compiled, &request, &err) == VT_OK) {
        for (int i = 0; i < ROUNDS; i++) {
            round_of(&state, model->graph, sizes[i], request);
        }
    } else if (!err.text[0]) {
        op_text_die(model->graph, "an error without a message");
    }
    vt_request_destroy(request);
    if (compiled) {
        vt_compiled_unref(compiled);
    }
    vt_model_unref(model);
    return 0;
}
