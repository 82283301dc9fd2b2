/* What the tests of the CPU plugin share: graphs built node by node, and the comparison of the CPU with
 * REFDEV, which runs nothing but references. Every function fails the running test when something does not
 * hold. */
#ifndef CPU_TEST_H
#define CPU_TEST_H

#include "core.h"
#include "graph.h"
#include "map.h"
#include "request.h"
#include "state.h"
#include "vt/half.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct vt_error test_error;

static inline struct vt_error *clear_error(void)
{
    vt_error_clear(&test_error);
    return &test_error;
}

#define ERR clear_error()

/* Where a random case stands, for messages. */
static char test_case[512];

#define assert_ok(call)                                                                                      \
    do {                                                                                                     \
        int s_ = (call);                                                                                     \
        if (s_) {                                                                                            \
            fail_msg("%s is %d: %s [%s]", #call, s_, test_error.text, test_case);                            \
        }                                                                                                    \
    } while (0)

#define assert_fails(call, code, part)                                                                       \
    do {                                                                                                     \
        int s_ = (call);                                                                                     \
        if (s_ != (code) || !strstr(test_error.text, part)) {                                                \
            fail_msg("%s is %d (%s), not %d (%s)", #call, s_, test_error.text, code, part);                  \
        }                                                                                                    \
    } while (0)

/* ---- random numbers: the same in every run */

static uint64_t random_state = 1;

static inline void random_seed(uint64_t seed)
{
    random_state = seed * 0x9e3779b97f4a7c15u + 1;
}

static inline uint32_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32);
}

/* lo..hi, both included. */
static inline int64_t random_in(int64_t lo, int64_t hi)
{
    return lo + (int64_t)(random_bits() % (uint64_t)(hi - lo + 1));
}

static inline bool random_chance(int percent)
{
    return random_in(0, 99) < percent;
}

/* -1..1 in steps that f16 and bf16 hold exactly. */
static inline float random_float(void)
{
    return (float)random_in(-64, 64) / 64.0f;
}

/* ---- graphs */

static inline struct vt_graph *net_create(void)
{
    struct vt_graph *g = vt_graph_create("net");

    assert_non_null(g);
    return g;
}

/* "n,m,..." for dims. */
static inline const char *dims_text(char *text, size_t size, int rank, const int64_t *dims)
{
    size_t at = 0;

    *text = 0;
    for (int i = 0; i < rank; i++) {
        at += (size_t)snprintf(text + at, size - at, "%s%lld", i ? "," : "", (long long)dims[i]);
    }
    return text;
}

/* A Parameter; `shape` as IR files write it ("1,?,3"). */
static inline struct vt_port net_param_as(struct vt_graph *g, const char *type, const char *shape)
{
    char name[32];
    struct vt_node *node;

    snprintf(name, sizeof(name), "p%d", g->n_params);
    node = vt_node_build(g, "Parameter", 1, name, 0, NULL, ERR);
    assert_non_null(node);
    assert_ok(vt_attr_set_text(node, "element_type", type, ERR));
    assert_ok(vt_attr_set_text(node, "shape", shape, ERR));
    assert_ok(vt_output_add_name(g, &node->out[0], name));
    assert_ok(vt_node_infer(node, ERR));
    return vt_port_of(node, 0);
}

static inline struct vt_port net_param_of(struct vt_graph *g, const char *type, int rank, const int64_t *dims)
{
    char text[256];

    return net_param_as(g, type, dims_text(text, sizeof(text), rank, dims));
}

static inline struct vt_port net_param(struct vt_graph *g, int rank, const int64_t *dims)
{
    return net_param_of(g, "f32", rank, dims);
}

