#include "linked.h"

/* linked.def is generated: VT_LINKED_PLUGIN(cpu), VT_LINKED_FRONTEND(ir). In a static build each of them
 * compiles its entry function under a name of its own. */
#define VT_LINKED_PLUGIN(x)   const struct vt_plugin *vt_plugin_entry_##x(int major, int minor);
#define VT_LINKED_FRONTEND(x) const struct vt_frontend *vt_frontend_entry_##x(int major, int minor);
#include "linked.def"
#undef VT_LINKED_PLUGIN
#undef VT_LINKED_FRONTEND

#define VT_LINKED_FRONTEND(x)
#define VT_LINKED_PLUGIN(x) {#x, vt_plugin_entry_##x},
const struct vt_linked_plugin vt_linked_plugins[] = {
#include "linked.def"
    {NULL, NULL},
};
#undef VT_LINKED_PLUGIN
#undef VT_LINKED_FRONTEND

#define VT_LINKED_PLUGIN(x)
#define VT_LINKED_FRONTEND(x) {#x, vt_frontend_entry_##x},
const struct vt_linked_frontend vt_linked_frontends[] = {
#include "linked.def"
    {NULL, NULL},
};
