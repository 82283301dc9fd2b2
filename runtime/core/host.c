#include "host.h"

#include "affinity.h"
#include "cores.h"
#include "cpu.h"
#include "host_graph.h"
#include "log.h"
#include "map.h"
#include "pool.h"
#include "vt/fp.h"

#include <pthread.h>
#include <stdlib.h>

static void host_log(enum vt_log_level level, const char *text)
{
    vt_log(level, "%s", text);
}

static void host_trace(unsigned categories, const char *text)
{
    vt_trace(categories, "%s", text);
}

static void *host_alloc(size_t bytes)
{
    size_t rounded;

    if (__builtin_add_overflow(bytes, (size_t)63, &rounded)) {
        return NULL;
    }
    rounded &= ~(size_t)63;
    return aligned_alloc(64, rounded ? rounded : 64);
}

static struct vt_cpu_info cpu_info;

static const struct vt_cpu_info *host_cpu(void)
{
    return &cpu_info;
}

static void init_cpu(void)
{
    static struct vt_cpu capped; /* the brand stays a pointer into it */
    const struct vt_cpu *cpu = vt_cpu();

    /* AMX counts only with the kernel's permission. */
    if (vt_cpu_has(cpu, VT_ISA_AMX) && !vt_cpu_enable_amx()) {
        capped = *cpu;
        vt_cpu_cap(&capped, VT_ISA_AVX512_FP16);
        cpu = &capped;
    }
    cpu_info = (struct vt_cpu_info){.isas = cpu->isas,
                                    .isa = cpu->level,
                                    .l1d = cpu->l1d,
                                    .l2 = cpu->l2,
                                    .l3 = cpu->l3_share,
                                    .cores = vt_cores_physical(),
                                    .threads = vt_threads_available(),
                                    .brand = cpu->brand,
                                    .numa_nodes = vt_numa_nodes("")};
}

static struct vt_pool *host_pool_create(int threads, struct vt_error *err)
{
    return vt_pool_create(threads > 0 ? threads : vt_threads_available(), err);
}

static unsigned host_fp_begin(void)
{
    return (unsigned)vt_fp_begin();
}

static void host_fp_end(unsigned saved)
{
    vt_fp_end(saved);
}

static unsigned host_fp_keep(void)
{
    return (unsigned)vt_fp_keep();
}

static _Thread_local bool copy_files;

void vt_host_map_files(bool map)
{
    copy_files = !map;
}

static int host_blob_map(const char *path, struct vt_blob **blob, struct vt_error *err)
{
    return copy_files ? vt_blob_read(path, blob, err) : vt_blob_map(path, blob, err);
}

static struct vt_host table = {
    .abi = VT_ABI_HEADER(struct vt_host),
    .log = host_log,
    .log_enabled = vt_log_enabled,
    .trace = host_trace,
    .alloc = host_alloc,
    .free = free,
    .cpu = host_cpu,
    .pool_create = host_pool_create,
    .pool_destroy = vt_pool_destroy,
    .pool_threads = vt_pool_threads,
    .pool_run = vt_pool_run,
    .pool_each = vt_pool_static,
    .fp_begin = host_fp_begin,
    .fp_end = host_fp_end,
    .cpus_choose = vt_cpus_choose,
    .cpus_release = vt_cpus_release,
    .pool_create_on = vt_pool_create_on,
    .pool_enter = vt_pool_enter,
    .pool_leave = vt_pool_leave,
    .fp_keep = host_fp_keep,
};

static void fill_table(void)
{
    init_cpu();
    vt_host_fill_graph(&table);
    table.blob_map = host_blob_map;
}

const struct vt_host *vt_core_host(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fill_table);
    return &table;
}

const char *vt_runtime_version(void)
{
    return VT_RUNTIME_VERSION;
}