/* Random contents: floats in -1..1, integers in 0..9, booleans 0 and 1. */
static inline void fill_tensor(struct vt_tensor *t)
{
    int64_t n = vt_tensor_count(t);

    for (int64_t i = 0; i < n; i++) {
        float f = random_float();
        int64_t k = random_in(0, 9);

        switch (t->type) {
        case VT_F32: ((float *)t->data)[i] = f; break;
        case VT_F64: ((double *)t->data)[i] = (double)f; break;
        case VT_BF16: ((uint16_t *)t->data)[i] = (uint16_t)(vt_f32_bits(f) >> 16); break;
        case VT_F16: ((uint16_t *)t->data)[i] = vt_f32_to_f16(f); break;
        case VT_I64:
        case VT_U64: ((int64_t *)t->data)[i] = k; break;
        case VT_I32:
        case VT_U32: ((int32_t *)t->data)[i] = (int32_t)k; break;
        case VT_I16:
        case VT_U16: ((int16_t *)t->data)[i] = (int16_t)k; break;
        case VT_BOOLEAN: ((uint8_t *)t->data)[i] = k > 4; break;
        case VT_I8:
        case VT_U8: ((uint8_t *)t->data)[i] = (uint8_t)k; break;
        default: ((uint8_t *)t->data)[i / 8] = 0; break;
        }
    }
}

/* A Constant of random values; `unaligned` puts it one byte past an even address. */
static inline struct vt_port net_random(struct vt_graph *g, enum vt_type type, int rank, const int64_t *dims,
                                        bool unaligned)
{
    struct vt_tensor t;
    struct vt_node *node;
    struct vt_blob *blob = NULL;
    char name[32];

    assert_true(vt_tensor_describe(&t, type, rank, dims));
    t.data = calloc(1, t.bytes + 1);
    fill_tensor(&t);
    snprintf(name, sizeof(name), "c%u", g->next_id);
    if (unaligned) {
        char *raw = malloc(t.bytes + 1);

        memcpy(raw + 1, t.data, t.bytes);
        blob = vt_blob_wrap(raw, t.bytes + 1, free, raw);
        free(t.data);
        t.data = raw + 1;
    }
    node = vt_constant_create(g, name, &t, blob, ERR);
    assert_non_null(node);
    if (blob) {
        vt_blob_unref(blob);
    } else {
        free(t.data);
    }
    return vt_port_of(node, 0);
}

static inline struct vt_port net_i64s(struct vt_graph *g, int n, const int64_t *values)
{
    struct vt_node *node = vt_constant_i64s(g, "list", 1, n, values, ERR);

    assert_non_null(node);
    return vt_port_of(node, 0);
}

static inline struct vt_port net_i64(struct vt_graph *g, int64_t value)
{
    struct vt_node *node = vt_constant_i64s(g, "number", 0, 1, &value, ERR);

    assert_non_null(node);
    return vt_port_of(node, 0);
}

static inline struct vt_port net_f32(struct vt_graph *g, float value)
{
    struct vt_node *node = vt_constant_f32(g, "scalar", value, ERR);

    assert_non_null(node);
    return vt_port_of(node, 0);
}

/* A node with attributes "name=text;name=text"; output 0 is returned. */
static inline struct vt_port net_op(struct vt_graph *g, const char *op, int opset, int n_in,
                                    const struct vt_port *in, const char *attrs)
{
    char name[64], list[512], *rest = list;
    struct vt_node *node;

    snprintf(name, sizeof(name), "%s_%u", op, g->next_id);
    node = vt_node_build(g, op, opset, name, n_in, in, ERR);
    if (!node) {
        fail_msg("%s: %s [%s]", op, test_error.text, test_case);
    }
    snprintf(list, sizeof(list), "%s", attrs ? attrs : "");
    for (char *item; (item = strsep(&rest, ";"));) {
        char *value = strchr(item, '=');

        if (value) {
            *value++ = 0;
            if (vt_attr_set_text(node, item, value, ERR)) {
                fail_msg("%s: attribute %s: %s [%s]", op, item, test_error.text, test_case);
            }
        }
    }
    if (vt_node_infer(node, ERR)) {
        fail_msg("%s: %s [%s]", op, test_error.text, test_case);
    }
    return vt_port_of(node, 0);
}

static inline struct vt_port net_unary(struct vt_graph *g, const char *op, int opset, struct vt_port x,
                                       const char *attrs)
{
    return net_op(g, op, opset, 1, &x, attrs);
}

