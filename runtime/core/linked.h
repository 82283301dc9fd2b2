/* Plugins and frontends that are part of a static build. */
#ifndef VT_LINKED_H
#define VT_LINKED_H

#include "vt/frontend.h"
#include "vt/plugin.h"

struct vt_linked_plugin {
    const char *name;
    vt_plugin_entry_fn entry;
};

struct vt_linked_frontend {
    const char *name;
    vt_frontend_entry_fn entry;
};

/* Both end with a row without name. */
extern const struct vt_linked_plugin vt_linked_plugins[];
extern const struct vt_linked_frontend vt_linked_frontends[];

#endif
