#include "cores.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool vt_read_line(const char *path, char *line, size_t size)
{
    FILE *file = fopen(path, "re");
    bool ok;

    if (!file) {
        return false;
    }
    ok = fgets(line, (int)size, file) != NULL;
    fclose(file);
    if (ok) {
        line[strcspn(line, "\n")] = 0;
    }
    return ok;
}

static void keep_minimum(int *limit, long long quota, long long period)
{
    if (quota > 0 && period > 0) {
        long long cpus = quota / period + (quota % period != 0);

        if (cpus < INT_MAX && (!*limit || cpus < *limit)) {
            *limit = (int)cpus;
        }
    }
}

/* The quota that one directory of a hierarchy sets. */
static void read_quota(const char *dir, bool v2, int *limit)
{
    char path[PATH_MAX], line[128];
    long long quota, period;

    if (v2) {
        /* "max 100000" or "150000 100000" */
        if (snprintf(path, sizeof(path), "%s/cpu.max", dir) < (int)sizeof(path) &&
            vt_read_line(path, line, sizeof(line)) && sscanf(line, "%lld %lld", &quota, &period) == 2) {
            keep_minimum(limit, quota, period);
        }
        return;
    }
    if (snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", dir) >= (int)sizeof(path) ||
        !vt_read_line(path, line, sizeof(line)) || sscanf(line, "%lld", &quota) != 1) {
        return;
    }
    if (snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", dir) < (int)sizeof(path) &&
        vt_read_line(path, line, sizeof(line)) && sscanf(line, "%lld", &period) == 1) {
        keep_minimum(limit, quota, period);
    }
}

/* Whether a comma list holds `word`. */
static bool list_has(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
        if (strcspn(p, ",") == n && !memcmp(p, word, n)) {
            return true;
        }
    }
    return false;
}

/* The process's group in the hierarchy that has the cpu controller (v1) or in the unified one (v2). Lines
 * read "4:cpu,cpuacct:/path" and "0::/path". */
static bool own_group(const char *root, bool v2, char *group, size_t size)
{
    char path[PATH_MAX], *line = NULL;
    size_t room = 0;
    bool found = false;
    FILE *file;

    if (snprintf(path, sizeof(path), "%s/proc/self/cgroup", root) >= (int)sizeof(path) ||
        !(file = fopen(path, "re"))) {
        return false;
    }
    while (!found && getline(&line, &room, file) > 0) {
        char *controllers = strchr(line, ':'), *name = controllers ? strchr(controllers + 1, ':') : NULL;

        if (!name) {
            continue;
        }
        *controllers++ = 0;
        *name++ = 0;
        name[strcspn(name, "\n")] = 0;
        if (v2 ? !strcmp(line, "0") && !*controllers : list_has(controllers, "cpu")) {
            found = snprintf(group, size, "%s", name) < (int)size;
        }
    }
    free(line);
    fclose(file);
    return found;
}

