/* How many processors this process may use: affinity and the container's quota, not what the machine has. */
#ifndef VT_CORES_H
#define VT_CORES_H

#include <stdbool.h>
#include <stddef.h>

#define VT_MAX_CPUS 16384

/* The first line of a small file without its newline, or as much of it as there is room for; false when it
 * cannot be read. */
bool vt_read_line(const char *path, char *line, size_t size);

/* allowed[i] = processor i of 0 .. count - 1 is in the affinity mask; returns how many are, 0 when the system
 * does not tell. */
int vt_read_affinity(unsigned char *allowed, int count);

/* min(processors in the affinity mask, CPU quota of the control groups rounded up); at least 1. The
 * environment's VT_CPU_THREADS takes the place of both: tests run more threads than there are processors. */
int vt_threads_available(void);

/* The same, counting the hardware threads of one core once. */
int vt_cores_physical(void);

/* CPU quota of the process's control groups (v1 and v2, each group up to the root), rounded up; 0 when there
 * is none. `root` is put in front of every path that is read; "" is the real system. */
int vt_cgroup_cpus(const char *root);

/* Distinct cores among the processors 0 .. count - 1 for which allowed[i] is not 0, by sysfs below `root`; a
 * processor whose topology is not told counts as a core. */
int vt_cores_distinct(const char *root, const unsigned char *allowed, int count);

#endif
