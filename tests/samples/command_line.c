/* Places and options of the small programs' command lines. */
#include "../../samples/common/command_line.h"
#include "cmocka_includes.h"

#include <stdio.h>
#include <string.h>

static const char *first, *second, *text;
static bool flag, help;
static int64_t count;
static double real, factor;
static struct message message;

/* Splits a line at its blanks and reads it: one place is needed, two are known. */
static int read_line(const char *line)
{
    static char copy[256];
    char *argv[16] = {(char *)"program"}, *rest;
    int argc = 1;
    first = second = text = NULL;
    flag = help = false;
    count = 5, real = 6, factor = 7;
    message.text[0] = 0;
    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok_r(copy, " ", &rest); word && argc < 16; word = strtok_r(NULL, " ", &rest)) {
        argv[argc++] = word;
    }
    const struct command_option options[] = {
        {"--flag", COMMAND_FLAG, &flag},       {"--text", COMMAND_TEXT, &text},
        {"--count", COMMAND_POSITIVE, &count}, {"--real", COMMAND_REAL, &real},
        {"--factor", COMMAND_FACTOR, &factor},
    };
    const char **const places[] = {&first, &second};
    return command_line_read(argc, argv, options, 5, places, 2, 1, "a model is", &help, &message);
}

static void test_places(void **state)
{
    (void)state;
    assert_int_equal(read_line("a"), 0);
    assert_string_equal(first, "a");
    assert_null(second);
    assert_true(count == 5 && real == 6 && factor == 7 && !flag && !help);
    assert_int_equal(read_line("--flag a --text t b"), 0);
    assert_string_equal(first, "a");
    assert_string_equal(second, "b");
    assert_string_equal(text, "t");
    assert_true(flag);
}

static void test_values(void **state)
{
    (void)state;
    assert_int_equal(read_line("a --count 12 --real -1.5 --factor 1e-3"), 0);
    assert_true(count == 12 && real == -1.5 && factor == 1e-3);
    assert_int_equal(read_line("a --real 0 --text -x"), 0);
    assert_true(real == 0);
    assert_string_equal(text, "-x");
    assert_int_equal(read_line("a --count 1 --count 2"), 0);
    assert_int_equal(count, 2);
    assert_int_equal(read_line("-h"), 0);
    assert_true(help);
    assert_int_equal(read_line("--help a"), 0);
    assert_true(help);
}

static void expect_error(const char *line, const char *part)
{
    if (read_line(line) != -1 || !strstr(message.text, part)) {
        fail_msg("'%s': expected an error with '%s', got '%s'", line, part, message.text);
    }
}

static void test_errors(void **state)
{
    (void)state;
    expect_error("", "a model is needed (--help)");
    expect_error("--flag", "a model is needed (--help)");
    expect_error("a b c", "unexpected argument 'c'");
    expect_error("a --other 1", "unknown option --other (--help lists all)");
    expect_error("a --flags", "unknown option --flags");
    expect_error("a --count", "--count needs a value");
    expect_error("a --count 0", "--count needs a value, not 0");
    expect_error("a --count -3", "--count needs a value, not -3");
    expect_error("a --count 99999999999999999999", "--count needs a value, not");
    expect_error("a --real x", "--real needs a value, not x");
    expect_error("a --real nan", "--real needs a value, not nan");
    expect_error("a --factor 0", "--factor needs a value, not 0");
    expect_error("a --text", "--text needs a value");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_places), cmocka_unit_test(test_values),
                                       cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests_name("command_line", tests, NULL, NULL);
}
