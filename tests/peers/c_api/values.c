/* Tensors, shapes, partial shapes, dimensions, ranks, layouts, error texts and the log: what needs no model.
 */
#include "report.h"

static void tensors(void)
{
    static const ov_element_type_e types[] = {BOOLEAN, BF16, F16, F32, F64,    I4,     I8,    I16,
                                              I32,     I64,  U1,  U2,  U3,     U4,     U6,    U8,
                                              U16,     U32,  U64, NF4, F8E4M3, F8E5M3, STRING};
    int64_t five[] = {5}, grown[] = {2, 3}, empty[] = {0, 3}, fewer[] = {3};
    ov_shape_t shape = {1, five};
    float numbers[5] = {1, 2, 3, 4, 5};
    ov_tensor_t *tensor = NULL;

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        size_t bytes = 0;

        MUST(ov_tensor_create(types[i], shape, &tensor));
        MUST(ov_tensor_get_byte_size(tensor, &bytes));
        printf("  five of type %d: %zu bytes\n", (int)types[i], bytes);
        ov_tensor_free(tensor);
    }
    CALL(ov_tensor_create(DYNAMIC, shape, &tensor));
    CALL(ov_tensor_create(F32, shape, NULL));
    CALL(ov_tensor_create_from_host_ptr(F32, shape, NULL, &tensor));
    CALL(ov_tensor_create_from_host_ptr(F32, shape, numbers, &tensor));
    report_tensor("host", tensor);
    shape.dims = fewer;
    CALL(ov_tensor_set_shape(tensor, shape));
    report_tensor("shrunk", tensor);
    shape = (ov_shape_t){2, grown};
    CALL(ov_tensor_set_shape(tensor, shape));
    report_tensor("unchanged", tensor);
    ov_tensor_free(tensor);
    tensor = new_matrix(1, 5, 1);
    CALL(ov_tensor_set_shape(tensor, shape));
    shape.dims = empty;
    CALL(ov_tensor_set_shape(tensor, shape));
    report_tensor("empty", tensor);
    ov_tensor_free(tensor);
    CALL(ov_tensor_get_shape(NULL, &shape));
    CALL(ov_tensor_get_element_type(NULL, NULL));
    CALL(ov_tensor_get_size(NULL, NULL));
    CALL(ov_tensor_get_byte_size(NULL, NULL));
    CALL(ov_tensor_data(NULL, NULL));
    CALL(ov_tensor_set_shape(NULL, shape));
    ov_tensor_free(NULL);
}

static void strings(void)
{
    const char *words[] = {"one", "two", "a third one that is longer than sixteen bytes"};
    int64_t three[] = {3};
    ov_shape_t shape = {1, three};
    ov_tensor_t *tensor = NULL;

    CALL(ov_tensor_create_from_string_array(words, 3, shape, &tensor));
    report_tensor("strings", tensor);
    CALL(ov_tensor_set_string_data(tensor, words, 3));
    CALL(ov_tensor_set_string_data(tensor, words, 2));
    CALL(ov_tensor_set_string_data(tensor, NULL, 3));
    ov_tensor_free(tensor);
    CALL(ov_tensor_create_from_string_array(words, 2, shape, &tensor));
    ov_tensor_free(tensor);
    three[0] = 2;
    CALL(ov_tensor_create_from_string_array(words, 3, shape, &tensor));
    CALL(ov_tensor_create_from_string_array(NULL, 2, shape, &tensor));
    tensor = new_matrix(1, 3, 0);
    CALL(ov_tensor_set_string_data(tensor, words, 3));
    ov_tensor_free(tensor);
}

