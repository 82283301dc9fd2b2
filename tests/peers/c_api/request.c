/* Infer requests: tensors by every way, synchronous and asynchronous inferences, callbacks, cancelling. */
#include "report.h"

struct setup {
    ov_core_t *core;
    ov_model_t *model;
    ov_compiled_model_t *compiled;
    ov_infer_request_t *request;
};

static struct setup set_up(const char *text)
{
    struct setup s = {NULL, NULL, NULL, NULL};

    MUST(ov_core_create(&s.core));
    s.model = read_text(s.core, text);
    MUST(ov_core_compile_model(s.core, s.model, "CPU", 2, &s.compiled, "PERF_COUNT", "YES"));
    MUST(ov_compiled_model_create_infer_request(s.compiled, &s.request));
    return s;
}

static void tear_down(struct setup *s)
{
    ov_infer_request_free(s->request);
    ov_compiled_model_free(s->compiled);
    ov_model_free(s->model);
    ov_core_free(s->core);
}

/* A call that gives a tensor: it is shown and freed. */
#define GET(call, tensor)                                                                                    \
    do {                                                                                                     \
        if (CALL(call) == OK) {                                                                              \
            report_tensor("tensor", tensor);                                                                 \
            ov_tensor_free(tensor);                                                                          \
        }                                                                                                    \
    } while (0)

static void by_every_way(void)
{
    struct setup s = set_up(model_two);
    ov_tensor_t *a = new_matrix(1, 3, -2), *b = new_matrix(1, 3, 0.5f), *t = NULL;
    ov_tensor_t *out = new_matrix(1, 3, 0), *other = new_matrix(1, 3, 0);
    ov_output_const_port_t *c = NULL;
    ov_output_port_t *p = NULL;

    CALL(ov_infer_request_set_tensor(s.request, "a_t", a));
    GET(ov_infer_request_get_tensor(s.request, "a_t", &t), t);
    CALL(ov_infer_request_set_tensor(s.request, "alias", b));
    CALL(ov_infer_request_infer(s.request));
    GET(ov_infer_request_get_tensor(s.request, "total", &t), t);
    GET(ov_infer_request_get_tensor(s.request, "act", &t), t);
    GET(ov_infer_request_get_output_tensor_by_index(s.request, 1, &t), t);
    GET(ov_infer_request_get_input_tensor_by_index(s.request, 1, &t), t);
    CALL(ov_infer_request_get_output_tensor_by_index(s.request, 9, &t));
    CALL(ov_infer_request_get_input_tensor_by_index(s.request, 9, &t));
    CALL(ov_infer_request_get_input_tensor(s.request, &t));
    CALL(ov_infer_request_get_output_tensor(s.request, &t));
    CALL(ov_infer_request_set_input_tensor(s.request, a));
    CALL(ov_infer_request_set_output_tensor(s.request, out));
    CALL(ov_infer_request_set_input_tensor_by_index(s.request, 0, b));
    CALL(ov_infer_request_set_input_tensor_by_index(s.request, 9, b));
    CALL(ov_infer_request_set_output_tensor_by_index(s.request, 0, out));
    CALL(ov_infer_request_set_output_tensor_by_index(s.request, 9, out));
    CALL(ov_infer_request_infer(s.request));
    report_tensor("own output", out);
    MUST(ov_compiled_model_output_by_index(s.compiled, 1, &c));
    GET(ov_infer_request_get_tensor_by_const_port(s.request, c, &t), t);
    CALL(ov_infer_request_set_tensor_by_const_port(s.request, c, other));
    ov_output_const_port_free(c);
    MUST(ov_model_input_by_index(s.model, 0, &p));
    CALL(ov_infer_request_set_tensor_by_port(s.request, p, a));
    GET(ov_infer_request_get_tensor_by_port(s.request, p, &t), t);
    ov_output_port_free(p);
    CALL(ov_infer_request_infer(s.request));
    report_tensor("own output", out);
    report_tensor("the other", other);
    CALL(ov_infer_request_get_tensor(s.request, "nosuch", &t));
    CALL(ov_infer_request_get_tensor(s.request, "add", &t));
    CALL(ov_infer_request_set_tensor(s.request, "nosuch", a));
    CALL(ov_infer_request_set_tensor(s.request, NULL, a));
    CALL(ov_infer_request_set_tensor(s.request, "a_t", NULL));
    ov_tensor_free(a);
    ov_tensor_free(b);
    ov_tensor_free(out);
    ov_tensor_free(other);
    tear_down(&s);
}

static void one_port(void)
{
    struct setup s = set_up(ONE("1,3"));
    ov_tensor_t *x = new_matrix(1, 3, -1), *y = new_matrix(1, 3, 7), *t = NULL;
    ov_tensor_t *rows = new_matrix(2, 3, 0), *ints = new_tensor(I32, 2, (int64_t[]){1, 3});

    CALL(ov_infer_request_set_input_tensor(s.request, x));
    CALL(ov_infer_request_set_output_tensor(s.request, y));
    CALL(ov_infer_request_infer(s.request));
    report_tensor("y", y);
    GET(ov_infer_request_get_input_tensor(s.request, &t), t);
    GET(ov_infer_request_get_output_tensor(s.request, &t), t);
    CALL(ov_infer_request_set_input_tensor(s.request, rows));
    CALL(ov_infer_request_set_input_tensor(s.request, ints));
    CALL(ov_infer_request_set_output_tensor(s.request, rows));
    CALL(ov_infer_request_set_output_tensor(s.request, x));
    CALL(ov_infer_request_infer(s.request));
    report_tensor("input and output alike", x);
    ov_tensor_free(x);
    ov_tensor_free(y);
    ov_tensor_free(rows);
    ov_tensor_free(ints);
    tear_down(&s);
}