static inline struct vt_port net_binary(struct vt_graph *g, const char *op, int opset, struct vt_port a,
                                        struct vt_port b, const char *attrs)
{
    return net_op(g, op, opset, 2, (struct vt_port[]){a, b}, attrs);
}

static inline struct vt_port net_out(struct vt_port p, int index)
{
    return vt_port_of(p.node, index);
}

static inline const struct vt_pshape *net_shape(struct vt_port p)
{
    return &vt_port_output(p)->v.shape;
}

static inline int64_t net_dim(struct vt_port p, int axis)
{
    return net_shape(p)->dims[axis].min;
}

static inline void net_result(struct vt_graph *g, struct vt_port p)
{
    char name[32];

    snprintf(name, sizeof(name), "r%d", g->n_results);
    assert_non_null(vt_node_build(g, "Result", 1, name, 1, &p, ERR));
}

/* y = op(x, constant shape) */
static inline struct vt_port net_reshape(struct vt_graph *g, struct vt_port x, int rank, const int64_t *dims)
{
    return net_binary(g, "Reshape", 1, x, net_i64s(g, rank, dims), "special_zero=false");
}

static inline struct vt_port net_concat(struct vt_graph *g, int n, const struct vt_port *in, int axis)
{
    char text[32];

    snprintf(text, sizeof(text), "axis=%d", axis);
    return net_op(g, "Concat", 1, n, in, text);
}

static inline struct vt_port net_split(struct vt_graph *g, struct vt_port x, int axis, int n,
                                       const int64_t *lengths)
{
    struct vt_node *node = vt_node_create(g, vt_op_find("VariadicSplit", 1), "split", 3, n, ERR);

    assert_non_null(node);
    assert_ok(vt_node_set_input(node, 0, x));
    assert_ok(vt_node_set_input(node, 1, net_i64(g, axis)));
    assert_ok(vt_node_set_input(node, 2, net_i64s(g, n, lengths)));
    assert_ok(vt_node_infer(node, ERR));
    return vt_port_of(node, 0);
}

/* Convolution of stride 1 with odd kernel k and pads k/2, 2-D. */
static inline struct vt_port net_conv(struct vt_graph *g, struct vt_port x, int64_t channels, int64_t k)
{
    char attrs[160];
    struct vt_port w = net_random(g, VT_F32, 4, (int64_t[]){channels, net_dim(x, 1), k, k}, false);
    int p = (int)(k / 2);

    snprintf(attrs, sizeof(attrs), "strides=1,1;dilations=1,1;pads_begin=%d,%d;pads_end=%d,%d", p, p, p, p);
    return net_binary(g, "Convolution", 1, x, w, attrs);
}

static inline struct vt_model *net_finish(struct vt_graph *g)
{
    struct vt_model *model = NULL;

    assert_ok(vt_model_create(g, &model, ERR));
    return model;
}

/* ---- running */

#define MAX_PORTS 16

struct outputs {
    int n;
    struct vt_tensor t[MAX_PORTS]; /* copies */
};

static inline void outputs_free(struct outputs *o)
{
    for (int i = 0; i < o->n; i++) {
        free(o->t[i].data);
    }
    o->n = 0;
}

static struct vt_core *shared_core;

static inline struct vt_core *the_core(void)
{
    if (!shared_core) {
        assert_ok(vt_core_create(NULL, &shared_core, ERR));
    }
    return shared_core;
}

static inline int core_teardown(void **state)
{
    (void)state;
    vt_core_destroy(shared_core);
    shared_core = NULL;
    return 0;
}

/* `config`: "KEY=VALUE;KEY=VALUE" or NULL. */
static inline struct vt_compiled *compile_for(struct vt_model *model, const char *device, const char *config)
{
    char list[256], *rest = list;
    const char *keys[8], *values[8];
    struct vt_config c = {.keys = keys, .values = values};
    struct vt_compiled *compiled = NULL;

    snprintf(list, sizeof(list), "%s", config ? config : "");
    for (char *item; (item = strsep(&rest, ";"));) {
        char *value = strchr(item, '=');

        if (value) {
            *value++ = 0;
            keys[c.n] = item;
            values[c.n++] = value;
        }
    }
    assert_ok(vt_core_compile(the_core(), model, device, &c, &compiled, ERR));
    return compiled;
}

