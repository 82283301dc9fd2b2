/* A reader for the one XML form that lists plugins; everything else is refused. */
#include "discover.h"

#include "map.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_DEPTH 8
#define MAX_ATTRS 8
#define MAX_TEXT  1024

struct attr {
    char name[32];
    char value[MAX_TEXT];
};

struct reader {
    const char *path;
    const char *begin, *at, *end;
    char open[MAX_DEPTH][32]; /* names of the elements that are open */
    int depth;
    bool seen; /* the outermost element */
    struct attr attrs[MAX_ATTRS];
    int n_attrs;
    struct vt_found_list *list;
    struct vt_error *err;
};

static int bad(const struct reader *r, const char *what)
{
    int line = 1, column = 1;

    for (const char *p = r->begin; p < r->at; p++) {
        column = *p == '\n' ? 1 : column + 1;
        line += *p == '\n';
    }
    return vt_fail(r->err, VT_E_FORMAT, "%s:%d:%d: %s", r->path, line, column, what);
}

static bool starts(const struct reader *r, const char *text)
{
    size_t n = strlen(text);

    return (size_t)(r->end - r->at) >= n && memcmp(r->at, text, n) == 0;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->end && strchr(" \t\r\n", *r->at)) {
        r->at++;
    }
}

static int skip_past(struct reader *r, const char *text)
{
    while (r->at < r->end && !starts(r, text)) {
        r->at++;
    }
    if (r->at == r->end) {
        return bad(r, "the file ends too early");
    }
    r->at += strlen(text);
    return VT_OK;
}

static int read_name(struct reader *r, char *name, size_t size)
{
    size_t n = 0;

    while (r->at < r->end && (*r->at == '_' || *r->at == '-' || (*r->at >= '0' && *r->at <= '9') ||
                              (*r->at >= 'a' && *r->at <= 'z') || (*r->at >= 'A' && *r->at <= 'Z'))) {
        if (n + 1 >= size) {
            return bad(r, "a name is too long");
        }
        name[n++] = *r->at++;
    }
    name[n] = 0;
    return n ? VT_OK : bad(r, "a name is missing");
}

static int read_entity(struct reader *r, char *c)
{
    static const struct {
        const char *text;
        char c;
    } entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};

    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
        if (starts(r, entities[i].text)) {
            r->at += strlen(entities[i].text);
            *c = entities[i].c;
            return VT_OK;
        }
    }
    return bad(r, "an unknown entity");
}

static int read_value(struct reader *r, char value[MAX_TEXT])
{
    char quote = r->at < r->end ? *r->at : 0;
    size_t n = 0;

    if (quote != '"' && quote != '\'') {
        return bad(r, "a quoted value is missing");
    }
    r->at++;
    while (r->at < r->end && *r->at != quote) {
        char c = *r->at;
        int status = VT_OK;

        if (n + 1 >= MAX_TEXT) {
            return bad(r, "a value is too long");
        }
        if (c == '&') {
            status = read_entity(r, &c);
        } else {
            r->at++;
        }
        if (status) {
            return status;
        }
        value[n++] = c;
    }
    value[n] = 0;
    if (r->at == r->end) {
        return bad(r, "the file ends inside of a value");
    }
    r->at++;
    return VT_OK;
}

static int read_attrs(struct reader *r)
{
    int status;

    r->n_attrs = 0;
    for (skip_blanks(r); r->at < r->end && *r->at != '>' && *r->at != '/'; skip_blanks(r)) {
        struct attr *a = &r->attrs[r->n_attrs];

        if (r->n_attrs == MAX_ATTRS) {
            return bad(r, "too many attributes");
        }
        status = read_name(r, a->name, sizeof(a->name));
        if (status) {
            return status;
        }
        skip_blanks(r);
        if (r->at == r->end || *r->at != '=') {
            return bad(r, "'=' is missing after the name of an attribute");
        }
        r->at++;
        skip_blanks(r);
        status = read_value(r, a->value);
        if (status) {
            return status;
        }
        r->n_attrs++;
    }
    return VT_OK;
}

static const char *find_attr(const struct reader *r, const char *name)
{
    for (int i = 0; i < r->n_attrs; i++) {
        if (strcmp(r->attrs[i].name, name) == 0) {
            return r->attrs[i].value;
        }
    }
    return NULL;
}

/* A relative location is looked up beside the file, then beside this library; else it is left to the dynamic
 * linker. */