static void dynamic(void)
{
    struct setup s = set_up(ONE("?,4"));
    ov_tensor_t *t = NULL, *before = NULL, *x;

    GET(ov_infer_request_get_input_tensor(s.request, &t), t);
    MUST(ov_infer_request_get_output_tensor(s.request, &before));
    for (int64_t rows = 3; rows >= 0; rows -= 3) {
        x = new_matrix(rows ? rows : 1, 4, -5);
        if (!rows) {
            MUST(ov_tensor_set_shape(x, (ov_shape_t){2, (int64_t[]){0, 4}}));
        }
        CALL(ov_infer_request_set_input_tensor(s.request, x));
        CALL(ov_infer_request_infer(s.request));
        GET(ov_infer_request_get_output_tensor(s.request, &t), t);
        report_tensor("old handle", before);
        ov_tensor_free(x);
    }
    x = new_matrix(5, 5, 0);
    CALL(ov_infer_request_set_input_tensor(s.request, x));
    ov_tensor_free(x);
    x = new_matrix(2, 4, 1);
    CALL(ov_infer_request_set_output_tensor(s.request, x));
    ov_tensor_free(before);
    MUST(ov_infer_request_get_input_tensor(s.request, &t));
    CALL(ov_tensor_set_shape(t, (ov_shape_t){2, (int64_t[]){4, 4}}));
    CALL(ov_infer_request_infer(s.request));
    ov_tensor_free(t);
    MUST(ov_infer_request_get_output_tensor(s.request, &t));
    report_shape("grown", (ov_shape_t){2, (int64_t[]){4, 4}});
    ov_tensor_free(t);
    ov_tensor_free(x);
    tear_down(&s);
}

static void count(void *args)
{
    ++*(int *)args;
}

static void asynchronous(void)
{
    struct setup s = set_up(ONE("1,3"));
    int calls = 0;
    ov_callback_t callback = {count, &calls};
    ov_tensor_t *x = new_matrix(1, 3, -1), *t = NULL;

    CALL(ov_infer_request_wait(s.request));
    CALL(ov_infer_request_wait_for(s.request, 0));
    CALL(ov_infer_request_wait_for(s.request, -1));
    CALL(ov_infer_request_cancel(s.request));
    CALL(ov_infer_request_set_callback(s.request, &callback));
    CALL(ov_infer_request_set_callback(s.request, NULL));
    MUST(ov_infer_request_set_input_tensor(s.request, x));
    CALL(ov_infer_request_start_async(s.request));
    CALL(ov_infer_request_wait(s.request));
    printf("  %d callbacks\n", calls);
    CALL(ov_infer_request_start_async(s.request));
    CALL(ov_infer_request_wait_for(s.request, 10000));
    CALL(ov_infer_request_wait_for(s.request, INT64_MAX));
    CALL(ov_infer_request_wait(s.request));
    printf("  %d callbacks\n", calls);
    GET(ov_infer_request_get_output_tensor(s.request, &t), t);
    CALL(ov_infer_request_infer(s.request));
    printf("  %d callbacks\n", calls);
    CALL(ov_infer_request_cancel(s.request));
    CALL(ov_infer_request_infer(s.request));
    ov_tensor_free(x);
    tear_down(&s);
}

static void lifetimes(void)
{
    struct setup s = set_up(ONE("1,3"));
    ov_tensor_t *x = new_matrix(1, 3, -1), *y = NULL;

    ov_core_free(s.core);
    ov_model_free(s.model);
    ov_compiled_model_free(s.compiled);
    MUST(ov_infer_request_set_input_tensor(s.request, x));
    ov_tensor_free(x);
    CALL(ov_infer_request_infer(s.request));
    MUST(ov_infer_request_get_output_tensor(s.request, &y));
    ov_infer_request_free(s.request);
    report_tensor("after everything else", y);
    ov_tensor_free(y);
}

static void profile(void)
{
    struct setup s = set_up(model_two);
    ov_profiling_info_list_t list = {NULL, 0};

    CALL(ov_infer_request_infer(s.request));
    CALL(ov_infer_request_get_profiling_info(s.request, &list));
    printf("  entries %d\n", list.size > 0);
    ov_profiling_info_list_free(&list);
    printf("  after free %zu %d\n", list.size, list.profiling_infos == NULL);
    CALL(ov_infer_request_get_profiling_info(NULL, &list));
    CALL(ov_infer_request_get_profiling_info(s.request, NULL));
    tear_down(&s);
}

static void nulls(void)
{
    ov_tensor_t *t = NULL;

    CALL(ov_infer_request_infer(NULL));
    CALL(ov_infer_request_start_async(NULL));
    CALL(ov_infer_request_wait(NULL));
    CALL(ov_infer_request_wait_for(NULL, 1));
    CALL(ov_infer_request_cancel(NULL));
    CALL(ov_infer_request_get_tensor(NULL, "x", &t));
    CALL(ov_infer_request_get_input_tensor(NULL, &t));
    CALL(ov_infer_request_get_output_tensor(NULL, &t));
    CALL(ov_infer_request_set_input_tensor(NULL, t));
    CALL(ov_infer_request_set_output_tensor(NULL, t));
    ov_infer_request_free(NULL);
}

int main(void)
{
    by_every_way();
    one_port();
    dynamic();
    asynchronous();
    lifetimes();
    profile();
    nulls();
    return 0;
}
