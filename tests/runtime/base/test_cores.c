#include "cores.h"
#include "fake_root.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void test_nothing_there(void **state)
{
    (void)state;
    assert_int_equal(vt_cgroup_cpus(root), 0);
    put("proc/self/mountinfo", "");
    assert_int_equal(vt_cgroup_cpus(root), 0);
    put("proc/self/mountinfo", "garbage\n1 2 3 - \n - cgroup2\n- cgroup2 x y\n1 - cgroup2 c rw\n");
    put("proc/self/cgroup", "no colon\n0:\n::\n");
    assert_int_equal(vt_cgroup_cpus(root), 0);
}

static void test_v2_takes_the_smallest_level(void **state)
{
    (void)state;
    put("proc/self/mountinfo",
        "22 1 0:5 / /proc rw - proc proc rw\n"
        "29 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
    put("proc/self/cgroup", "0::/user.slice/job.scope\n");
    put("sys/fs/cgroup/user.slice/job.scope/cpu.max", "max 100000\n");
    put("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n");
    assert_int_equal(vt_cgroup_cpus(root), 0);
    put("sys/fs/cgroup/user.slice/cpu.max", "250000 100000\n");
    assert_int_equal(vt_cgroup_cpus(root), 3);
    put("sys/fs/cgroup/user.slice/job.scope/cpu.max", "600000 100000\n");
    assert_int_equal(vt_cgroup_cpus(root), 3);
    put("sys/fs/cgroup/user.slice/job.scope/cpu.max", "20000 100000\n");
    assert_int_equal(vt_cgroup_cpus(root), 1);
    put("sys/fs/cgroup/user.slice/job.scope/cpu.max", "0 0\n");
    assert_int_equal(vt_cgroup_cpus(root), 3);
    put("sys/fs/cgroup/user.slice/job.scope/cpu.max", "words\n");
    assert_int_equal(vt_cgroup_cpus(root), 3);
}

static void test_v2_namespace(void **state)
{
    (void)state;
    put("proc/self/mountinfo", "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n");
    put("proc/self/cgroup", "0::/\n");
    put("sys/fs/cgroup/cpu.max", "200000 100000\n");
    assert_int_equal(vt_cgroup_cpus(root), 2);
    put("proc/self/cgroup", "0::/../../elsewhere\n");
    assert_int_equal(vt_cgroup_cpus(root), 2);
    /* The group's folder is not visible at all: the levels that are still count. */
    put("proc/self/cgroup", "0::/gone/gone\n");
    assert_int_equal(vt_cgroup_cpus(root), 2);
}

static void test_v1_container(void **state)
{
    (void)state;
    put("proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
                               "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro,nosuid master:11 - "
                               "cgroup cgroup rw,cpu,cpuacct\n"
                               "33 31 0:30 /docker/abc /sys/fs/cgroup/cpuset ro - cgroup cgroup rw,cpuset\n");
    put("proc/self/cgroup",
        "5:cpuset:/docker/abc/x\n4:cpu,cpuacct:/docker/abc/inner\n1:name=systemd:/docker/abc\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    assert_int_equal(vt_cgroup_cpus(root), 0);
    put("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "350000\n");
    assert_int_equal(vt_cgroup_cpus(root), 4);
    put("sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us", "100000\n");
    put("sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_period_us", "50000\n");
    assert_int_equal(vt_cgroup_cpus(root), 2);
    /* cpuset is not cpu: its folder is no place to look. */
    put("sys/fs/cgroup/cpuset/cpu.cfs_quota_us", "1000\n");
    put("sys/fs/cgroup/cpuset/cpu.cfs_period_us", "100000\n");
    assert_int_equal(vt_cgroup_cpus(root), 2);
}

static void test_hybrid_and_escapes(void **state)
{
    (void)state;
    put("proc/self/mountinfo", "32 31 0:29 / /cg\\040one/cpu rw - cgroup cgroup rw,cpu\n"
                               "41 31 0:38 / /cg\\040one/unified rw - cgroup2 cgroup2 rw\n");
    put("proc/self/cgroup", "1:cpu:/a\n0::/b\n");
    put("cg one/cpu/a/cpu.cfs_quota_us", "500000\n");
    put("cg one/cpu/a/cpu.cfs_period_us", "100000\n");
    assert_int_equal(vt_cgroup_cpus(root), 5);
    put("cg one/unified/b/cpu.max", "400000 100000\n");
    assert_int_equal(vt_cgroup_cpus(root), 4);
}

static void test_distinct_cores(void **state)
{
    unsigned char allowed[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    char text[32];

    (void)state;
    assert_int_equal(vt_cores_distinct(root, allowed, 8), 8);
    for (int i = 0; i < 8; i++) {
        snprintf(text, sizeof(text), "%d,%d\n", i % 4, i % 4 + 4);
        put_siblings(i, text);
    }
    assert_int_equal(vt_cores_distinct(root, allowed, 8), 4);
    allowed[0] = allowed[1] = 0;
    assert_int_equal(vt_cores_distinct(root, allowed, 8), 4);
    allowed[4] = 0;
    assert_int_equal(vt_cores_distinct(root, allowed, 8), 3);
    put_siblings(7, "4000000,7\n");
    assert_int_equal(vt_cores_distinct(root, allowed, 8), 4);
}

static void test_this_machine(void **state)
{
    int threads = vt_threads_available(), cores = vt_cores_physical();
    cpu_set_t old, one;

    (void)state;
    assert_true(threads >= 1);
    assert_true(cores >= 1 && cores <= threads);
    if (sched_getaffinity(0, sizeof(old), &old)) {
        skip(); /* more than 1024 processors */
    }
    assert_true(threads <= CPU_COUNT(&old));
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    if (!sched_setaffinity(0, sizeof(one), &one)) {
        assert_int_equal(vt_threads_available(), 1);
        assert_int_equal(vt_cores_physical(), 1);
        assert_int_equal(sched_setaffinity(0, sizeof(old), &old), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_v2_takes_the_smallest_level, setup, teardown),
        cmocka_unit_test_setup_teardown(test_v2_namespace, setup, teardown),
        cmocka_unit_test_setup_teardown(test_v1_container, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hybrid_and_escapes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_distinct_cores, setup, teardown),
        cmocka_unit_test(test_this_machine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