/* mountinfo writes blank, tab, newline and backslash as three octal digits. */
static void unescape(char *text)
{
    char *dst = text;

    for (const char *p = text; *p; dst++) {
        if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' && p[3] >= '0' &&
            p[3] <= '7') {
            *dst = (char)((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
            p += 4;
        } else {
            *dst = *p++;
        }
    }
    *dst = 0;
}

/* Walk from the process's group up to the mount point; every level may set a quota, and the smallest holds.
 */
static void walk_up(const char *root, const char *mount, const char *below, bool v2, int *limit)
{
    char dir[PATH_MAX];
    size_t base;

    if (snprintf(dir, sizeof(dir), "%s%s%s", root, mount, below) >= (int)sizeof(dir)) {
        return;
    }
    base = strlen(root) + strlen(mount);
    for (;;) {
        size_t n = strlen(dir);

        read_quota(dir, v2, limit);
        while (n > base && dir[n - 1] != '/') {
            n--;
        }
        if (n <= base) {
            return;
        }
        dir[n - 1] = 0;
    }
}

/* What of `group` lies below the directory `top` that the mount shows; "" when it lies elsewhere, as it does
 * in a namespace of its own, where the mount point itself is the best that can be seen. */
static const char *below_mount(const char *group, const char *top)
{
    size_t n = strlen(top);

    if (strstr(group, "/..")) {
        return "";
    }
    if (n == 1) {
        return group[1] ? group : "";
    }
    return !strncmp(group, top, n) && (group[n] == '/' || !group[n]) ? group + n : "";
}

/* One line of mountinfo: "31 23 0:28 TOP MOUNT options [optional ...] - TYPE SOURCE options". */
static void read_mount(const char *root, char *line, int *limit)
{
    char *fields[5], *save = NULL, *rest = strstr(line, " - "), *type, *options, group[PATH_MAX];
    bool v2;

    if (!rest) {
        return;
    }
    *rest = 0;
    type = strtok_r(rest + 3, " \n", &save);
    options = strtok_r(NULL, " \n", &save) ? strtok_r(NULL, " \n", &save) : NULL;
    if (!type || (strcmp(type, "cgroup") && strcmp(type, "cgroup2"))) {
        return;
    }
    v2 = !strcmp(type, "cgroup2");
    if (!v2 && !(options && list_has(options, "cpu"))) {
        return;
    }
    save = NULL;
    for (int i = 0; i < 5; i++) {
        fields[i] = strtok_r(i ? NULL : line, " ", &save);
        if (!fields[i]) {
            return;
        }
    }
    unescape(fields[3]);
    unescape(fields[4]);
    if (own_group(root, v2, group, sizeof(group))) {
        walk_up(root, fields[4], below_mount(group, fields[3]), v2, limit);
    }
}

int vt_cgroup_cpus(const char *root)
{
    char path[PATH_MAX], *line = NULL;
    size_t room = 0;
    int limit = 0;
    FILE *file;

    if (snprintf(path, sizeof(path), "%s/proc/self/mountinfo", root) >= (int)sizeof(path) ||
        !(file = fopen(path, "re"))) {
        return 0;
    }
    while (getline(&line, &room, file) > 0) {
        read_mount(root, line, &limit);
    }
    free(line);
    fclose(file);
    return limit;
}

int vt_read_affinity(unsigned char *allowed, int count)
{
    int found = 0;

    /* The kernel refuses a mask smaller than its own, so grow until it fits. */
    for (int cpus = 1024; cpus <= VT_MAX_CPUS; cpus *= 2) {
        size_t bytes = CPU_ALLOC_SIZE(cpus);
        cpu_set_t *set = CPU_ALLOC(cpus);
        int rc;

        if (!set) {
            break;
        }
        rc = sched_getaffinity(0, bytes, set);
        for (int i = 0; !rc && i < count && i < cpus; i++) {
            allowed[i] = CPU_ISSET_S(i, bytes, set) != 0;
            found += allowed[i];
        }
        CPU_FREE(set);
        if (!rc) {
            return found;
        }
        if (errno != EINVAL) {
            break;
        }
    }
    return 0;
}

int vt_cores_distinct(const char *root, const unsigned char *allowed, int count)
{
    unsigned char *seen = calloc((size_t)(count > 0 ? count : 1), 1);
    int cores = 0;

    for (int i = 0; seen && i < count; i++) {
        char path[PATH_MAX], line[256];
        int first = i;

        if (!allowed[i]) {
            continue;
        }
        if (snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
                     root, i) < (int)sizeof(path) &&
            vt_read_line(path, line, sizeof(line)) && sscanf(line, "%d", &first) == 1 &&
            (first < 0 || first >= count)) {
            first = i;
        }
        cores += !seen[first];
        seen[first] = 1;
    }
    free(seen);
    return cores;
}

static int limited(int cpus)
{
    int quota = vt_cgroup_cpus("");

    if (cpus < 1) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);

        cpus = online > 0 && online < VT_MAX_CPUS ? (int)online : 1;
    }
    return quota && quota < cpus ? quota : cpus;
}

/* What the environment says is there, else 0. */
static int told(void)
{
    const char *text = getenv("VT_CPU_THREADS");
    long n = text ? strtol(text, NULL, 10) : 0;

    return n > 0 && n <= VT_MAX_CPUS ? (int)n : 0;
}

int vt_threads_available(void)
{
    unsigned char allowed[VT_MAX_CPUS] = {0};
    int n = told();

    return n ? n : limited(vt_read_affinity(allowed, VT_MAX_CPUS));
}

int vt_cores_physical(void)
{
    unsigned char allowed[VT_MAX_CPUS] = {0};

    return vt_read_affinity(allowed, VT_MAX_CPUS) ? limited(vt_cores_distinct("", allowed, VT_MAX_CPUS))
                                                  : limited(0);
}
