/* Graphs of a few operations (op_text.h). Inference must answer with an error or a result; when all shapes
 * turn out small and known, the references run on some values, and what they yield must be what was inferred.
 * Folding constants must change nothing. */
#include "element.h"
#include "hash.h"
#include "op_text.h"
#include "passes.h"
#include "shape.h"
#include "state.h"

#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t room, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes,
                                 uint8_t *out, size_t room, unsigned seed);
const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

enum { MAX_IN = 32, MAX_OUT = 64 };

#define MAX_VALUES ((size_t)64 << 20) /* what may be known of a graph this small */

/* A size that nobody can have is refused by the allocator, as it would be without a sanitizer. */
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

struct values {
    struct vt_tensor in[MAX_IN], out[MAX_OUT];
    struct vt_state_store *states;
    bool random;
};

static void finish(struct values *v)
{
    for (int i = 0; i < MAX_IN; i++) {
        vt_tensor_free(&v->in[i]);
    }
    for (int i = 0; i < MAX_OUT; i++) {
        vt_tensor_free(&v->out[i]);
    }
    vt_states_destroy(v->states);
}

static bool prepare(uint64_t *state, const struct vt_graph *g, struct values *v)
{
    bool bodies = false;
    unsigned wild;

    if (g->n_params > MAX_IN || g->n_results > MAX_OUT || !op_text_runs(g, &bodies, &v->random)) {
        return false;
    }
    wild = bodies || op_text_next(state) % 4 ? 0 : 16;
    v->states = vt_states_create();
    for (int i = 0; v->states && i < g->n_params; i++) {
        const struct vt_value *p = &g->params[i]->out[0].v;
        int64_t dims[VT_MAX_RANK];

        if (p->type == VT_DYNAMIC || !op_text_small(&p->shape, bodies ? 64 : TEXT_ELEMENTS)) {
            return false;
        }
        for (int k = 0; k < p->shape.rank; k++) {
            dims[k] = p->shape.dims[k].min;
        }
        if (!vt_tensor_describe(&v->in[i], p->type, p->shape.rank, dims) ||
            vt_tensor_alloc(&v->in[i], NULL)) {
            return false;
        }
        op_text_fill(state, &v->in[i], wild);
    }
    return v->states != NULL;
}

static void expect(bool holds, const struct vt_graph *g, const char *what)
{
    if (!holds) {
        op_text_die(g, what);
    }
}

/* Inference takes a dimension that may be 1 for 1 where Squeeze is to drop it, and a run leaves it in place
 * when it is not, as OpenVINO does: there the ranks differ, and all that follows. */
static bool squeezes_late(const struct vt_graph *g)
{
    for (int i = 0; i < g->n_nodes; i++) {
        const struct vt_value *src = vt_node_in(g->nodes[i], 0);

        if (vt_node_is(g->nodes[i], "Squeeze") && src && !vt_pshape_is_static(&src->shape)) {
            return true;
        }
        for (int b = 0; b < g->nodes[i]->n_bodies; b++) {
            if (squeezes_late(g->nodes[i]->bodies[b].graph)) {
                return true;
            }
        }
    }
    return false;
}

static void check_results(const struct vt_graph *g, const struct values *v)
{
    for (int i = 0; i < g->n_results; i++) {
        const struct vt_value *want = vt_node_in(g->results[i], 0);
        const struct vt_tensor *t = &v->out[i];

        expect(want->type == VT_DYNAMIC || want->type == t->type, g, "another type than was inferred");
        expect(vt_pshape_accepts(&want->shape, t->rank, t->dims), g, "another shape than was inferred");
        expect(!t->bytes || t->data, g, "no data");
        for (int64_t k = 0; want->bounds && k < want->bounds->n; k++) {
            int64_t x = vt_get_i64(t, k);

            expect(t->type == VT_U64 || (x >= want->bounds->lo[k] && x <= want->bounds->hi[k]), g,
                   "a value outside of its bounds");
        }
    }
}

static bool has_states(const struct vt_graph *g)
{
    for (int i = 0; i < g->n_nodes; i++) {
        if (g->nodes[i]->op->flags & VT_OP_STATEFUL) {
            return true;
        }
    }
    return false;
}

/* With all that is constant folded, the results are the same to the bit. */
static void check_folded(const struct vt_graph *g, struct values *v)
{
    struct vt_graph *folded = v->random || has_states(g) ? NULL : vt_graph_clone(g, NULL);
    struct vt_tensor out[MAX_OUT] = {0};

    if (folded && vt_passes_run(folded, "constant_folding", NULL) == VT_OK &&
        vt_graph_eval(folded, v->in, out, v->states, NULL) == VT_OK) {
        for (int i = 0; i < g->n_results; i++) {
            expect(out[i].bytes == v->out[i].bytes && out[i].type == v->out[i].type, g,
                   "folding changes a shape");
            expect(!out[i].bytes || out[i].type == VT_STRING ||
                       !memcmp(out[i].data, v->out[i].data, out[i].bytes),
                   g, "folding changes a value");
        }
    }
    for (int i = 0; i < MAX_OUT; i++) {
        vt_tensor_free(&out[i]);
    }
    vt_graph_destroy(folded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    uint64_t state = vt_hash(data, bytes, 0);
    struct vt_graph *g = op_text_graph(data, bytes);
    struct values v = {0};
    struct vt_error err = {0};

    if (g) {
        int status = vt_graph_infer(g, &err);

        expect(status == VT_OK || err.text[0], g, "an error without a message");
        expect(g->values.bytes < MAX_VALUES, g, "too much memory for what is known");
        if (status == VT_OK && prepare(&state, g, &v)) {
            status = vt_graph_eval(g, v.in, v.out, v.states, &err);
            expect(status == VT_OK || err.text[0], g, "an error without a message");
            if (status == VT_OK) {
                if (!squeezes_late(g)) {
                    check_results(g, &v);
                }
                check_folded(g, &v);
            }
        }
    }
    finish(&v);
    vt_graph_destroy(g);
    return 0;
}
