/* A language model with four variables and weights of four bits, from its file: prompts, tokens, beams and
 * resets give what OpenVINO gave. tests/data/stateful/make.py says how the data came about. */
#include "capi_test.h"

#include "vintner.h"

#include <math.h>

enum { WORDS = 16, MAX_VALUES = 64 };

/* Logits lie within 10; single precision in another order of sums. */
#define TOLERANCE 2e-4

struct session {
    ov_core_t *core;
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
    int values; /* compared */
};

/* Integers up to the next colon. */
static int numbers(char **text, int64_t *values)
{
    int n = 0;

    *text += strspn(*text, " :");
    while (**text && **text != ':') {
        assert_true(n < MAX_VALUES);
        values[n++] = strtoll(*text, text, 10);
        *text += strspn(*text, " ");
    }
    return n;
}

static void give(const struct session *s, const char *name, ov_element_type_e type, int rank,
                 const int64_t *dims, char **text)
{
    int64_t values[MAX_VALUES], count = 1;
    ov_tensor_t *tensor = NULL;
    void *data = NULL;

    for (int i = 0; i < rank; i++) {
        count *= dims[i];
    }
    assert_int_equal(numbers(text, values), count);
    PASS(ov_tensor_create(type, (ov_shape_t){rank, (int64_t *)dims}, &tensor));
    PASS(ov_tensor_data(tensor, &data));
    for (int64_t i = 0; i < count; i++) {
        if (type == I64) {
            ((int64_t *)data)[i] = values[i];
        } else {
            ((int32_t *)data)[i] = (int32_t)values[i];
        }
    }
    PASS(ov_infer_request_set_tensor(s->request, name, tensor));
    ov_tensor_free(tensor);
}

static void compare(struct session *s, const char *call, int64_t batch, int64_t length, const char *text)
{
    ov_tensor_t *tensor = NULL;
    ov_shape_t shape = {0, NULL};
    void *data = NULL;

    PASS(ov_infer_request_get_tensor(s->request, "logits", &tensor));
    PASS(ov_tensor_get_shape(tensor, &shape));
    assert_int_equal(shape.rank, 3);
    assert_int_equal(shape.dims[0], batch);
    assert_int_equal(shape.dims[1], length);
    assert_int_equal(shape.dims[2], WORDS);
    PASS(ov_tensor_data(tensor, &data));
    text += strspn(text, " :");
    for (int64_t i = 0; i < batch * length * WORDS; i++, s->values++) {
        char *end;
        double want = strtod(text, &end), got = (double)((const float *)data)[i];

        assert_ptr_not_equal(end, text);
        if (!(fabs(want - got) <= TOLERANCE * fmax(1, fabs(want)))) {
            fail_msg("%s: logit %lld is %.7g, not %.7g", call, (long long)i, got, want);
        }
        text = end;
    }
    ov_shape_free(&shape);
    ov_tensor_free(tensor);
}

static void call(struct session *s, char *line)
{
    long long batch, length, total;
    char *text = strchr(line, ':'), name[64];

    if (strncmp(line, "reset", 5) == 0) {
        PASS(vt_infer_request_reset_state(s->request, NULL));
        return;
    }
    assert_non_null(text);
    assert_int_equal(sscanf(line, "run %lld %lld %lld", &batch, &length, &total), 3);
    snprintf(name, sizeof(name), "%.*s", (int)(text - line), line);
    give(s, "input_ids", I64, 2, (int64_t[]){batch, length}, &text);
    give(s, "attention_mask", I64, 2, (int64_t[]){batch, total}, &text);
    give(s, "position_ids", I64, 2, (int64_t[]){batch, length}, &text);
    give(s, "beam_idx", I32, 1, (int64_t[]){batch}, &text);
    PASS(ov_infer_request_infer(s->request));
    compare(s, name, batch, length, text);
}

/* All calls of the file, twice on one request: the second round begins with a reset. */
static void run_on(const char *device, const char *key, const char *value)
{
    struct session s = {0};
    ov_model_t *model = NULL;
    size_t states = 0;
    char line[4096];

    PASS(ov_core_create(&s.core));
    PASS(ov_core_read_model(s.core, STATEFUL "stateful.xml", NULL, &model));
    PASS(ov_core_compile_model(s.core, model, device, key ? 2 : 0, &s.compiled, key, value));
    PASS(ov_compiled_model_create_infer_request(s.compiled, &s.request));
    PASS(vt_infer_request_states_size(s.request, &states));
    assert_int_equal(states, 4);
    for (int round = 0; round < 2; round++) {
        FILE *file = fopen(STATEFUL "stateful.txt", "r");

        assert_non_null(file);
        while (fgets(line, sizeof(line), file)) {
            assert_non_null(strchr(line, '\n'));
            call(&s, line);
        }
        fclose(file);
    }
    assert_int_equal(s.values, 2 * 25 * WORDS);
    ov_infer_request_free(s.request);
    ov_compiled_model_free(s.compiled);
    ov_model_free(model);
    ov_core_free(s.core);
}

static void test_cpu(void **state)
{
    (void)state;
    run_on("CPU", ov_property_key_hint_inference_precision, "f32");
}

static void test_reference(void **state)
{
    (void)state;
    if (!has_device("REFDEV")) {
        skip();
    }
    run_on("REFDEV", NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cpu), cmocka_unit_test(test_reference)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