static inline struct vt_request *request_of(struct vt_compiled *compiled)
{
    struct vt_request *r = NULL;

    assert_ok(vt_request_create(compiled, &r, ERR));
    return r;
}

static inline void bind_inputs(struct vt_request *r, int n, struct vt_buffer *const *in)
{
    for (int i = 0; i < n; i++) {
        assert_ok(vt_request_set(r, VT_INPUT, i, in[i], ERR));
    }
}

static inline void collect(struct vt_request *r, int n, struct outputs *o)
{
    o->n = n;
    assert_true(n <= MAX_PORTS);
    for (int i = 0; i < n; i++) {
        struct vt_buffer *b = NULL;

        assert_ok(vt_request_get(r, VT_OUTPUT, i, &b, ERR));
        o->t[i] = b->t;
        o->t[i].data = malloc(b->t.bytes + 1);
        if (b->t.bytes) {
            memcpy(o->t[i].data, b->t.data, b->t.bytes);
        }
        vt_buffer_unref(b);
    }
}

/* Buffers of random contents for static inputs. */
static inline int random_inputs(const struct vt_model *model, struct vt_buffer **in)
{
    for (int i = 0; i < model->n_io[VT_INPUT]; i++) {
        const struct vt_io *io = &model->io[VT_INPUT][i];
        int64_t dims[VT_MAX_RANK];

        for (int k = 0; k < io->shape.rank; k++) {
            dims[k] = io->shape.dims[k].min;
        }
        assert_ok(vt_buffer_create(io->type, io->shape.rank, dims, &in[i], ERR));
        fill_tensor(&in[i]->t);
    }
    return model->n_io[VT_INPUT];
}

static inline void drop_inputs(int n, struct vt_buffer **in)
{
    for (int i = 0; i < n; i++) {
        vt_buffer_unref(in[i]);
    }
}

/* A model on the CPU whose static inputs are bound to buffers of random contents. */
struct session {
    struct vt_model *model;
    struct vt_compiled *compiled;
    struct vt_request *request;
    struct vt_buffer *in[MAX_PORTS];
    int n;
};

/* Takes the graph over. */
static inline void session_open(struct session *s, struct vt_graph *g)
{
    s->model = net_finish(g);
    s->n = random_inputs(s->model, s->in);
    s->compiled = compile_for(s->model, "CPU", NULL);
    s->request = request_of(s->compiled);
    bind_inputs(s->request, s->n, s->in);
}

static inline void session_close(struct session *s)
{
    vt_request_destroy(s->request);
    drop_inputs(s->n, s->in);
    vt_compiled_unref(s->compiled);
    vt_model_unref(s->model);
}

/* ---- comparing */

static inline double element_of(const struct vt_tensor *t, int64_t i)
{
    switch (t->type) {
    case VT_F32: return (double)((const float *)t->data)[i];
    case VT_F64: return ((const double *)t->data)[i];
    case VT_F16: return (double)vt_f16_to_f32(((const uint16_t *)t->data)[i]);
    case VT_BF16: return (double)vt_bits_f32((uint32_t)((const uint16_t *)t->data)[i] << 16);
    case VT_I64: return (double)((const int64_t *)t->data)[i];
    case VT_I32: return (double)((const int32_t *)t->data)[i];
    default: return (double)((const uint8_t *)t->data)[i];
    }
}

