#include "closest.h"
#include "unit.h"

#include <string.h>

static const char *hint(const char *word, const char *const *names)
{
    static char text[128];
    struct vt_closest c = {.word = word};

    while (*names) {
        vt_closest_offer(&c, *names++);
    }
    return vt_closest_hint(&c, text, sizeof(text));
}

static void test_hints(void **state)
{
    static const char *const names[] = {"NUM_STREAMS", "PERF_COUNT", "CPU", "GPU", NULL};
    char longest[200] = "";

    (void)state;
    assert_string_equal(hint("NUM_STREAM", names), "; did you mean 'NUM_STREAMS'?");
    assert_string_equal(hint("num_streams", names), "; did you mean 'NUM_STREAMS'?");
    assert_string_equal(hint("PREF_COUNT", names), "; did you mean 'PERF_COUNT'?");
    assert_string_equal(hint("PERFCOUNTS", names), "; did you mean 'PERF_COUNT'?");
    assert_string_equal(hint("CPU", names), "; did you mean 'CPU'?");
    assert_string_equal(hint("XPU", names), "; did you mean 'CPU'?");
    assert_string_equal(hint("XY", names), "");
    assert_string_equal(hint("SOMETHING_ELSE", names), "");
    assert_string_equal(hint("", names), "");
    memset(longest, 'N', sizeof(longest) - 1);
    assert_string_equal(hint(longest, names), "");
}

/* A swap of neighbours is one step, and the nearest name wins whatever the order. */
static void test_nearest(void **state)
{
    static const char *const names[] = {"abcdefxyz", "abcdefghi", "abcdefghx", NULL};

    (void)state;
    assert_string_equal(hint("abcdefgih", names), "; did you mean 'abcdefghi'?");
    assert_string_equal(hint("bacdefxyz", names), "; did you mean 'abcdefxyz'?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hints), cmocka_unit_test(test_nearest)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
