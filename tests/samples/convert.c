/* vt_convert on small ONNX models and on the shipped model; an ONNX model with operations of an extension.
 * Arguments: vt_convert, hello_reshape, custom_operation, its extension, the shipped model's folder. */
#include "../frontends/onnx/onnx_write.h"
#include "program.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *convert, *reshape, *custom, *extension, *digits;
static char folder[] = "/tmp/vintner-convert-XXXXXX", output[PROGRAM_MAX_OUTPUT];

static void expect(int got, int code, const char *part)
{
    if (got != code || !strstr(output, part)) {
        fail_msg("exit code %d, wanted %d, with '%s'\n%s", got, code, part, output);
    }
}

/* Runs vt_convert in the folder. */
static void run(int code, const char *arguments, const char *part)
{
    expect(program_run(output, "cd '%s' && '%s' %s 2>&1", folder, convert, arguments), code, part);
}

static void write_model(const char *name, struct msg *m)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(m->data, 1, m->n, f), m->n);
    assert_int_equal(fclose(f), 0);
    msg_free(m);
}

static long bytes_of(const char *name)
{
    char path[128];
    struct stat st;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return stat(path, &st) ? -1 : (long)st.st_size;
}

/* HardSwish(x + w), w of 1000 numbers. */
static struct msg *small_model(void)
{
    static float w[1000];
    struct msg *g = graph_of(node("Add", "", "x,w", "sum"));

    for (int i = 0; i < 1000; i++) {
        w[i] = (float)(i + 1) / 16;
    }
    put(g, 1, node("HardSwish", "", "sum", "y"));
    put(g, 5, tensor_raw("w", FLOAT, "1000", w, sizeof(w)));
    put(g, 11, info("x", FLOAT, "n,1000"));
    put(g, 12, info("y", FLOAT, NULL));
    return model(g, 17);
}

static void test_onnx(void **state)
{
    (void)state;
    write_model("m.onnx", small_model());
    run(0, "m.onnx", "[ INFO ] m.xml is written");
    expect(0, 0, "input 'x': f32 [?,1000]");
    expect(0, 0, "output 'y': f32 [?,1000]");
    assert_in_range(bytes_of("m.bin"), 4000, 4100);
    expect(program_run(output, "'%s' '%s/m.xml' '[4,1000]' 2>&1", reshape, folder), 0,
           "The inference gave output 0 the shape [4,1000]");
    run(0, "m.onnx half.xml --fp16", "half.xml is written, weights as f16");
    assert_in_range(bytes_of("half.bin"), 2000, 2100);
    run(0, "--shape 'x[2..8,1000]' m.onnx shaped.xml", "input 'x': f32 [2..8,1000]");
    run(0, "m.onnx quiet.xml --quiet --shape '[3,1000]'", "");
    assert_string_equal(output, "");
}

static void test_ir(void **state)
{
    char arguments[512];

    (void)state;
    snprintf(arguments, sizeof(arguments), "'%s/digits.xml' again.xml", digits);
    run(0, arguments, "input 'picture': f32");
    assert_true(bytes_of("again.bin") > 0);
    snprintf(arguments, sizeof(arguments), "'%s/digits.xml'", digits);
    run(1, arguments, "name the output");
}

/* 0.5 x / (1 + exp(-2 x)) above 0.25 */
static void test_extension(void **state)
{
    struct msg *swish = node_in("extension", "ScaledSwish", "", "x", "s"), *a = attr("beta", 1), *g, *m;
    struct msg *select = node_in("extension", "SelectAbove", "", "s", "values,places");
    const char *form = "cd '%s' && '%s' '%s' %s '-1,0.5,2,3' 2>&1";

    (void)state;
    put_float(a, 2, 2);
    put(swish, 5, a);
    a = attr("scale", 1);
    put_float(a, 2, 0.5f);
    put(swish, 5, a);
    a = attr("limit", 1);
    put_float(a, 2, 0.25f);
    put(select, 5, a);
    g = graph_of(swish);
    put(g, 1, select);
    put(g, 11, info("x", FLOAT, "n"));
    put(g, 12, info("values", FLOAT, NULL));
    put(g, 12, info("places", INT64, NULL));
    m = model(g, 17);
    add_import(m, 8, "extension", 1);
    write_model("custom.onnx", m);
    expect(program_run(output, form, folder, custom, extension, "custom.onnx"), 0, "x[2] gives 0.982014");
    expect(0, 0, "2 selected");
    run(1, "custom.onnx", "not implemented: 2 operators without a translator: extension.ScaledSwish-1");

    swish = node_in("extension", "ScaledSwish", "named", "x", "t");
    put(swish, 5, attr_int("gamma", 2));
    g = graph_of(swish);
    put(g, 11, info("x", FLOAT, "n"));
    write_model("wrong.onnx", model(g, 17));
    expect(program_run(output, form, folder, custom, extension, "wrong.onnx"), 1,
           "node 'named' (extension.ScaledSwish-1): ");
}

static void test_errors(void **state)
{
    struct msg *g = graph_of(node("NoSuch", "n", "x", "y"));

    (void)state;
    put(g, 11, info("x", FLOAT, "n,1000"));
    put(g, 12, info("y", FLOAT, NULL));
    write_model("m.onnx", small_model());
    write_model("bad.onnx", model(g, 17));
    run(0, "--help", "vt_convert MODEL [OUTPUT.xml]");
    run(1, "", "a model is needed");
    run(1, "m.onnx a.xml b.xml", "unexpected argument 'b.xml'");
    run(1, "m.onnx --fp8", "unknown option --fp8");
    run(1, "m.onnx out.txt", "the output 'out.txt' has to end in .xml");
    run(1, "none.onnx", "none.onnx");
    run(1, "bad.onnx", "not implemented: 1 operator without a translator: NoSuch-17");
    run(1, "m.onnx x.xml --shape 'q[1,2]'", "--shape names an input that the model does not have");
    run(1, "m.onnx x.xml --shape '[1,2]'", "reshaping the model");
    run(1, "m.onnx x.xml --shape '[1,'", "[ ERROR ]");
    run(1, "m.onnx none/x.xml", "writing none/x.xml");
    assert_int_equal(bytes_of("x.xml"), -1);
    assert_int_equal(bytes_of("bad.xml"), -1);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int drop_folder(void **state)
{
    (void)state;
    return program_run(output, "rm -r '%s'", folder);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_onnx),
        cmocka_unit_test(test_ir),
        cmocka_unit_test(test_extension),
        cmocka_unit_test(test_errors),
    };

    const char **const places[] = {&convert, &reshape, &custom, &extension, &digits};

    if (argc != 6) {
        return 1;
    }
    for (int i = 0; i < 5; i++) {
        *places[i] = realpath(argv[i + 1], NULL); /* the programs run in the folder */
        if (!*places[i]) {
            return 1;
        }
    }
    return cmocka_run_group_tests(tests, make_folder, drop_folder);
}