/* Floats agree within 1e-4 of the range of the reference, everything else exactly. */
static inline void assert_close(const struct outputs *want, const struct outputs *have)
{
    assert_int_equal(want->n, have->n);
    for (int o = 0; o < want->n; o++) {
        const struct vt_tensor *w = &want->t[o], *h = &have->t[o];
        double range = 1e-30;

        if (w->rank != h->rank || w->type != h->type || w->bytes != h->bytes ||
            memcmp(w->dims, h->dims, sizeof(w->dims[0]) * (size_t)w->rank) != 0) {
            fail_msg("output %d has another type or shape [%s]", o, test_case);
        }
        if (!vt_type_info(w->type)->is_float || vt_type_info(w->type)->bits < 16) {
            if (w->bytes && memcmp(w->data, h->data, w->bytes) != 0) {
                fail_msg("output %d of type %s differs [%s]", o, vt_type_info(w->type)->name, test_case);
            }
            continue;
        }
        for (int64_t i = 0; i < vt_tensor_count(w); i++) {
            double v = fabs(element_of(w, i));

            range = isfinite(v) && v > range ? v : range;
        }
        for (int64_t i = 0; i < vt_tensor_count(w); i++) {
            double a = element_of(w, i), b = element_of(h, i);

            if (isnan(a) ? !isnan(b) : isinf(a) ? a != b : !(fabs(a - b) <= 1e-4 * range)) {
                fail_msg("output %d, element %lld: %.9g instead of %.9g, range %.3g [%s]", o, (long long)i, b,
                         a, range, test_case);
            }
        }
    }
}

static inline void assert_same_bits(const struct outputs *a, const struct outputs *b, const char *what)
{
    assert_int_equal(a->n, b->n);
    for (int o = 0; o < a->n; o++) {
        if (a->t[o].bytes != b->t[o].bytes ||
            (a->t[o].bytes && memcmp(a->t[o].data, b->t[o].data, a->t[o].bytes) != 0)) {
            fail_msg("output %d: other bits %s [%s]", o, what, test_case);
        }
    }
}

/* No step of the last inference was left to the reference of an operation whose name contains `op`. */
static inline void assert_fast(struct vt_request *r, const char *op)
{
    const struct vt_profile *list;
    int n;

    assert_ok(vt_request_profile(r, &list, &n, ERR));
    for (int i = 0; i < n; i++) {
        if (strstr(list[i].node_type, op) && strcmp(list[i].exec_type, "ref") == 0) {
            fail_msg("%s runs by its reference [%s]", op, test_case);
        }
    }
}

static inline void run_once(struct vt_model *model, const char *device, const char *config, int n,
                            struct vt_buffer *const *in, struct outputs *o)
{
    struct vt_compiled *compiled = compile_for(model, device, config);
    struct vt_request *r = request_of(compiled);

    bind_inputs(r, n, in);
    assert_ok(vt_request_infer(r, ERR));
    collect(r, model->n_io[VT_OUTPUT], o);
    vt_request_destroy(r);
    vt_compiled_unref(compiled);
}

/* ---- compiled models as bytes */

struct bytes {
    unsigned char *data;
    size_t n, capacity;
};

static inline int keep_bytes(void *ctx, const void *data, size_t n)
{
    struct bytes *b = ctx;

    if (b->capacity - b->n < n) {
        b->capacity = 2 * (b->n + n);
        b->data = realloc(b->data, b->capacity);
        assert_non_null(b->data);
    }
    if (n) {
        memcpy(b->data + b->n, data, n);
    }
    b->n += n;
    return VT_OK;
}

/* Exported, and loaded again for so many threads. */
static inline struct vt_compiled *reload(struct vt_compiled *compiled, int threads)
{
    const char *key = "INFERENCE_NUM_THREADS", *value = threads == 1 ? "1" : "2";
    struct vt_config config = {1, &key, &value};
    struct vt_compiled *back = NULL;
    struct bytes b = {0};

    assert_ok(vt_compiled_export(compiled, keep_bytes, &b, ERR));
    assert_ok(vt_core_import(the_core(), "CPU", b.data, b.n, &config, &back, ERR));
    free(b.data);
    return back;
}

static inline void run_compiled(struct vt_compiled *compiled, int n, struct vt_buffer *const *in,
                                struct outputs *o)
{
    struct vt_request *r = request_of(compiled);

