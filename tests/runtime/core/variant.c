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
