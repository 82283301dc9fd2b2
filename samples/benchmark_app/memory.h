/* The process's own memory, as the kernel counts it. */
#ifndef BENCHMARK_APP_MEMORY_H
#define BENCHMARK_APP_MEMORY_H

/* Kilobytes of /proc/self/status: VmHWM, the most that was resident so far, and RssAnon, resident and no
 * file's. 0: not known. */
struct memory_use {
    long peak, anonymous;
};

struct memory_use memory_use(void);

#endif
