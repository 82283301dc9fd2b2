/* What the tests of extensions share: cores that have one, models of one operation. */
#ifndef EXTENSION_TEST_H
#define EXTENSION_TEST_H

#include "capi_test.h"

#include <dlfcn.h>
#include <math.h>

#define ODD EXTENSIONS "extension_odd.so"

static char folder[] = "/tmp/vintner-extension-XXXXXX"; /* made by make_folder */

static inline const char *in_folder(const char *name)
{
    static char path[3][300];
    static int turn;

    turn = (turn + 1) % 3;
    snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
    return path[turn];
}

static inline ov_core_t *core_with(const char *extension)
{
    ov_core_t *core = new_core();

    PASS(ov_core_add_extension(core, extension));
    return core;
}

static inline char *contents(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    char *text;

    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *bytes = (size_t)ftell(file);
    rewind(file);
    text = calloc(1, *bytes + 1);
    assert_int_equal(fread(text, 1, *bytes, file), *bytes);
    fclose(file);
    return text;
}

/* A copy of a file with `more` behind it. */
static inline void copy_file(const char *from, const char *to, const char *more)
{
    size_t bytes;
    char *text = contents(from, &bytes);
    FILE *file = fopen(to, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, bytes, file), bytes);
    fputs(more, file);
    fclose(file);
    free(text);
}

/* ---- models of one operation: x [shape] -> TYPE -> results */

static inline const char *one_op(const char *type, const char *opset, const char *data, const char *shape,
                                 int n_in, int n_out)
{
    static char text[8192];
    size_t at = 0;

#define ADD(...) at += (size_t)snprintf(text + at, sizeof(text) - at, __VA_ARGS__)
    ADD("<net name=\"one\" version=\"11\"><layers><layer id=\"0\" name=\"x\" type=\"Parameter\" "
        "version=\"opset1\"><data shape=\"%s\" element_type=\"f32\"/><output><port id=\"0\" "
        "precision=\"FP32\" "
        "names=\"x\"/></output></layer><layer id=\"1\" name=\"odd\" type=\"%s\" version=\"%s\"><data "
        "%s/><input>",
        shape, type, opset, data);
    for (int i = 0; i < n_in; i++) {
        ADD("<port id=\"%d\"/>", i);
    }
    ADD("</input><output>");
    for (int i = 0; i < n_out; i++) {
        ADD("<port id=\"%d\" precision=\"FP32\" names=\"y%d\"/>", n_in + i, i);
    }
    ADD("</output></layer>");
    for (int i = 0; i < n_out; i++) {
        ADD("<layer id=\"%d\" name=\"r%d\" type=\"Result\" version=\"opset1\"><input><port "
            "id=\"0\"/></input></layer>",
            2 + i, i);
    }
    ADD("</layers><edges>");
    for (int i = 0; i < n_in; i++) {
        ADD(EDGE("0", "0", "1", "%d"), i);
    }
    for (int i = 0; i < n_out; i++) {
        ADD("<edge from-layer=\"1\" from-port=\"%d\" to-layer=\"%d\" to-port=\"0\"/>", n_in + i, 2 + i);
    }
    ADD("</edges></net>");
#undef ADD
    assert_true(at < sizeof(text));
    return text;
}

static inline ov_status_e read_status(ov_core_t *core, const char *text, ov_model_t **model)
{
    return ov_core_read_model_from_memory_buffer(core, text, strlen(text), NULL, model);
}

/* Run a request on 0.5, 1.5, ... ; the output stays the caller's. */
static inline ov_status_e run(const ov_compiled_model_t *compiled, ov_tensor_t *x, ov_tensor_t **y)
{
    ov_infer_request_t *request = NULL;
    ov_status_e status = ov_compiled_model_create_infer_request(compiled, &request);

    status = status ? status : ov_infer_request_set_input_tensor_by_index(request, 0, x);
    status = status ? status : ov_infer_request_infer(request);
    status = status ? status : ov_infer_request_get_output_tensor_by_index(request, 0, y);
    ov_infer_request_free(request);
    return status;
}

static inline ov_status_e compile_and_run(ov_core_t *core, const char *text, const char *device,
                                          ov_tensor_t *x, ov_tensor_t **y)
{
    ov_model_t *model = NULL;
    ov_compiled_model_t *compiled = NULL;
    ov_status_e status = read_status(core, text, &model);

    status = status ? status : ov_core_compile_model(core, model, device, 0, &compiled);
    status = status ? status : run(compiled, x, y);
    ov_compiled_model_free(compiled);
    ov_model_free(model);
    return status;
}

static inline bool is_loaded(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD);

    if (handle) {
        dlclose(handle);
    }
    return handle != NULL;
}

static inline int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

#endif
