#include "if.h"

#include "body.h"
#include "element.h"
#include "heap.h"

int vt_if_ref(struct vt_eval *e)
{
    const struct vt_body *body;
    struct vt_tensor *in, *out;
    int status;

    if (vt_tensor_count(&e->in[0]) != 1) {
        return vt_fail(e->err, VT_E_SHAPE, "input 0 (condition) must have one element");
    }
    body = &e->node->bodies[vt_get_i64(&e->in[0], 0) ? 0 : 1];
    status = vt_body_check(e->node, body, e->err);
    if (status) {
        return status;
    }
    in = vt_temp_zero((size_t)body->graph->n_params + 1, sizeof(*in));
    out = vt_temp_zero((size_t)body->graph->n_results + 1, sizeof(*out));
    if (!in || !out) {
        status = vt_fail(e->err, VT_E_NOMEM, "out of memory");
    }
    for (int i = 0; i < body->n_maps && status == VT_OK; i++) {
        const struct vt_body_map *m = &body->maps[i];

        if (m->kind == VT_MAP_INPUT) {
            in[m->inner] = e->in[m->outer];
        }
    }
    status = status ? status : vt_graph_eval(body->graph, in, out, e->states, e->err);
    for (int i = 0; i < body->n_maps && status == VT_OK; i++) {
        const struct vt_body_map *m = &body->maps[i];

        if (m->kind == VT_MAP_OUTPUT) {
            status = vt_body_output(e, m->outer, &out[m->inner]);
        }
    }
    for (int i = 0; out && i < body->graph->n_results; i++) {
        vt_tensor_free(&out[i]);
    }
    vt_temp_free(in);
    vt_temp_free(out);
    return status;
}
