#include "io.h"

#include "closest.h"
#include "shape.h"

#include <stdio.h>
#include <string.h>

const char *vt_shape_text(int rank, const int64_t *dims, char text[VT_SHAPE_TEXT])
{
    struct vt_pshape shape = {.rank = rank};

    for (int i = 0; i < rank; i++) {
        shape.dims[i] = vt_dim_fixed(dims[i]);
    }
    return vt_pshape_text(&shape, text, VT_SHAPE_TEXT);
}

static bool has_name(const struct vt_io *io, const char *name)
{
    for (int i = 0; i < io->n_names; i++) {
        if (strcmp(io->names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

int vt_io_find(const struct vt_io *list, int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (has_name(&list[i], name)) {
            return i;
        }
    }
    return -1;
}

const char *vt_io_names(const struct vt_io *list, int n, const char *name, char text[VT_NAMES_TEXT])
{
    struct vt_closest closest = {.word = name};
    const size_t room = VT_NAMES_TEXT - 128; /* the rest is for the suggestion */
    bool full = false;
    size_t at = 0;
    char hint[128];

    snprintf(text, room, "none");
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < list[i].n_names; k++) {
            vt_closest_offer(&closest, list[i].names[k]);
        }
        if (!list[i].n_names || full) {
            continue;
        }
        full = at + strlen(list[i].names[0]) + 16 > room;
        at += (size_t)snprintf(text + at, room - at, "%s", at ? ", " : "");
        at += full ? (size_t)snprintf(text + at, room - at, "...")
                   : (size_t)snprintf(text + at, room - at, "'%s'", list[i].names[0]);
    }
    at = strlen(text);
    snprintf(text + at, VT_NAMES_TEXT - at, "%s", vt_closest_hint(&closest, hint, sizeof(hint)));
    return text;
}

static bool same_shape(const struct vt_pshape *a, const struct vt_pshape *b)
{
    if (a->rank != b->rank) {
        return false;
    }
    for (int i = 0; i < a->rank; i++) {
        if (a->dims[i].min != b->dims[i].min || a->dims[i].max != b->dims[i].max) {
            return false;
        }
    }
    return true;
}

static bool same_port(const struct vt_io *a, const struct vt_io *b)
{
    if (a->type != b->type || a->n_names != b->n_names || !same_shape(&a->shape, &b->shape)) {
        return false;
    }
    for (int i = 0; i < a->n_names; i++) {
        if (!has_name(b, a->names[i])) {
            return false;
        }
    }
    return a->n_names || strcmp(a->node_name, b->node_name) == 0;
}

int vt_io_match(const struct vt_io *list, int n, const struct vt_io *io, int hint)
{
    if (hint >= 0 && hint < n && same_port(&list[hint], io)) {
        return hint;
    }
    for (int i = 0; i < n; i++) {
        if (same_port(&list[i], io)) {
            return i;
        }
    }
    return -1;
}
