/* Layouts: what the axes of a tensor are called. "[N,C,H,W]", "[N,...,C]" with any number of axes in between,
 * "?" for an axis without a name. */
#ifndef VT_LAYOUT_H
#define VT_LAYOUT_H

#include "vt/status.h"
#include "vt/tensor.h"

struct vt_layout {
    char *text;   /* normal form, NULL: no layout */
    int n;        /* axes with a place of their own, "?" too; the ellipsis is none of them */
    int ellipsis; /* how many of them come before it, -1: there is none */
    struct {
        const char *name; /* inside of `text` */
        int length;
    } axis[VT_MAX_RANK];
};

/* One letter an axis ("NCHW", "N...C"), or a list ("[N,C,?,width]"); the rules are those of ov_layout_create.
 * VT_E_INVALID, VT_E_NOMEM. */
int vt_layout_parse(const char *text, struct vt_layout *layout, struct vt_error *err);

int vt_layout_copy(const struct vt_layout *from, struct vt_layout *to, struct vt_error *err);

/* Leaves an empty one. */
void vt_layout_finish(struct vt_layout *layout);

static inline bool vt_layout_is_set(const struct vt_layout *layout)
{
    return layout->text != NULL;
}

/* Whether tensors of this rank can have the layout. */
bool vt_layout_fits(const struct vt_layout *layout, int rank);

/* The axis of that name in a tensor of `rank` axes; -1 when there is none. */
int vt_layout_find(const struct vt_layout *layout, const char *name, int rank);

/* order[j] is the axis of `from` that becomes axis j of `to`. VT_E_INVALID when names of one are missing in
 * the other. */
int vt_layout_order(const struct vt_layout *from, const struct vt_layout *to, int rank, int64_t *order,
                    struct vt_error *err);

/* `from` with the axes in front that only `to` has: "[H,W,C]" for "[N,C,H,W]" gives "[N,H,W,C]", *added 1.
 * Layouts with an ellipsis stay as they are. */
int vt_layout_extend(const struct vt_layout *from, const struct vt_layout *to, struct vt_layout *more,
                     int *added, struct vt_error *err);

#endif
