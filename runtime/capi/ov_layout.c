/* Layouts: names of axes, "[N,C,H,W]", "NCHW", "[N,...,C]". */
#include "openvino/c/ov_layout.h"

#include "capi.h"
#include "layout.h"

#include <stdlib.h>

ov_status_e ov_layout_create(const char *layout_desc, ov_layout_t **layout)
{
    struct vt_error err = {0};
    struct vt_layout *made;
    int status;

    if (!layout_desc || !layout) {
        return INVALID_C_PARAM;
    }
    made = malloc(sizeof(*made));
    status = made ? vt_layout_parse(layout_desc, made, &err) : vt_fail(&err, VT_E_NOMEM, "out of memory");
    if (status) {
        free(made);
        return vt_capi_ordinary(status, &err);
    }
    *layout = (ov_layout_t *)(void *)made;
    return OK;
}

void ov_layout_free(ov_layout_t *layout)
{
    if (layout) {
        vt_layout_finish((struct vt_layout *)(void *)layout);
        free(layout);
    }
}

const char *ov_layout_to_string(const ov_layout_t *layout)
{
    return strdup(layout ? ((const struct vt_layout *)(const void *)layout)->text : "Error: null layout!");
}
