/* REFDEV in disguise: what plugins of other versions and broken plugins look like to the core. Each VARIANT
 * is one shared object. The build renames refdev's own entry function. */
#include "vt/plugin.h"

#include <stddef.h>

#undef vt_plugin_entry

const struct vt_plugin *refdev_entry(int host_major, int host_minor);

__attribute__((visibility("default"))) const struct vt_plugin *vt_plugin_entry(int host_major,
                                                                               int host_minor);

static struct vt_plugin plugin;
static struct vt_compiled_fns compiled;
static struct vt_request_fns request;

/* A table that ends before `member`, with garbage behind it as another binary would have. */
#define END_BEFORE(table, member)                                                                            \
    do {                                                                                                     \
        (table).abi.size = offsetof(__typeof__(table), member);                                              \
        memset((char *)&(table) + (table).abi.size, 0x5a, sizeof(table) - (table).abi.size);                 \
    } while (0)

#if defined(VARIANT_oldabi)
static void change(void)
{
    plugin.name = "OLDABI";
    END_BEFORE(plugin, context);
    END_BEFORE(compiled, runtime_graph);
    END_BEFORE(request, states);
}
#elif defined(VARIANT_othermajor)
static void change(void)
{
    plugin.abi.major = VT_ABI_MAJOR + 1;
}
#elif defined(VARIANT_nocompile)
static void change(void)
{
    plugin.compile = NULL;
}
#elif defined(VARIANT_short)
static void change(void)
{
    END_BEFORE(request, cancel);
}
#elif defined(VARIANT_nodevice)
static int no_devices(void *p, const struct vt_device **list, int *n, const char **reason)
{
    (void)p;
    *list = NULL;
    *n = 0;
    *reason = "no driver is installed";
    return VT_OK;
}

static void change(void)
{
    plugin.name = "NODEVICE";
    plugin.devices = no_devices;
}
#elif defined(VARIANT_twodevices)
static int two_devices(void *p, const struct vt_device **list, int *n, const char **reason)
{
    static const struct vt_device devices[] = {{"0", "First device"}, {"1", "Second device"}};

    (void)p;
    *list = devices;
    *n = 2;
    *reason = NULL;
    return VT_OK;
}

static void change(void)
{
    plugin.name = "TWODEVICES";
    plugin.devices = two_devices;
}
#elif defined(VARIANT_lazy)
static void change(void)
{
    plugin.name = "LAZY";
}
#elif defined(VARIANT_instant)
/* Runs take no time, so what the core adds can be measured. */
static int run(void *r, int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx,
               struct vt_error *err)
{
    (void)r;
    (void)output;
    (void)ctx;
    (void)err;
    return VT_OK;
}

static void change(void)
{
    plugin.name = "INSTANT";
    request.run = run;
}
#elif defined(VARIANT_exports)
/* A compiled model is nothing but the word "hello", which is what goes to the file. */
static const char hello[] = "hello";

static void nothing(void *p)
{
    (void)p;
}

static int compile(void *p, const char *device_id, struct vt_graph *graph, const struct vt_config *config,
                   void **c, struct vt_error *err)
{
    (void)device_id;
    (void)config;
    (void)err;
    /* refdev's plugin object begins with the host table. */
    (*(const struct vt_host **)p)->graph_destroy(graph);
    *c = (void *)hello;
    return VT_OK;
}

static int write_hello(void *c, int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                       struct vt_error *err)
{
    (void)err;
    return write(ctx, c, sizeof(hello));
}

static int import(void *p, const char *device_id, const void *blob, size_t bytes,
                  const struct vt_config *config, void **c, struct vt_error *err)
{
    (void)p;
    (void)device_id;
    (void)config;
    if (bytes != sizeof(hello) || memcmp(blob, hello, bytes)) {
        return vt_fail(err, VT_E_FORMAT, "this is not my model");
    }
    *c = (void *)hello;
    return VT_OK;
}

static void change(void)
{
    plugin.name = "EXPORTS";
    plugin.compile = compile;
    plugin.import = import;
    compiled.destroy = nothing;
    compiled.export = write_hello;
}
#elif defined(VARIANT_knobs) || defined(VARIANT_twin)
#include "../../refdev/refdev.h"
#include "knobs.h"

#include <time.h>

__attribute__((visibility("default"))) extern struct knobs vt_test_knobs;

struct knobs vt_test_knobs;

static const struct vt_plugin *original;

