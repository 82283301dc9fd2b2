/* Pre- and post-processing: what an application passes in and wants to get out, as nodes of the model.
 *
 * An object belongs to a model, which it does not change: building makes a new model out of a copy. One
 * thread at a time. */
#ifndef VT_PREPROCESS_H
#define VT_PREPROCESS_H

#include "layout.h"
#include "model.h"

/* Numbers are those of ov_color_format_e. */
enum vt_color {
    VT_COLOR_NONE = 0,
    VT_COLOR_NV12_ONE,   /* [N, H * 3 / 2, W, 1] */
    VT_COLOR_NV12_TWO,   /* Y [N, H, W, 1], UV [N, H / 2, W / 2, 2] */
    VT_COLOR_I420_ONE,   /* [N, H * 3 / 2, W, 1] */
    VT_COLOR_I420_THREE, /* Y, U, V, the latter two at half size */
    VT_COLOR_RGB,
    VT_COLOR_BGR,
    VT_COLOR_GRAY,
    VT_COLOR_RGBX, /* the fourth channel is ignored */
    VT_COLOR_BGRX,
    VT_COLOR_COUNT
};

#define VT_MAX_PLANES 3

enum vt_prep_kind {
    VT_PREP_RESIZE,
    VT_PREP_MEAN,  /* x - value, one or one a channel */
    VT_PREP_SCALE, /* x / value */
    VT_PREP_CROP,
    VT_PREP_PAD,
    VT_PREP_TYPE,
    VT_PREP_LAYOUT,
    VT_PREP_COLOR,
    VT_PREP_REVERSE, /* channels */
};

struct vt_prep_step {
    enum vt_prep_kind kind;
    int mode;      /* RESIZE: 0 linear, 1 cubic, 2 nearest; PAD: 0 constant, 1 edge, 2 reflect, 3 symmetric */
    int n;         /* numbers below */
    float *values; /* MEAN, SCALE */
    float value;   /* PAD: what is put */
    int64_t *begin, *end;    /* CROP: from and to; PAD: how many before and behind */
    enum vt_type type;       /* TYPE; VT_DYNAMIC: that of the model's input */
    enum vt_color color;     /* COLOR */
    struct vt_layout layout; /* LAYOUT */
};

struct vt_prep_input {
    /* what is passed in */
    enum vt_type type; /* VT_DYNAMIC: that of the model's input */
    struct vt_layout layout;
    enum vt_color color;
    char *planes[VT_MAX_PLANES]; /* names of the planes, or NULL */
    bool has_size, has_shape;
    int64_t height, width;
    struct vt_pshape shape;
    char *memory_type;

    /* what the model expects */
    struct vt_layout model_layout;

    struct vt_prep_step *steps;
    int n_steps, cap_steps;
};

struct vt_prep_output {
    enum vt_type type; /* VT_DYNAMIC: that of the model's output */
};

struct vt_preprocess {
    struct vt_model *model;
    struct vt_prep_input *in; /* one an input of the model */
    struct vt_prep_output *out;
    int refs; /* of handles into it; one thread at a time */
};

int vt_preprocess_create(struct vt_model *model, struct vt_preprocess **preprocess, struct vt_error *err);
struct vt_preprocess *vt_preprocess_ref(struct vt_preprocess *preprocess);
void vt_preprocess_unref(struct vt_preprocess *preprocess);

/* A step behind those that are there, zeroed but for its kind; NULL when out of memory. */
struct vt_prep_step *vt_prep_add(struct vt_prep_input *input, enum vt_prep_kind kind);

/* The number of tensors that a picture of this format comes in. */
int vt_color_planes(enum vt_color color);

/* The new model. VT_E_INVALID and VT_E_SHAPE name the input, the step, and what it lacks. */
int vt_preprocess_build(const struct vt_preprocess *preprocess, struct vt_model **model,
                        struct vt_error *err);

#endif