static void resolve(const struct reader *r, const char *location, char path[PATH_MAX])
{
    const char *slash = strrchr(r->path, '/');
    char dir[PATH_MAX];

    snprintf(path, PATH_MAX, "%s", location);
    if (*location == '/') {
        return;
    }
    snprintf(path, PATH_MAX, "%.*s%s", slash ? (int)(slash - r->path + 1) : 0, r->path, location);
    if (access(path, F_OK) == 0) {
        /* Without a slash the dynamic linker would look elsewhere. */
        if (!strchr(path, '/')) {
            snprintf(path, PATH_MAX, "./%s", location);
        }
        return;
    }
    if (vt_library_dir(dir, sizeof(dir)) &&
        snprintf(path, PATH_MAX, "%s/vintner/%s", dir, location) < PATH_MAX && access(path, F_OK) == 0) {
        return;
    }
    snprintf(path, PATH_MAX, "%s", location);
}

static int take_plugin(struct reader *r)
{
    const char *name = find_attr(r, "name"), *location = find_attr(r, "location");
    char path[PATH_MAX];

    if (!name || !*name || !location || !*location) {
        return bad(r, "a plugin needs the attributes name and location");
    }
    resolve(r, location, path);
    if (vt_found_add(r->list, VT_FOUND_PLUGIN, name, path)) {
        return vt_fail(r->err, VT_E_NOMEM, "out of memory");
    }
    return VT_OK;
}

/* Where each element may stand; a plugin's children are read and have no meaning here. */
static bool may_stand(const struct reader *r, const char *name)
{
    switch (r->depth) {
    case 0: return strcmp(name, "ie") == 0 && !r->seen;
    case 1: return strcmp(name, "plugins") == 0;
    case 2: return strcmp(name, "plugin") == 0;
    default: return true;
    }
}

static int read_element(struct reader *r)
{
    char name[32];
    bool closed;
    int status = read_name(r, name, sizeof(name));

    status = status ? status : read_attrs(r);
    if (status) {
        return status;
    }
    if (!may_stand(r, name)) {
        return bad(r, "expected <ie><plugins><plugin name=\"...\" location=\"...\"/>");
    }
    if (r->depth == 2) {
        status = take_plugin(r);
        if (status) {
            return status;
        }
    }
    r->seen = true;
    closed = r->at < r->end && *r->at == '/';
    r->at += closed;
    if (r->at == r->end || *r->at != '>') {
        return bad(r, "'>' is missing");
    }
    r->at++;
    if (!closed) {
        if (r->depth == MAX_DEPTH) {
            return bad(r, "elements are nested too deep");
        }
        memcpy(r->open[r->depth++], name, sizeof(name));
    }
    return VT_OK;
}

static int read_end(struct reader *r)
{
    char name[32];
    int status = read_name(r, name, sizeof(name));

    if (status) {
        return status;
    }
    skip_blanks(r);
    if (r->at == r->end || *r->at != '>' || !r->depth || strcmp(r->open[r->depth - 1], name)) {
        return bad(r, "an end tag does not match its start");
    }
    r->at++;
    r->depth--;
    return VT_OK;
}

static int read_markup(struct reader *r)
{
    if (starts(r, "<!--")) {
        return skip_past(r, "-->");
    }
    if (starts(r, "<?")) {
        return skip_past(r, "?>");
    }
    if (starts(r, "</")) {
        r->at += 2;
        return read_end(r);
    }
    if (starts(r, "<")) {
        r->at++;
        return read_element(r);
    }
    return bad(r, "text between elements");
}

static int read_all(struct reader *r)
{
    int status = VT_OK;

    for (skip_blanks(r); r->at < r->end && status == VT_OK; skip_blanks(r)) {
        status = read_markup(r);
    }
    if (status == VT_OK && (r->depth || !r->seen)) {
        status = bad(r, "the file ends too early");
    }
    return status;
}

int vt_discover_xml(struct vt_found_list *list, const char *path, struct vt_error *err)
{
    struct reader *r = calloc(1, sizeof(*r));
    struct vt_blob *blob = NULL;
    int status = r ? vt_blob_map(path, &blob, err) : vt_fail(err, VT_E_NOMEM, "out of memory");

    if (status == VT_OK) {
        r->path = path;
        r->begin = r->at = blob->data;
        r->end = r->begin + blob->size;
        r->list = list;
        r->err = err;
        status = read_all(r);
    }
    vt_blob_unref(blob);
    free(r);
    return status;
}
