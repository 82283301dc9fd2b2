/* The table of functions that plugins and frontends get. */
#ifndef VT_CORE_HOST_H
#define VT_CORE_HOST_H

#include "vt/host.h"

/* One for the process, filled at the first call; any thread. */
const struct vt_host *vt_core_host(void);

/* Whether blob_map maps files (at first it does) or reads them into memory, for calls on this thread. */
void vt_host_map_files(bool map);

/* "0.1.0" */
const char *vt_runtime_version(void);

#endif