static void hold(atomic_int *while_set)
{
    while (atomic_load(while_set)) {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
}

static bool refuses(const char *op)
{
    const char *list = atomic_load(&vt_test_knobs.refused);
    size_t n = strlen(op);

    for (const char *at = list ? strstr(list, op) : NULL; at; at = strstr(at + 1, op)) {
        if ((at == list || at[-1] == ',') && (!at[n] || at[n] == ',')) {
            return true;
        }
    }
    return false;
}

struct asking {
    void (*verdict)(void *ctx, const struct vt_node_support *support);
    void *ctx;
    const struct vt_host *host;
};

static void judge(void *ctx, const struct vt_node_support *support)
{
    struct asking *a = ctx;
    struct vt_node_support mine = *support;

    if (refuses(a->host->node_op(support->node))) {
        mine.supported = false;
        mine.reason = "told to refuse it";
    }
    a->verdict(a->ctx, &mine);
}

static int query(void *p, const struct vt_graph *graph, const struct vt_config *config,
                 void (*verdict)(void *ctx, const struct vt_node_support *support), void *ctx,
                 struct vt_error *err)
{
    /* refdev's plugin object begins with the host table. */
    struct asking a = {verdict, ctx, *(const struct vt_host **)p};

    return original->query(p, graph, config, judge, &a, err);
}

static int compile(void *p, const char *device_id, struct vt_graph *graph, const struct vt_config *config,
                   void **c, struct vt_error *err)
{
    const struct vt_host *host = *(const struct vt_host **)p;

    atomic_fetch_add(&vt_test_knobs.compiles, 1);
    hold(&vt_test_knobs.hold_compile);
    if (atomic_load(&vt_test_knobs.fail_compile)) {
        host->graph_destroy(graph);
        return vt_fail(err, VT_E_DEVICE, "told to fail");
    }
    for (int i = 0; i < host->graph_n_nodes(graph); i++) {
        const char *op = host->node_op(host->graph_node(graph, i));

        if (refuses(op)) {
            vt_fail(err, VT_E_UNSUPPORTED, "not implemented: %s", op);
            host->graph_destroy(graph);
            return VT_E_UNSUPPORTED;
        }
    }
    return original->compile(p, device_id, graph, config, c, err);
}

static bool take_one(atomic_int *left)
{
    int n = atomic_load(left);

    while (n > 0 && !atomic_compare_exchange_weak(left, &n, n - 1)) {
    }
    return n > 0;
}

static int run(void *r, int (*output)(void *ctx, int port, struct vt_tensor *t), void *ctx,
               struct vt_error *err)
{
    int status;

    atomic_fetch_add(&vt_test_knobs.runs, 1);
    atomic_fetch_add(&vt_test_knobs.running, 1);
    hold(&vt_test_knobs.hold_run);
    if (take_one(&vt_test_knobs.fail_run)) {
        status = vt_fail(err, VT_E_DEVICE, "told to fail");
    } else if (take_one(&vt_test_knobs.bad_run)) {
        status = vt_fail(err, VT_E_SHAPE, "told to dislike the shape");
    } else {
        status = original->request->run(r, output, ctx, err);
    }
    atomic_fetch_sub(&vt_test_knobs.running, 1);
    return status;
}

/* What was exported stays in this process, the blob is its number: enough for what holds several blobs. */
static const struct vt_graph *exported[64];
static const struct vt_host *exported_host;
static uint32_t n_exported;

static int export_number(void *c, int (*write)(void *ctx, const void *data, size_t bytes), void *ctx,
                         struct vt_error *err)
{
    struct refdev_compiled *r = c;

    if (n_exported == 64) {
        return vt_fail(err, VT_E_NOMEM, "enough is exported");
    }
    exported_host = r->host;
    exported[n_exported] = r->host->graph_clone(r->graph, err);
    if (!exported[n_exported]) {
        return VT_E_NOMEM;
    }
    n_exported++;
    return write(ctx, &(uint32_t){n_exported - 1}, sizeof(uint32_t));
}

static int import_number(void *p, const char *device_id, const void *blob, size_t bytes,
                         const struct vt_config *config, void **c, struct vt_error *err)
{
    const struct vt_host *host = *(const struct vt_host **)p;
    struct vt_graph *graph;
    uint32_t number;

    if (bytes != sizeof(number)) {
        return vt_fail(err, VT_E_FORMAT, "%zu bytes are no number", bytes);
    }
    memcpy(&number, blob, bytes);
    graph = number < n_exported ? host->graph_clone(exported[number], err) : NULL;
    return graph ? original->compile(p, device_id, graph, config, c, err)
                 : vt_fail(err, VT_E_FORMAT, "model %u was not exported", number);
}

__attribute__((destructor)) static void forget_exported(void)
{
    for (uint32_t i = 0; i < n_exported; i++) {
        exported_host->graph_destroy((struct vt_graph *)exported[i]);
    }
}

static void change(void)
{
    original = refdev_entry(VT_ABI_MAJOR, VT_ABI_MINOR);
#ifdef VARIANT_twin
    plugin.name = "TWIN";
#else
    plugin.name = "KNOBS";
#endif
    plugin.query = query;
    plugin.compile = compile;
    plugin.import = import_number;
    compiled.export = export_number;
    request.run = run;
}
#elif defined(VARIANT_refuses)
static void change(void)
{
}
#endif

const struct vt_plugin *vt_plugin_entry(int host_major, int host_minor)
{
    const struct vt_plugin *refdev = refdev_entry(host_major, host_minor);

    plugin = *refdev;
    compiled = *refdev->compiled;
    request = *refdev->request;
    plugin.compiled = &compiled;
    plugin.request = &request;
    change();
#if defined(VARIANT_refuses)
    return NULL;
#else
    return &plugin;
#endif
}
