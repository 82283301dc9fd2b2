#include "affinity.h"

#include "cores.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_text(const char *root, const char *path, char *text, size_t size)
{
    char full[PATH_MAX];

    return snprintf(full, sizeof(full), "%s%s", root, path) < (int)sizeof(full) &&
           vt_read_line(full, text, size);
}

/* Mark the processors of a list "0-3,8,10-11". */
static void mark_list(const char *text, unsigned char *marks, int count)
{
    while (*text) {
        char *end;
        long first = strtol(text, &end, 10), last = first;

        if (end == text) {
            return;
        }
        if (*end == '-') {
            text = end + 1;
            last = strtol(text, &end, 10);
        }
        for (long i = first < 0 ? 0 : first; i <= last && i < count; i++) {
            marks[i] = 1;
        }
        text = end + (*end == ',');
    }
}

/* Arm tells each core's capacity, 1024 for the fastest: those well below the best are the slow kind. */
static void mark_small(const char *root, const unsigned char *allowed, int count, unsigned char *slow)
{
    int best = 0;

    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < count; i++) {
            char path[96], text[32];
            int capacity;

            snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/cpu_capacity", i);
            if (!allowed[i] || !read_text(root, path, text, sizeof(text)) ||
                sscanf(text, "%d", &capacity) != 1) {
                continue;
            }
            best = capacity > best ? capacity : best;
            slow[i] = pass && capacity < best - best / 4;
        }
        if (!best) {
            return;
        }
    }
}

static int first_sibling(const char *root, int cpu, const unsigned char *allowed, int count)
{
    char path[96], text[256];
    unsigned char *siblings = calloc((size_t)count, 1);
    int first = cpu;

    snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu);
    if (siblings && read_text(root, path, text, sizeof(text))) {
        mark_list(text, siblings, count);
        for (int i = 0; i < cpu; i++) {
            if (siblings[i] && allowed[i]) {
                first = i;
                break;
            }
        }
    }
    free(siblings);
    return first;
}

static int rank_of(const struct vt_processor *p)
{
    return 2 * p->sibling + p->efficient;
}

int vt_processors_sort(const char *root, const unsigned char *allowed, int count, struct vt_processor *list)
{
    unsigned char *slow = calloc((size_t)(count > 0 ? count : 1), 1);
    char text[4096];
    int n = 0;

    if (slow && read_text(root, "/sys/devices/cpu_atom/cpus", text, sizeof(text))) {
        mark_list(text, slow, count);
    } else if (slow) {
        mark_small(root, allowed, count, slow);
    }
    for (int i = 0; i < count; i++) {
        if (allowed[i]) {
            struct vt_processor p = {i, first_sibling(root, i, allowed, count) != i, slow && slow[i]};
            int at = n++;

            for (; at > 0 && rank_of(&list[at - 1]) > rank_of(&p); at--) {
                list[at] = list[at - 1];
            }
            list[at] = p;
        }
    }
    free(slow);
    return n;
}

int vt_numa_nodes(const char *root)
{
    unsigned char nodes[1024] = {0};
    char text[1024];
    int n = 0;

    if (read_text(root, "/sys/devices/system/node/online", text, sizeof(text))) {
        mark_list(text, nodes, (int)sizeof(nodes));
    }
    for (size_t i = 0; i < sizeof(nodes); i++) {
        n += nodes[i];
    }
    return n ? n : 1;
}

/* ---- the processors of this process, read once when somebody first wants particular ones */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct vt_processor *processors;
static unsigned char *reserved; /* by index in `processors` */
static int n_processors, n_reserved;

static int read_processors(struct vt_error *err)
{
    unsigned char allowed[VT_MAX_CPUS] = {0};

    if (processors) {
        return VT_OK;
    }
    processors = calloc(VT_MAX_CPUS, sizeof(*processors));
    reserved = calloc(VT_MAX_CPUS, 1);
    if (!processors || !reserved || !vt_read_affinity(allowed, VT_MAX_CPUS)) {
        free(processors);
        free(reserved);
        processors = NULL;
        reserved = NULL;
        return vt_fail(err, VT_E_DEVICE, "the system does not tell which processors may be used");
    }
    n_processors = vt_processors_sort("", allowed, VT_MAX_CPUS, processors);
    return VT_OK;
}

static bool has_type(bool efficient)
{
    for (int i = 0; i < n_processors; i++) {
        if (processors[i].efficient == efficient) {
            return true;
        }
    }
    return false;
}

static bool suits(int i, const struct vt_cpus_wish *wish)
{
    return !reserved[i] && !(wish->one_per_core && processors[i].sibling) &&
           (wish->type == VT_CORES_ANY || processors[i].efficient == (wish->type == VT_CORES_EFFICIENT));
}

/* At most `most` of the processors that suit the wish. */
static int take(struct vt_cpus_wish *wish, int most, int **cpus, int *n, struct vt_error *err)
{
    int *list = malloc((size_t)n_processors * sizeof(*list));

    if (!list) {
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    if (wish->type != VT_CORES_ANY && !has_type(wish->type == VT_CORES_EFFICIENT)) {
        wish->type = VT_CORES_ANY;
    }
    *n = 0;
    for (int i = 0; i < n_processors && *n < most; i++) {
        if (suits(i, wish)) {
            list[(*n)++] = processors[i].cpu;
            reserved[i] = wish->reserve;
            n_reserved += wish->reserve;
        }
    }
    if (!*n) {
        free(list);
        return vt_fail(err, VT_E_DEVICE,
                       "no processor is left: %d of %d are reserved by models that were compiled with "
                       "ENABLE_CPU_RESERVATION=YES; release one of those models first",
                       n_reserved, n_processors);
    }
    *cpus = list;
    return VT_OK;
}

int vt_cpus_choose(struct vt_cpus_wish *wish, int **cpus, int *n, struct vt_error *err)
{
    int status = VT_OK, most = vt_threads_available();

    most = wish->max > 0 && wish->max < most ? wish->max : most;
    *cpus = NULL;
    *n = most;
    pthread_mutex_lock(&lock);
    if (wish->type != VT_CORES_ANY || wish->one_per_core || wish->listed || wish->reserve || n_reserved) {
        status = read_processors(err);
        status = status ? status : take(wish, most, cpus, n, err);
    }
    pthread_mutex_unlock(&lock);
    return status;
}

void vt_cpus_release(const int *cpus, int n)
{
    pthread_mutex_lock(&lock);
    for (int k = 0; k < n; k++) {
        for (int i = 0; i < n_processors; i++) {
            if (processors[i].cpu == cpus[k] && reserved[i]) {
                reserved[i] = 0;
                n_reserved--;
            }
        }
    }
    pthread_mutex_unlock(&lock);
}
