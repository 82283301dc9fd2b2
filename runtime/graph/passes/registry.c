#include "passes.h"

static const struct {
    const char *name;
    int (*run)(struct vt_graph *graph, struct vt_error *err);
} passes[] = {
#define VT_PASS(x) {#x, vt_pass_##x},
#include "passes.def"
#undef VT_PASS
    {NULL, NULL},
};

static int run_one(struct vt_graph *graph, const char *name, size_t length, struct vt_error *err)
{
    for (int i = 0; passes[i].name; i++) {
        if (strlen(passes[i].name) == length && memcmp(passes[i].name, name, length) == 0) {
            int status = passes[i].run(graph, err);

            return status ? vt_context(err, "pass %s: ", passes[i].name) : VT_OK;
        }
    }
    return vt_fail(err, VT_E_NOT_FOUND, "no pass is named '%.*s'", (int)length, name);
}

int vt_passes_run(struct vt_graph *graph, const char *names, struct vt_error *err)
{
    while (*names) {
        size_t length = strcspn(names, ",");
        int status = run_one(graph, names, length, err);

        if (status) {
            return status;
        }
        names += length;
        names += *names == ',';
    }
    return VT_OK;
}
