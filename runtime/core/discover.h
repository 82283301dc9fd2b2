/* Which plugins and frontends there are, by their file names alone: nothing is opened here. */
#ifndef VT_DISCOVER_H
#define VT_DISCOVER_H

#include "vt/frontend.h"
#include "vt/plugin.h"

enum vt_found_kind { VT_FOUND_PLUGIN, VT_FOUND_FRONTEND };

/* A file libvt_plugin_NAME.so or libvt_frontend_NAME.so, or something linked in. */
struct vt_found {
    enum vt_found_kind kind;
    char *name; /* plugins: device name in upper case; frontends as in the file name */
    char *path; /* NULL: linked in */
    vt_plugin_entry_fn plugin;
    vt_frontend_entry_fn frontend;
};

struct vt_found_list {
    struct vt_found *items;
    int n, capacity;
};

/* Look through VT_PLUGIN_PATH (folders and files, separated by colons), what is linked in, the folder
 * vintner/ beside this library, and the build tree when the library lies in one. The first of each name is
 * kept. VT_E_NOMEM. */
int vt_discover(struct vt_found_list *list, struct vt_error *err);

/* The plugins of a file as OpenVINO writes it: <ie><plugins><plugin name="CPU" location="FILE"/>. A relative
 * location is looked up beside the file, then beside this library. They go in front of what is there.
 * VT_E_IO, VT_E_FORMAT with line and column. */
int vt_discover_xml(struct vt_found_list *list, const char *path, struct vt_error *err);

/* Append a plugin file; `name` and `path` are copied. A name that is there already is skipped. */
int vt_found_add(struct vt_found_list *list, enum vt_found_kind kind, const char *name, const char *path);

/* Move an item of another list to the end of this one. */
int vt_found_move(struct vt_found_list *list, struct vt_found *item);

void vt_found_finish(struct vt_found_list *list);

/* The folder that holds this library, into `dir`; false when it cannot be told. */
bool vt_library_dir(char *dir, size_t size);

#endif
