/* Which build of a shared object or program code belongs to: two builds of one version may lay out their data
 * differently. */
#ifndef VT_BUILD_ID_H
#define VT_BUILD_ID_H

#include <stdint.h>

/* A hash of the linker's build id (or, where there is none, of the file's size and time) of the object that
 * holds `address`; 0 when nothing is known of it. Any thread. */
uint64_t vt_build_id(const void *address);

#endif
