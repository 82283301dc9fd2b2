#include "preprocess.h"

#include "graph.h"

#include <stdlib.h>

int vt_preprocess_create(struct vt_model *model, struct vt_preprocess **preprocess, struct vt_error *err)
{
    struct vt_preprocess *p = calloc(1, sizeof(*p));

    if (p) {
        p->in = calloc((size_t)model->n_io[VT_INPUT] + 1, sizeof(*p->in));
        p->out = calloc((size_t)model->n_io[VT_OUTPUT] + 1, sizeof(*p->out));
    }
    if (!p || !p->in || !p->out) {
        free(p ? p->in : NULL);
        free(p ? p->out : NULL);
        free(p);
        return vt_fail(err, VT_E_NOMEM, "out of memory");
    }
    p->model = vt_model_ref(model);
    p->refs = 1;
    *preprocess = p;
    return VT_OK;
}

struct vt_preprocess *vt_preprocess_ref(struct vt_preprocess *preprocess)
{
    preprocess->refs++;
    return preprocess;
}

static void input_finish(struct vt_prep_input *in)
{
    for (int i = 0; i < in->n_steps; i++) {
        free(in->steps[i].values);
        free(in->steps[i].begin);
        free(in->steps[i].end);
        vt_layout_finish(&in->steps[i].layout);
    }
    for (int i = 0; i < VT_MAX_PLANES; i++) {
        free(in->planes[i]);
    }
    free(in->steps);
    free(in->memory_type);
    vt_layout_finish(&in->layout);
    vt_layout_finish(&in->model_layout);
}

void vt_preprocess_unref(struct vt_preprocess *preprocess)
{
    if (preprocess && --preprocess->refs == 0) {
        for (int i = 0; i < preprocess->model->n_io[VT_INPUT]; i++) {
            input_finish(&preprocess->in[i]);
        }
        vt_model_unref(preprocess->model);
        free(preprocess->in);
        free(preprocess->out);
        free(preprocess);
    }
}

struct vt_prep_step *vt_prep_add(struct vt_prep_input *input, enum vt_prep_kind kind)
{
    if (input->n_steps == input->cap_steps) {
        int wider = input->cap_steps ? input->cap_steps * 2 : 8;
        struct vt_prep_step *steps = realloc(input->steps, (size_t)wider * sizeof(*steps));

        if (!steps) {
            return NULL;
        }
        input->steps = steps;
        input->cap_steps = wider;
    }
    input->steps[input->n_steps] = (struct vt_prep_step){.kind = kind};
    return &input->steps[input->n_steps++];
}

int vt_color_planes(enum vt_color color)
{
    return color == VT_COLOR_NV12_TWO ? 2 : color == VT_COLOR_I420_THREE ? 3 : 1;
}