    bind_inputs(r, n, in);
    assert_ok(vt_request_infer(r, ERR));
    collect(r, compiled->n_io[VT_OUTPUT], o);
    vt_request_destroy(r);
}

/* One thread: against REFDEV, twice, with inputs untouched; `fast` (may be NULL) names an operation that must
 * not run by its reference. Then the bits of the same model exported and loaded, and of `threads` threads (0:
 * not compared). */
static inline void check_inputs(struct vt_model *model, int n, struct vt_buffer *const *in, const char *fast,
                                int threads)
{
    struct outputs want, have, again;
    struct vt_compiled *compiled, *loaded;
    struct vt_request *r;
    void *before[MAX_PORTS];
    char config[64];

    assert_true(n <= MAX_PORTS);
    for (int i = 0; i < n; i++) {
        before[i] = malloc(in[i]->t.bytes + 1);
        if (in[i]->t.bytes) {
            memcpy(before[i], in[i]->t.data, in[i]->t.bytes);
        }
    }
    run_once(model, "REFDEV", NULL, n, in, &want);
    compiled = compile_for(model, "CPU", "INFERENCE_NUM_THREADS=1;PERF_COUNT=YES");
    r = request_of(compiled);
    bind_inputs(r, n, in);
    assert_ok(vt_request_infer(r, ERR));
    collect(r, model->n_io[VT_OUTPUT], &have);
    if (fast) {
        assert_fast(r, fast);
    }
    assert_close(&want, &have);
    assert_ok(vt_request_infer(r, ERR));
    collect(r, model->n_io[VT_OUTPUT], &again);
    assert_same_bits(&have, &again, "in a second run");
    outputs_free(&again);
    for (int i = 0; i < n; i++) {
        if (in[i]->t.bytes && memcmp(before[i], in[i]->t.data, in[i]->t.bytes) != 0) {
            fail_msg("input %d was written to [%s]", i, test_case);
        }
        free(before[i]);
    }
    vt_request_destroy(r);
    loaded = reload(compiled, 1);
    vt_compiled_unref(compiled);
    run_compiled(loaded, n, in, &again);
    assert_same_bits(&have, &again, "when exported and loaded");
    outputs_free(&again);
    vt_compiled_unref(loaded);
    if (threads) {
        snprintf(config, sizeof(config), "INFERENCE_NUM_THREADS=%d", threads);
        run_once(model, "CPU", config, n, in, &again);
        assert_same_bits(&have, &again, "with more threads");
        outputs_free(&again);
    }
    outputs_free(&want);
    outputs_free(&have);
}

/* Takes the graph over. */
static inline void check_graph(struct vt_graph *g, const char *fast, int threads)
{
    struct vt_model *model = net_finish(g);
    struct vt_buffer *in[MAX_PORTS];
    int n = random_inputs(model, in);

    check_inputs(model, n, in, fast, threads);
    drop_inputs(n, in);
    vt_model_unref(model);
}

/* The same bits as on REFDEV. */
static inline void check_reference_bits(struct vt_model *model, int n, struct vt_buffer *const *in)
{
    struct outputs want, have;

    run_once(model, "REFDEV", NULL, n, in, &want);
    run_once(model, "CPU", NULL, n, in, &have);
    assert_same_bits(&want, &have, "than the reference");
    outputs_free(&want);
    outputs_free(&have);
}

/* All that check_graph() looks at, and the same bits as on REFDEV. Takes the graph over. */
static inline void check_graph_bits(struct vt_graph *g, const char *fast, int threads)
{
    struct vt_model *model = net_finish(g);
    struct vt_buffer *in[MAX_PORTS];
    int n = random_inputs(model, in);

    check_inputs(model, n, in, fast, threads);
    check_reference_bits(model, n, in);
    drop_inputs(n, in);
    vt_model_unref(model);
}

/* The test's argument caps the instruction set: before anything asks the core for it. */
static inline void cap_isa(int argc, char **argv)
{
    if (argc > 1) {
        setenv("VT_CPU_ISA", argv[1], 1);
    }
}

#endif
