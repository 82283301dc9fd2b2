/* What is known of an input or output of a model: the same for models and for what was compiled from them. */
#ifndef VT_IO_H
#define VT_IO_H

#include "vt/tensor.h"

enum vt_side { VT_INPUT = 0, VT_OUTPUT = 1 };

static inline const char *vt_side_name(enum vt_side side)
{
    return side == VT_INPUT ? "input" : "output";
}

struct vt_io {
    const char *node_name;    /* friendly name of the Parameter or Result */
    const char *const *names; /* tensor names: of the Parameter's output, of what the Result reads */
    int n_names;
    enum vt_type type;
    struct vt_pshape shape;
};

/* "[1,3]" for messages: into `text`, which is returned. Partial shapes: vt_pshape_text (runtime/ops/shape.h).
 */
#define VT_SHAPE_TEXT 512
const char *vt_shape_text(int rank, const int64_t *dims, char text[VT_SHAPE_TEXT]);

/* Index of the entry that has the tensor name; -1 when there is none. */
int vt_io_find(const struct vt_io *list, int n, const char *name);

/* For a message about a name that no entry has, what there is: "'a', 'b'; did you mean 'a'?" or "none" into
 * `text`, which is returned. */
#define VT_NAMES_TEXT 384
const char *vt_io_names(const struct vt_io *list, int n, const char *name, char text[VT_NAMES_TEXT]);

/* Index of the entry that describes the same port as `io`, which may come from another copy of the model:
 * equal tensor names (node names where there are none), type and shape. Entry `hint` is looked at first. -1
 * when there is none. */
int vt_io_match(const struct vt_io *list, int n, const struct vt_io *io, int hint);

#endif
