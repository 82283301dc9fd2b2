#include "arena.h"
#include "hash.h"
#include "strmap.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

/* Short counters, as names of nodes are: no two of 200,000 may share 64 bits, and the low bits must spread.
 */
static void test_hash_of_names(void **state)
{
    enum { N = 200000, BUCKETS = 1024 };
    uint64_t *hashes = malloc(N * sizeof(*hashes));
    unsigned counts[BUCKETS] = {0};

    (void)state;
    for (int i = 0; i < N; i++) {
        char name[32];
        int n = snprintf(name, sizeof(name), "layer_%d", i);

        hashes[i] = vt_hash(name, (size_t)n, 0);
        counts[hashes[i] % BUCKETS]++;
    }
    qsort(hashes, N, sizeof(*hashes), compare_u64);
    for (int i = 1; i < N; i++) {
        assert_true(hashes[i] != hashes[i - 1]);
    }
    for (int i = 0; i < BUCKETS; i++) { /* mean 195, deviation 14 */
        assert_in_range(counts[i], 110, 290);
    }
    free(hashes);
}

/* Each input bit flips about half of the output bits, at every length and place. */
static void test_hash_avalanche(void **state)
{
    unsigned char data[97];

    (void)state;
    for (size_t n = 1; n <= sizeof(data); n += n < 40 ? 1 : 19) {
        long flips = 0, trials = 0;

        for (unsigned round = 0; round < 8; round++) {
            for (size_t i = 0; i < n; i++) {
                data[i] = (unsigned char)vt_hash_u64(i, round);
            }
            for (size_t i = 0; i < 8 * n; i++) {
                uint64_t before = vt_hash(data, n, round), after;

                data[i / 8] ^= (unsigned char)(1 << i % 8);
                after = vt_hash(data, n, round);
                data[i / 8] ^= (unsigned char)(1 << i % 8);
                assert_true(__builtin_popcountll(before ^ after) >= 6);
                flips += __builtin_popcountll(before ^ after);
                trials++;
            }
        }
        assert_in_range(flips * 100 / trials, 3000, 3400);
    }
}

static void test_hash_length_and_seed(void **state)
{
    static const unsigned char zeros[80];
    uint64_t seen[162];
    size_t n = 0;

    (void)state;
    for (size_t length = 0; length <= 80; length++) {
        seen[n++] = vt_hash(zeros, length, 0);
        seen[n++] = vt_hash(zeros, length, 1);
    }
    qsort(seen, n, sizeof(seen[0]), compare_u64);
    for (size_t i = 1; i < n; i++) {
        assert_true(seen[i] != seen[i - 1]);
    }
    assert_true(vt_hash(NULL, 0, 7) == vt_hash(zeros, 0, 7));
    assert_true(vt_hash_u64(0, 0) != vt_hash_u64(1, 0));
    assert_true(vt_hash_u64(1, 0) != vt_hash_u64(0, 1));
}

static void test_map(void **state)
{
    enum { N = 5000 };
    struct vt_arena arena = {0};
    struct vt_strmap map = {0};
    static int values[N];
    size_t visited = 0;

    (void)state;
    assert_null(vt_strmap_get(&map, "layer_0"));
    for (int i = 0; i < N; i++) {
        assert_int_equal(vt_strmap_put(&map, vt_arena_printf(&arena, "layer_%d", i), &values[i]), 0);
        assert_int_equal(map.count, i + 1);
    }
    for (int i = 0; i < N; i++) {
        char name[32];

        snprintf(name, sizeof(name), "layer_%d", i);
        assert_ptr_equal(vt_strmap_get(&map, name), &values[i]);
    }
    assert_null(vt_strmap_get(&map, "layer_5000"));
    assert_null(vt_strmap_get(&map, ""));
    assert_ptr_equal(vt_strmap_get_n(&map, "layer_12345", 8), &values[12]);
    for (size_t i = 0; i < map.capacity; i++) {
        visited += map.slots[i].key != NULL;
    }
    assert_int_equal(visited, N);
    vt_strmap_finish(&map);
    assert_null(vt_strmap_get(&map, "layer_0"));
    vt_arena_finish(&arena);
}

static void test_replace_null_and_slices(void **state)
{
    struct vt_strmap map = {0};
    int one, two;

    (void)state;
    assert_int_equal(vt_strmap_put(&map, "a", &one), 0);
    assert_int_equal(vt_strmap_put(&map, "a", &two), 0);
    assert_int_equal(map.count, 1);
    assert_ptr_equal(vt_strmap_get(&map, "a"), &two);
    assert_int_equal(vt_strmap_put(&map, "", NULL), 0);
    assert_null(vt_strmap_get(&map, ""));
    assert_non_null(vt_strmap_find(&map, "", 0));
    assert_int_equal(vt_strmap_put_n(&map, "abcdef", 3, &one), 0);
    assert_ptr_equal(vt_strmap_get(&map, "abc"), &one);
    assert_null(vt_strmap_find(&map, "abcd", 4));
    vt_strmap_finish(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash_of_names),           cmocka_unit_test(test_hash_avalanche),
        cmocka_unit_test(test_hash_length_and_seed),    cmocka_unit_test(test_map),
        cmocka_unit_test(test_replace_null_and_slices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
