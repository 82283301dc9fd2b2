/* Element types, mean and scale: what -ip, -op, -iop, -mean_values and -scale_values ask for becomes nodes of
 * the model. */
#include "../common/number.h"
#include "bench.h"
#include "console.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_CHANNELS = 64 };

static bool find_type(const char *name, size_t length, ov_element_type_e *type)
{
    static const struct {
        const char *name;
        ov_element_type_e type;
    } types[] = {{"bool", BOOLEAN}, {"f16", F16}, {"f32", F32},  {"f64", F64}, {"i8", I8},
                 {"i16", I16},      {"i32", I32}, {"i64", I64},  {"u8", U8},   {"u16", U16},
                 {"u32", U32},      {"u64", U64}, {"bf16", BF16}};
    for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
        if (strlen(types[i].name) == length && strncasecmp(types[i].name, name, length) == 0) {
            *type = types[i].type;
            return true;
        }
    }
    return false;
}

/* The type that the options give the input or output called `name`; DYNAMIC: its own. */
static int wanted_type(struct bench *b, const char *name, const char *all, ov_element_type_e *type)
{
    *type = DYNAMIC;
    if (all && !find_type(all, strlen(all), type)) {
        return message_fail(&b->message,
                            "'%s' is no element type: bool, bf16, f16, f32, f64, i8 to i64, u8 to u64", all);
    }
    for (const char *at = b->options.types; at && *at;) {
        size_t length = strcspn(at, ",");
        const char *colon = memrchr(at, ':', length);
        if (!colon) {
            return message_fail(&b->message, "-iop: expected NAME:TYPE,NAME:TYPE, not '%s'",
                                b->options.types);
        }
        if (strlen(name) == (size_t)(colon - at) && strncmp(name, at, strlen(name)) == 0 &&
            !find_type(colon + 1, length - (size_t)(colon - at) - 1, type)) {
            return message_fail(&b->message, "-iop: '%.*s' has no element type that is known", (int)length,
                                at);
        }
        at += length + (at[length] == ',');
    }
    return 0;
}

/* The numbers of NAME[1,2,3], or of [1,2,3] for every input; *count 0: none. */
static int wanted_values(struct bench *b, const char *text, const char *name, float *values, int32_t *count)
{
    *count = 0;
    for (const char *at = text; at && *at;) {
        const char *open = strchr(at, '['), *close = open ? strchr(open, ']') : NULL;
        if (!close || (close[1] && close[1] != ',')) {
            return message_fail(&b->message, "expected [R,G,B] or NAME[R,G,B], not '%s'", text);
        }
        size_t length = (size_t)(open - at);
        bool own = length == 0 || (strlen(name) == length && strncmp(name, at, length) == 0);
        for (const char *p = open + 1; own && p < close; p++) {
            char number[32];
            size_t n = strcspn(p, ",]");
            double value;
            snprintf(number, sizeof(number), "%.*s", (int)(n < 31 ? n : 31), p);
            if (!number_parse_real(number, &value) || *count == MAX_CHANNELS) {
                return message_fail(&b->message, "expected at most %d numbers in '%s'", MAX_CHANNELS, text);
            }
            values[(*count)++] = (float)value;
            p += n;
        }
        at = close + 1 + (close[1] == ',');
    }
    return 0;
}

struct parts {
    ov_preprocess_input_info_t *input;
    ov_preprocess_input_tensor_info_t *tensor;
    ov_preprocess_preprocess_steps_t *steps;
    ov_layout_t *layout;
};

static void free_parts(struct parts *p)
{
    ov_layout_free(p->layout);
    ov_preprocess_preprocess_steps_free(p->steps);
    ov_preprocess_input_tensor_info_free(p->tensor);
    ov_preprocess_input_info_free(p->input);
}

static ov_status_e open_parts(ov_preprocess_prepostprocessor_t *processor, size_t index, struct parts *p)
{
    ov_status_e status = ov_preprocess_prepostprocessor_get_input_info_by_index(processor, index, &p->input);
    status = status == OK ? ov_preprocess_input_info_get_tensor_info(p->input, &p->tensor) : status;
    return status == OK ? ov_preprocess_input_info_get_preprocess_steps(p->input, &p->steps) : status;
}

