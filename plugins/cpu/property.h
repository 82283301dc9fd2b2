/* Properties of the CPU device, OpenVINO's names and text forms. */
#ifndef CPU_PROPERTY_H
#define CPU_PROPERTY_H

#include "vt/plugin.h"

#define CPU_PROPERTY_MAX  48
#define CPU_PROPERTY_TEXT 64 /* of a value; paths are properties of the core */

/* Values of the writable properties, by row of the table; plain data, copied into each compiled model. */
struct cpu_properties {
    char value[CPU_PROPERTY_MAX][CPU_PROPERTY_TEXT];
};

struct cpu_config;
struct cpu_model;

void cpu_properties_init(struct cpu_properties *p, const struct vt_host *host);
int cpu_property_list(const struct vt_property **list, int *n);
int cpu_property_set(struct cpu_properties *p, const char *key, const char *value, struct vt_error *err);
int cpu_property_get(const struct cpu_properties *p, const struct vt_host *host, const char *key, char *buf,
                     size_t size, size_t *length, struct vt_error *err);

/* Whether a writable property has this value. */
bool cpu_properties_are(const struct cpu_properties *p, const char *key, const char *value);

/* Streams, threads and processors that the values ask for on this machine. cpu_model_create takes what
 * `config` holds. VT_E_DEVICE when all processors are reserved. */
int cpu_properties_resolve(const struct cpu_properties *p, const struct vt_host *host,
                           struct cpu_config *config, struct vt_error *err);

int cpu_compiled_property_list(const struct vt_property **list, int *n);
int cpu_compiled_property_get(struct cpu_model *model, const char *key, char *buf, size_t size,
                              size_t *length, struct vt_error *err);

#endif