static void shapes(void)
{
    int64_t dims[] = {2, 3, 4}, negative[] = {2, -1};
    ov_shape_t shape = {0, NULL};
    ov_partial_shape_t partial = {{0, 0}, NULL};

    CALL(ov_shape_create(3, dims, &shape));
    report_shape("created", shape);
    CALL(ov_shape_to_partial_shape(shape, &partial));
    report_pshape("as partial", partial);
    CALL(ov_shape_free(&shape));
    report_shape("freed", shape);
    CALL(ov_shape_free(NULL));
    CALL(ov_partial_shape_to_shape(partial, &shape));
    report_shape("back", shape);
    ov_shape_free(&shape);
    ov_partial_shape_free(&partial);
    CALL(ov_shape_create(0, dims, &shape));
    CALL(ov_shape_create(2, negative, &shape));
    CALL(ov_shape_create(2, dims, NULL));
}

static void partial_shapes(void)
{
    static const ov_dimension_t second[] = {{1, 1}, {0, 0},   {-1, -1},       {1, 5},         {-1, 5},
                                            {0, 5}, {0, -1},  {1, INT64_MAX}, {0, INT64_MAX}, {2, -1},
                                            {5, 1}, {-5, -5}, {-2, 3}};
    static const ov_rank_t ranks[] = {{2, 2}, {0, 0}, {-1, -1}, {1, 3}, {0, -1}, {2, -1}, {5, 1}};
    ov_partial_shape_t shape = {{0, 0}, NULL};
    ov_shape_t fixed = {0, NULL};
    int64_t dims[] = {2, 3};

    for (size_t i = 0; i < sizeof(second) / sizeof(second[0]); i++) {
        ov_dimension_t two[] = {{1, 1}, second[i]};

        printf("dimension {%lld, %lld}\n", (long long)second[i].min, (long long)second[i].max);
        printf("  dynamic %d\n", ov_dimension_is_dynamic(second[i]));
        if (CALL(ov_partial_shape_create(2, two, &shape)) == OK) {
            report_pshape("text", shape);
            printf("  dynamic %d\n", ov_partial_shape_is_dynamic(shape));
            if (CALL(ov_partial_shape_to_shape(shape, &fixed)) == OK) {
                ov_shape_free(&fixed);
            }
            ov_partial_shape_free(&shape);
        }
    }
    for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
        printf("rank {%lld, %lld}: dynamic %d\n", (long long)ranks[i].min, (long long)ranks[i].max,
               ov_rank_is_dynamic(ranks[i]));
        if (CALL(ov_partial_shape_create_dynamic(ranks[i], NULL, &shape)) == OK) {
            report_pshape("text", shape);
            ov_partial_shape_free(&shape);
        }
    }
    CALL(ov_partial_shape_create_static(2, dims, &shape));
    report_pshape("static", shape);
    ov_partial_shape_free(&shape);
    CALL(ov_partial_shape_create_static(2, NULL, &shape));
    CALL(ov_partial_shape_create(0, second, &shape));
    ov_partial_shape_free(NULL);
}

static void layouts(void)
{
    static const char *const texts[] = {"NCHW", "nchw", "[N,C,H,W]", "N...C",
                                        "NC?",  "...",  "[N,...,C]", "[N,?,H,W]"};
    static const char *const bad[] = {"NN", "[N,C", "N......C", "N C", "1"};
    ov_layout_t *layout = NULL;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (CALL(ov_layout_create(texts[i], &layout)) == OK) {
            const char *text = ov_layout_to_string(layout);

            report_text(texts[i], text);
            ov_free(text);
            ov_layout_free(layout);
        }
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        report_text("layout", bad[i]);
        CALL(ov_layout_create(bad[i], &layout));
    }
    CALL(ov_layout_create(NULL, &layout));
    ov_layout_free(NULL);
}

static int messages;

static void count_message(const char *message)
{
    messages += message != NULL;
}

int main(void)
{
    const char *text;

    tensors();
    strings();
    shapes();
    partial_shapes();
    layouts();
    for (int status = 1; status >= -18; status--) {
        printf("status %d: %s\n", status, ov_get_error_info((ov_status_e)status));
    }
    ov_core_free(NULL); /* clears the last error */
    text = ov_get_last_err_msg();
    report_text("no error", text);
    ov_free(text);
    ov_util_set_log_callback(count_message);
    printf("messages to the callback: %d\n", messages);
    ov_util_reset_log_callback();
    return 0;
}
