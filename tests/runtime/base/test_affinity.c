#include "affinity.h"
#include "cores.h"
#include "fake_root.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void assert_order(const unsigned char *allowed, int count, const char *want)
{
    struct vt_processor list[16];
    char have[128] = "";
    int n = vt_processors_sort(root, allowed, count, list);

    for (int i = 0; i < n; i++) {
        sprintf(have + strlen(have), "%s%d%s%s", i ? " " : "", list[i].cpu, list[i].efficient ? "e" : "",
                list[i].sibling ? "s" : "");
    }
    assert_string_equal(have, want);
}

/* Intel's hybrid processors: two fast cores of two threads, two slow ones. */
static void test_hybrid(void **state)
{
    static const unsigned char all[6] = {1, 1, 1, 1, 1, 1}, some[6] = {0, 1, 1, 1, 0, 1};

    (void)state;
    put("sys/devices/cpu_core/cpus", "0-3\n");
    put("sys/devices/cpu_atom/cpus", "4-5\n");
    for (int i = 0; i < 4; i++) {
        put_siblings(i, i < 2 ? "0-1\n" : "2-3\n");
    }
    put_siblings(4, "4\n");
    put_siblings(5, "5\n");
    assert_order(all, 6, "0 2 4e 5e 1s 3s");
    /* A core whose first thread is not ours counts from its second on. */
    assert_order(some, 6, "1 2 5e 3s");
}

static void test_capacities(void **state)
{
    static const unsigned char all[4] = {1, 1, 1, 1};

    (void)state;
    put("sys/devices/system/cpu/cpu0/cpu_capacity", "446\n");
    put("sys/devices/system/cpu/cpu1/cpu_capacity", "1024\n");
    put("sys/devices/system/cpu/cpu2/cpu_capacity", "446\n");
    put("sys/devices/system/cpu/cpu3/cpu_capacity", "1000\n");
    assert_order(all, 4, "1 3 0e 2e");
}

static void test_nothing_told(void **state)
{
    static const unsigned char all[3] = {1, 0, 1};

    (void)state;
    assert_order(all, 3, "0 2");
    put_siblings(2, "words\n");
    put("sys/devices/cpu_atom/cpus", "\n");
    assert_order(all, 3, "0 2");
    assert_int_equal(vt_numa_nodes(root), 1);
    put("sys/devices/system/node/online", "0-1,3\n");
    assert_int_equal(vt_numa_nodes(root), 3);
}

/* What is reserved is given to nobody else, and everything comes back. */
static void test_reservation(void **state)
{
    struct vt_cpus_wish reserve = {.reserve = true, .max = 1}, plain = {0},
                        slow = {.type = VT_CORES_EFFICIENT};
    int all = vt_threads_available(), n, more, *cpus = NULL, *others = NULL;
    struct vt_error err = {0};

    (void)state;
    assert_int_equal(vt_cpus_choose(&plain, &cpus, &n, &err), 0);
    assert_null(cpus);
    assert_int_equal(n, all);
    assert_int_equal(vt_cpus_choose(&reserve, &cpus, &n, &err), 0);
    assert_int_equal(n, 1);
    if (all > 1) {
        assert_int_equal(vt_cpus_choose(&plain, &others, &more, &err), 0);
        assert_non_null(others);
        for (int i = 0; i < more; i++) {
            assert_int_not_equal(others[i], cpus[0]);
        }
        free(others);
    }
    vt_cpus_release(cpus, n);
    free(cpus);
    reserve.max = 0;
    assert_int_equal(vt_cpus_choose(&reserve, &cpus, &n, &err), 0);
    if (n == all) {
        int status = vt_cpus_choose(&plain, &others, &more, &err);

        /* A quota may leave processors over that nobody reserved. */
        if (status) {
            assert_int_equal(status, VT_E_DEVICE);
            assert_non_null(strstr(err.text, "ENABLE_CPU_RESERVATION"));
        } else {
            free(others);
        }
    }
    vt_cpus_release(cpus, n);
    free(cpus);
    assert_int_equal(vt_cpus_choose(&plain, &cpus, &n, NULL), 0);
    assert_null(cpus);
    /* A type that the machine lacks is no restriction. */
    assert_int_equal(vt_cpus_choose(&slow, &cpus, &n, NULL), 0);
    assert_true(n >= 1);
    free(cpus);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_hybrid, setup, teardown),
        cmocka_unit_test_setup_teardown(test_capacities, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_told, setup, teardown),
        cmocka_unit_test(test_reservation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
