/* The handles of pre- and post-processing. */
#ifndef VT_CAPI_PREPOSTPROCESS_H
#define VT_CAPI_PREPOSTPROCESS_H

#include "capi.h"
#include "preprocess.h"

/* Every handle but the object itself: a reference to the object and the number of an input or output. */
struct vt_capi_prep {
    struct vt_preprocess *owner;
    int index;
};

static inline struct vt_prep_input *vt_capi_prep_input(const void *handle)
{
    const struct vt_capi_prep *h = handle;

    return &h->owner->in[h->index];
}

/* OK, or an error with a message when the number is none of the API's. */
ov_status_e vt_capi_prep_type(ov_element_type_e type);
ov_status_e vt_capi_prep_color(ov_color_format_e format);

#endif