/* Mean and scale need floats: of a type of its own the input goes through f32. */
static ov_status_e add_steps(struct parts *p, const struct input *input, const float *mean, int32_t n_mean,
                             const float *scale, int32_t n_scale)
{
    ov_status_e status = OK;
    if (n_mean + n_scale && input->layout[0]) {
        status = ov_layout_create(input->layout, &p->layout);
        status = status == OK ? ov_preprocess_input_tensor_info_set_layout(p->tensor, p->layout) : status;
    }
    if (status == OK && n_mean + n_scale) {
        status = ov_preprocess_preprocess_steps_convert_element_type(p->steps, F32);
    }
    if (status == OK && n_mean) {
        status = ov_preprocess_preprocess_steps_mean_multi_channels(p->steps, mean, n_mean);
    }
    return status == OK && n_scale
               ? ov_preprocess_preprocess_steps_scale_multi_channels(p->steps, scale, n_scale)
               : status;
}

static int describe_input(struct bench *b, ov_preprocess_prepostprocessor_t *processor, size_t index)
{
    const struct input *input = &b->inputs[index];
    float mean[MAX_CHANNELS], scale[MAX_CHANNELS];
    int32_t n_mean, n_scale;
    ov_element_type_e type;
    struct parts p = {0};
    if (wanted_type(b, input->port.name, b->options.input_type, &type) < 0 ||
        wanted_values(b, b->options.mean, input->port.name, mean, &n_mean) < 0 ||
        wanted_values(b, b->options.scale, input->port.name, scale, &n_scale) < 0) {
        return -1;
    }
    for (int32_t i = 0; i < n_scale; i++) {
        if (scale[i] == 0) {
            return message_fail(&b->message, "-scale_values: values are divided by them, so none can be 0");
        }
    }
    if (type == DYNAMIC && n_mean + n_scale == 0) {
        return 0;
    }
    ov_status_e status = open_parts(processor, index, &p);
    if (status == OK && type != DYNAMIC) {
        status = ov_preprocess_input_tensor_info_set_element_type(p.tensor, type);
    }
    status = status == OK ? add_steps(&p, input, mean, n_mean, scale, n_scale) : status;
    int rc = runtime_check(status, &b->message, "pre-processing of input '%s'", input->port.name);
    free_parts(&p);
    return rc;
}

static int describe_output(struct bench *b, ov_preprocess_prepostprocessor_t *processor, size_t index)
{
    ov_preprocess_output_info_t *output = NULL;
    ov_preprocess_output_tensor_info_t *tensor = NULL;
    ov_element_type_e type;
    if (wanted_type(b, b->outputs[index].name, b->options.output_type, &type) < 0) {
        return -1;
    }
    if (type == DYNAMIC) {
        return 0;
    }
    ov_status_e status = ov_preprocess_prepostprocessor_get_output_info_by_index(processor, index, &output);
    status = status == OK ? ov_preprocess_output_info_get_tensor_info(output, &tensor) : status;
    status = status == OK ? ov_preprocess_output_set_element_type(tensor, type) : status;
    int rc = runtime_check(status, &b->message, "element type of output %zu", index);
    ov_preprocess_output_tensor_info_free(tensor);
    ov_preprocess_output_info_free(output);
    return rc;
}

int bench_preprocess(struct bench *b)
{
    const struct options *o = &b->options;
    if (!o->input_type && !o->output_type && !o->types && !o->mean && !o->scale) {
        return 0;
    }
    ov_preprocess_prepostprocessor_t *processor = NULL;
    ov_model_t *built = NULL;
    int rc = runtime_check(ov_preprocess_prepostprocessor_create(b->model, &processor), &b->message,
                           "pre-processing");
    for (size_t i = 0; i < b->input_count && rc == 0; i++) {
        rc = describe_input(b, processor, i);
    }
    for (size_t i = 0; i < b->output_count && rc == 0; i++) {
        rc = describe_output(b, processor, i);
    }
    if (rc == 0) {
        rc = runtime_check(ov_preprocess_prepostprocessor_build(processor, &built), &b->message,
                           "pre-processing");
    }
    ov_preprocess_prepostprocessor_free(processor);
    if (rc < 0) {
        return -1;
    }
    ov_model_free(b->model);
    b->model = built;
    return bench_describe_model(b);
}
