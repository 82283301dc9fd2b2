/* From an operator to its translator: a table made of ops.def. */
#include "translate.h"

#include <string.h>

struct row {
    const char *domain, *name;
    int since;
    onnx_translator translator;
};

static const struct row rows[] = {
#define ONNX_OP(domain, name, since, translator) {domain, #name, since, onnx_##translator},
#include "ops.def"
#undef ONNX_OP
};

onnx_translator onnx_find_translator(const char *domain, const char *op, int opset, int *since)
{
    const struct row *best = NULL;

    *since = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct row *r = &rows[i];

        if (*r->name != *op || strcmp(r->name, op) != 0 || strcmp(r->domain, domain) != 0) {
            continue;
        }
        *since = *since && *since < r->since ? *since : r->since;
        if (r->since <= opset && (!best || r->since > best->since)) {
            best = r;
        }
    }
    return best ? best->translator : NULL;
}

struct onnx_function *onnx_find_function(struct onnx_model *m, const struct onnx_node_def *d)
{
    for (int i = 0; i < m->n_functions; i++) {
        struct onnx_function *f = &m->functions[i];

        if (strcmp(f->name, d->op) == 0 && strcmp(f->domain, d->domain) == 0 &&
            strcmp(f->overload, d->overload) == 0) {
            return f;
        }
    }
    return NULL;
}

/* In the domains of ONNX and its runtimes an operator means what they say, and what this frontend has for it
 * is better than a function that says the same in small steps. */
bool onnx_function_wins(const struct onnx_node_def *d, onnx_translator translator)
{
    return !translator || (*d->domain && strncmp(d->domain, "ai.onnx", 7) != 0 &&
                           strncmp(d->domain, "com.microsoft", 13) != 0);
}
