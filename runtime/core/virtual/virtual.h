/* The virtual devices AUTO, MULTI, HETERO and BATCH: parts of the core that speak the tables of plugins and
 * hand the work to other devices. They are never listed among the available devices.
 *
 * "AUTO:GPU,CPU" is the device AUTO with the list "GPU,CPU", which reaches it as the property
 * MULTI_DEVICE_PRIORITIES. docs/DEVICES.md says what each of them does. */
#ifndef VT_VIRTUAL_H
#define VT_VIRTUAL_H

#include "vt/status.h"

#include <stdbool.h>

struct vt_core;
struct vt_module;

enum vt_virtual_kind { VT_AUTO, VT_MULTI, VT_HETERO, VT_BATCH, VT_N_VIRTUAL };

/* "AUTO", ... */
const char *vt_virtual_name(enum vt_virtual_kind kind);

/* A module whose plugin is open from the start. It keeps a pointer to the core but no reference: only calls
 * that come through the core use it. NULL when out of memory. One reference. */
struct vt_module *vt_virtual_module_create(struct vt_core *core, enum vt_virtual_kind kind);

struct vt_config;
struct vt_model;
struct vt_target;

/* When a device that was asked for alone lacks operations of the model and ENABLE_CPU_FALLBACK allows it,
 * *target becomes HETERO with that device and the CPU. Nothing happens to the CPU and to virtual devices. */
int vt_fallback_target(struct vt_core *core, const struct vt_model *model, const struct vt_config *config,
                       struct vt_target *target, struct vt_error *err);

/* Whether programs may name a device on a machine that lacks it, plugin included: GPU and NPU. */
bool vt_virtual_is_usual(const char *name);

/* The names of the devices in a list ("GPU,-CPU,NPU(4)" has three), one after the other: copies the next one,
 * without sign and number, and returns what follows it, NULL when there is none. */
const char *vt_virtual_next_name(const char *list, char *name, int size);

#endif
