#include "../../samples/benchmark_app/stats.h"

#include "cmocka_includes.h"

#include <math.h>

static void test_summary(void **state)
{
    (void)state;
    double samples[] = {4, 1, 3, 2};
    struct stats stats;
    stats_summarize(samples, 4, &stats);
    assert_int_equal(stats.count, 4);
    assert_true(stats.average == 2.5);
    assert_true(stats.min == 1 && stats.max == 4);
    assert_true(fabs(stats.deviation - sqrt(5.0 / 3)) < 1e-12);
    assert_true(samples[0] == 1 && samples[3] == 4);
}

static void test_few(void **state)
{
    (void)state;
    struct stats stats;
    stats_summarize(NULL, 0, &stats);
    assert_true(stats.average == 0 && stats.max == 0 && stats.deviation == 0);
    assert_true(stats_percentile(NULL, 0, 50) == 0);
    double one = 7;
    stats_summarize(&one, 1, &stats);
    assert_true(stats.average == 7 && stats.deviation == 0);
    assert_true(stats_percentile(&one, 1, 1) == 7 && stats_percentile(&one, 1, 100) == 7);
}

/* Against the definition: the smallest sample that at least p % of the samples do not exceed. */
static void test_nearest_rank(void **state)
{
    (void)state;
    static const double percents[] = {1, 5, 10, 25, 33.3, 50, 66.7, 75, 90, 95, 99, 99.9, 100};
    double sorted[1000];
    for (size_t i = 0; i < 1000; i++) {
        sorted[i] = (double)i;
    }
    for (size_t n = 1; n <= 1000; n += 37) {
        for (size_t p = 0; p < sizeof(percents) / sizeof(*percents); p++) {
            size_t i = 0;
            while ((double)(i + 1) * 100 < percents[p] * (double)n - 1e-6) {
                i++;
            }
            assert_true(stats_percentile(sorted, n, percents[p]) == sorted[i]);
        }
    }
    assert_true(stats_percentile(sorted, 1000, 99.9) == 998);
    assert_true(stats_percentile(sorted, 1000, 50) == 499);
    assert_true(stats_percentile(sorted, 5, 50) == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_summary), cmocka_unit_test(test_few),
                                       cmocka_unit_test(test_nearest_rank)};
    return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
