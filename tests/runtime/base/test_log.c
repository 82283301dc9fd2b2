#include "log.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sink {
    atomic_int lines;
    int level;
    char last[8192];
};

static void collect(void *user, int level, const char *line)
{
    struct sink *sink = user;

    sink->level = level;
    snprintf(sink->last, sizeof(sink->last), "%s", line);
    atomic_fetch_add(&sink->lines, 1);
}

static void count_only(void *user, int level, const char *line)
{
    struct sink *sink = user;

    (void)level;
    (void)line;
    atomic_fetch_add(&sink->lines, 1);
}

static void test_environment_is_read_once(void **state)
{
    struct sink sink = {0};

    (void)state;
    vt_log_set_callback(collect, &sink);
    setenv("VT_LOG", "info,passes,nonsense", 1);
    assert_true(vt_log_enabled(VT_LOG_PASSES));
    assert_false(vt_log_enabled(VT_LOG_DISPATCH));
    assert_true(vt_log_level_enabled(VT_LOG_INFO));
    assert_false(vt_log_level_enabled(VT_LOG_DEBUG));
    assert_int_equal(sink.lines, 1);
    assert_int_equal(sink.level, VT_LOG_WARNING);
    assert_non_null(strstr(sink.last, "'nonsense'"));
    setenv("VT_LOG", "debug", 1);
    assert_false(vt_log_level_enabled(VT_LOG_DEBUG));
    vt_log_set_callback(NULL, NULL);
}

static void test_configure(void **state)
{
    static const struct {
        const char *text;
        int level;
        unsigned categories;
    } rows[] = {
        {"", VT_LOG_WARNING, 0},
        {"dispatch", VT_LOG_WARNING, VT_LOG_DISPATCH},
        {"debug,dispatch,memory", VT_LOG_DEBUG, VT_LOG_GENERAL | VT_LOG_DISPATCH | VT_LOG_MEMORY},
        {"memory, none", VT_LOG_NONE, VT_LOG_MEMORY},
        {"all,error", VT_LOG_ERROR, VT_LOG_ALL},
        {",,plugin,", VT_LOG_WARNING, VT_LOG_PLUGIN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        vt_log_configure(rows[i].text);
        for (int level = VT_LOG_ERROR; level <= VT_LOG_DEBUG; level++) {
            assert_int_equal(vt_log_level_enabled((enum vt_log_level)level), level <= rows[i].level);
        }
        for (unsigned c = 1; c < VT_LOG_ALL; c <<= 1) {
            assert_int_equal(vt_log_enabled(c), (rows[i].categories & c) != 0);
        }
    }
}

static int evaluated(int *calls)
{
    return ++*calls;
}

static void test_arguments_only_when_wanted(void **state)
{
    struct sink sink = {0};
    int calls = 0;

    (void)state;
    vt_log_set_callback(collect, &sink);
    vt_log_set(VT_LOG_ERROR, VT_LOG_MEMORY);
    vt_log(VT_LOG_WARNING, "%d", evaluated(&calls));
    vt_trace(VT_LOG_DISPATCH, "%d", evaluated(&calls));
    assert_int_equal(calls, 0);
    assert_int_equal(sink.lines, 0);
    vt_log(VT_LOG_ERROR, "broken %d", evaluated(&calls));
    assert_string_equal(sink.last, "broken 1");
    assert_int_equal(sink.level, VT_LOG_ERROR);
    vt_trace(VT_LOG_MEMORY, "plan %d", evaluated(&calls));
    assert_string_equal(sink.last, "plan 2");
    assert_int_equal(sink.lines, 2);
    vt_log_set_callback(NULL, NULL);
}

static void test_long_line_is_cut(void **state)
{
    struct sink sink = {0};
    char text[6000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    vt_log_set(VT_LOG_INFO, 0);
    vt_log_set_callback(collect, &sink);
    vt_log(VT_LOG_INFO, "%s", text);
    assert_int_equal(strlen(sink.last), 4095);
    vt_log_set_callback(NULL, NULL);
}

static void log_again(void *user, int level, const char *line)
{
    (void)level;
    atomic_fetch_add(&((struct sink *)user)->lines, 1);
    vt_log(VT_LOG_ERROR, "from inside the callback (expected in this test): %s", line);
}

static void test_logging_inside_the_callback(void **state)
{
    struct sink sink = {0};

    (void)state;
    vt_log_set(VT_LOG_ERROR, 0);
    vt_log_set_callback(log_again, &sink);
    vt_log(VT_LOG_ERROR, "outer");
    assert_int_equal(sink.lines, 1);
    vt_log_set_callback(NULL, NULL);
}

#define THREADS 4
#define LINES   2000

static void *write_lines(void *arg)
{
    (void)arg;
    for (int i = 0; i < LINES; i++) {
        vt_log(VT_LOG_INFO, "line %d", i);
    }
    return NULL;
}

static void test_replace_while_logging(void **state)
{
    static struct sink sinks[2];
    pthread_t threads[THREADS];

    (void)state;
    vt_log_set(VT_LOG_INFO, 0);
    vt_log_set_callback(count_only, &sinks[0]);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, NULL), 0);
    }
    for (int i = 1; i <= 200; i++) {
        vt_log_set_callback(count_only, &sinks[i & 1]);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    vt_log_set_callback(NULL, NULL);
    assert_int_equal(sinks[0].lines + sinks[1].lines, THREADS * LINES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_environment_is_read_once),    cmocka_unit_test(test_configure),
        cmocka_unit_test(test_arguments_only_when_wanted),  cmocka_unit_test(test_long_line_is_cut),
        cmocka_unit_test(test_logging_inside_the_callback), cmocka_unit_test(test_replace_while_logging),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
