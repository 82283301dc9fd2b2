/* Calls of the model's own functions: their nodes take the place of the call. */
#include "translate.h"

static int bind_inputs(struct onnx_node *n, struct onnx_scope *s, const struct onnx_function *f)
{
    for (int i = 0; i < f->n_in && !n->status; i++) {
        struct onnx_entry *given = onnx_in_entry(n, i), *e;

        if (n->status) {
            break;
        }
        e = onnx_define(n->t, s, f->in[i], given ? given->kind : ONNX_LEFT_OUT);
        if (!e) {
            return onnx_pass(n, n->t->err->code);
        }
        if (given) {
            e->value = given->value;
            e->sequence = given->sequence;
        }
    }
    return n->status;
}

static int take_outputs(struct onnx_node *n, struct onnx_scope *s, const struct onnx_function *f)
{
    struct onnx_entry *e;

    for (int i = 0; i < f->n_out && i < n->n_out && !n->status; i++) {
        int status = *n->def->out[i] ? onnx_output_entry(n->t, s, f->out[i], &e) : VT_OK;

        if (status) {
            return onnx_pass(n, status);
        }
        if (*n->def->out[i] && e->kind == ONNX_LEFT_OUT) {
            return onnx_fail(n, VT_E_FORMAT, "output '%s' of the function is an input that is left out",
                             f->out[i]);
        }
        if (*n->def->out[i]) {
            onnx_out_entry(n, i, e);
        }
    }
    return n->status;
}

int onnx_call_function(struct onnx_node *n, struct onnx_function *f)
{
    struct onnx_call call = {.function = f, .caller = n};
    struct onnx_scope s;
    int status;

    if (f->open) {
        return onnx_fail(n, VT_E_FORMAT, "the function calls itself");
    }
    if (n->def->n_in > f->n_in || n->def->n_out > f->n_out) {
        return onnx_fail(n, VT_E_FORMAT, "the function has %d inputs and %d outputs, not %d and %d", f->n_in,
                         f->n_out, n->def->n_in, n->def->n_out);
    }
    status = onnx_scope_init(n->t, &s, NULL, n->graph, false);
    s.depth = n->scope->depth + 1;
    s.imports = &f->imports;
    s.call = &call;
    s.prefix = onnx_arena_printf(&n->t->m->arena, "%s%s/", n->scope->prefix, onnx_node_label(n->def));
    if (status || !s.prefix || s.depth > ONNX_MAX_SCOPES) {
        return onnx_fail(n, VT_E_RANGE, "functions are nested too deep");
    }
    for (int i = 0; i < f->n_out; i++) {
        if (onnx_has_out(n, i) && !onnx_names_put(&n->t->m->arena, &s.results, f->out[i], f)) {
            return onnx_fail(n, VT_E_NOMEM, "out of memory");
        }
    }
    if (bind_inputs(n, &s, f)) {
        return n->status;
    }
    f->open = true;
    status = onnx_translate_nodes(n->t, &s, f->nodes, f->n_nodes);
    f->open = false;
    return status ? onnx_pass(n, status) : take_outputs(n, &s, f);
}
