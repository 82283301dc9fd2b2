#include "discover.h"

#include "linked.h"

#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the list */

static bool listed(const struct vt_found_list *list, enum vt_found_kind kind, const char *name)
{
    for (int i = 0; i < list->n; i++) {
        if (list->items[i].kind == kind && strcmp(list->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static struct vt_found *append(struct vt_found_list *list, enum vt_found_kind kind, const char *name)
{
    struct vt_found *item;

    if (list->n == list->capacity) {
        int capacity = list->capacity ? 2 * list->capacity : 8;
        struct vt_found *items = realloc(list->items, (size_t)capacity * sizeof(*items));

        if (!items) {
            return NULL;
        }
        list->items = items;
        list->capacity = capacity;
    }
    item = &list->items[list->n];
    *item = (struct vt_found){.kind = kind, .name = strdup(name)};
    if (!item->name) {
        return NULL;
    }
    for (char *p = item->name; *p && kind == VT_FOUND_PLUGIN; p++) {
        *p = (char)toupper((unsigned char)*p);
    }
    if (listed(list, kind, item->name)) {
        free(item->name);
        item->name = NULL;
        return item; /* not counted */
    }
    list->n++;
    return item;
}

int vt_found_add(struct vt_found_list *list, enum vt_found_kind kind, const char *name, const char *path)
{
    struct vt_found *item = append(list, kind, name);

    if (!item) {
        return VT_E_NOMEM;
    }
    if (item->name) {
        item->path = strdup(path);
        if (!item->path) {
            return VT_E_NOMEM;
        }
    }
    return VT_OK;
}

int vt_found_move(struct vt_found_list *list, struct vt_found *item)
{
    struct vt_found *moved = append(list, item->kind, item->name);

    if (!moved) {
        return VT_E_NOMEM;
    }
    if (moved->name) {
        moved->path = item->path;
        moved->plugin = item->plugin;
        moved->frontend = item->frontend;
        item->path = NULL;
    }
    return VT_OK;
}

void vt_found_finish(struct vt_found_list *list)
{
    for (int i = 0; i < list->n; i++) {
        free(list->items[i].name);
        free(list->items[i].path);
    }
    free(list->items);
    *list = (struct vt_found_list){0};
}

/* ---- files */

/* libvt_plugin_cpu.so -> "cpu" in `name`. */
static bool split_name(const char *file, enum vt_found_kind *kind, char *name, size_t size)
{
    static const char *const prefixes[] = {
        [VT_FOUND_PLUGIN] = "libvt_plugin_", [VT_FOUND_FRONTEND] = "libvt_frontend_"};
    size_t length = strlen(file);

    for (int k = 0; k < 2; k++) {
        size_t prefix = strlen(prefixes[k]);

        if (length > prefix + 3 && memcmp(file, prefixes[k], prefix) == 0 &&
            strcmp(file + length - 3, ".so") == 0 && length - prefix - 3 < size) {
            memcpy(name, file + prefix, length - prefix - 3);
            name[length - prefix - 3] = 0;
            *kind = (enum vt_found_kind)k;
            return true;
        }
    }
    return false;
}

static int add_file(struct vt_found_list *list, const char *path)
{
    const char *file = strrchr(path, '/');
    enum vt_found_kind kind;
    char name[64];

    if (!split_name(file ? file + 1 : path, &kind, name, sizeof(name))) {
        return VT_OK;
    }
    return vt_found_add(list, kind, name, path);
}

/* A folder that is not there holds nothing. Names are taken in their order, not the folder's. */
static int add_folder(struct vt_found_list *list, const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort), status = VT_OK;
    char path[PATH_MAX];

    for (int i = 0; i < n; i++) {
        if (status == VT_OK && snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < PATH_MAX) {
            status = add_file(list, path);
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    return status;
}

/* Each folder inside of `folder`. */
static int add_subfolders(struct vt_found_list *list, const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort), status = VT_OK;
    char path[PATH_MAX];

    for (int i = 0; i < n; i++) {
        if (status == VT_OK && entries[i]->d_name[0] != '.' &&
            snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name) < PATH_MAX) {
            status = add_folder(list, path);
        }
        free(entries[i]);
    }
    if (n >= 0) {
        free(entries);
    }
    return status;
}

static int add_search_path(struct vt_found_list *list, const char *search)
{
    char path[PATH_MAX];
    int status = VT_OK;

    while (search && *search && status == VT_OK) {
        size_t length = strcspn(search, ":");
        struct stat st;

        if (length && length < sizeof(path)) {
            memcpy(path, search, length);
            path[length] = 0;
            if (stat(path, &st) == 0) {
                status = S_ISDIR(st.st_mode) ? add_folder(list, path) : add_file(list, path);
            }
        }
        search += length + (search[length] == ':');
    }
    return status;
}

static char library_dir[PATH_MAX]; /* "" when it cannot be told */

static void find_library_dir(void)
{
    Dl_info info;
    char *slash;

    /* Any address inside of this library will do. */
    if (!dladdr((void *)(uintptr_t)vt_discover, &info) || !info.dli_fname ||
        !realpath(info.dli_fname, library_dir)) {
        library_dir[0] = 0;
        return;
    }
    slash = strrchr(library_dir, '/');
    if (slash) {
        *slash = 0;
    }
}

/* The library does not move: one look serves all cores. */
bool vt_library_dir(char *dir, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, find_library_dir);
    if (!*library_dir || strlen(library_dir) >= size) {
        return false;
    }
    snprintf(dir, size, "%s", library_dir);
    return true;
}

/* dir is BUILD/runtime: plugins lie in BUILD/plugins/DEVICE and so on. */
static int add_build_tree(struct vt_found_list *list, const char *dir)
{
    static const char *const parents[] = {"plugins", "frontends"};
    const char *base = strrchr(dir, '/');
    char path[PATH_MAX + 32];
    int root = base ? (int)(base - dir) : 0, status = VT_OK;

    if (!base || strcmp(base, "/runtime")) {
        return VT_OK;
    }
    snprintf(path, sizeof(path), "%.*s/build.ninja", root, dir);
    if (access(path, F_OK)) {
        return VT_OK;
    }
    for (int i = 0; i < 2 && status == VT_OK; i++) {
        snprintf(path, sizeof(path), "%.*s/%s", root, dir, parents[i]);
        status = add_subfolders(list, path);
    }
    snprintf(path, sizeof(path), "%.*s/tests/refdev", root, dir);
    return status ? status : add_folder(list, path);
}

static int add_linked(struct vt_found_list *list)
{
    struct vt_found *item;

    for (const struct vt_linked_plugin *p = vt_linked_plugins; p->name; p++) {
        item = append(list, VT_FOUND_PLUGIN, p->name);
        if (!item) {
            return VT_E_NOMEM;
        }
        item->plugin = p->entry;
    }
    for (const struct vt_linked_frontend *f = vt_linked_frontends; f->name; f++) {
        item = append(list, VT_FOUND_FRONTEND, f->name);
        if (!item) {
            return VT_E_NOMEM;
        }
        item->frontend = f->entry;
    }
    return VT_OK;
}

int vt_discover(struct vt_found_list *list, struct vt_error *err)
{
    char dir[PATH_MAX], path[PATH_MAX + 16];
    int status = add_search_path(list, getenv("VT_PLUGIN_PATH"));

    status = status ? status : add_linked(list);
    if (status == VT_OK && vt_library_dir(dir, sizeof(dir))) {
        snprintf(path, sizeof(path), "%s/vintner", dir);
        status = add_folder(list, path);
        status = status ? status : add_build_tree(list, dir);
    }
    return status ? vt_fail(err, status, "out of memory looking for plugins") : VT_OK;
}
