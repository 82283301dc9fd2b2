#include "heap.h"
#include "unit.h"

#include <string.h>

#define PIECES 300

static size_t size_of(size_t i)
{
    return i % 37 == 36 ? 70000 * (i % 5) + i : i * i % 3000;
}

/* Takes all pieces, gives every third back on the way, and looks that none overlaps another. */
static void take_all(struct vt_heap *heap)
{
    unsigned char *p[PIECES];

    for (size_t i = 0; i < PIECES; i++) {
        p[i] = vt_heap_alloc(heap, size_of(i));
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % 64, 0);
        memset(p[i], (int)(i % 251), size_of(i));
        if (i % 3 == 2) {
            vt_heap_free(heap, p[i - 1]);
            p[i - 1] = NULL;
        }
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; p[i] && k < size_of(i); k++) {
            assert_int_equal(p[i][k], i % 251);
        }
    }
}

/* What one round needed is enough for all that are like it. */
static void test_rounds(void **state)
{
    struct vt_heap *heap = vt_heap_create();
    size_t bytes;

    (void)state;
    assert_non_null(heap);
    assert_int_equal(vt_heap_bytes(heap), 0);
    take_all(heap);
    vt_heap_reset(heap);
    bytes = vt_heap_bytes(heap);
    for (int round = 0; round < 5; round++) {
        take_all(heap);
        assert_int_equal(vt_heap_bytes(heap), bytes);
        vt_heap_reset(heap);
    }
    vt_heap_destroy(heap);
    vt_heap_destroy(NULL);
}

/* Pieces that are given back serve again, so that any number of them takes no more. */
static void test_reuse(void **state)
{
    struct vt_heap *heap = vt_heap_create();
    size_t bytes = 0;

    (void)state;
    for (size_t i = 0; i < 100000; i++) {
        void *a = vt_heap_alloc(heap, 100 + i % 50000), *b = vt_heap_alloc(heap, i % 64);

        assert_non_null(a);
        assert_non_null(b);
        vt_heap_free(heap, b);
        vt_heap_free(heap, a);
        if (i == 50000) {
            bytes = vt_heap_bytes(heap);
        }
    }
    vt_heap_free(heap, NULL);
    assert_int_equal(vt_heap_bytes(heap), bytes);
    assert_true(bytes < 50000 * 16);
    assert_null(vt_heap_alloc(heap, SIZE_MAX - 10));
    vt_heap_destroy(heap);
}

/* Sizes around the classes' borders: a piece has all its bytes, and growing keeps what is there. */
static void test_resize(void **state)
{
    struct vt_heap *heap = vt_heap_create(), *before = vt_heap_use(heap);

    (void)state;
    assert_null(before);
    for (size_t bytes = 0; bytes < 5000; bytes += 31) {
        unsigned char *p = vt_temp_alloc(bytes), *q;

        assert_non_null(p);
        for (size_t i = 0; i < bytes; i++) {
            p[i] = (unsigned char)(i % 253);
        }
        q = vt_temp_resize(p, 2 * bytes + 1);
        assert_non_null(q);
        for (size_t i = 0; i < bytes; i++) {
            assert_int_equal(q[i], i % 253);
        }
        q = vt_temp_resize(q, bytes / 2);
        assert_non_null(q);
        for (size_t i = 0; i < bytes / 2; i++) {
            assert_int_equal(q[i], i % 253);
        }
        vt_temp_free(q);
    }
    assert_true(vt_heap_bytes(heap) > 0);
    assert_ptr_equal(vt_heap_use(NULL), heap);
    vt_heap_destroy(heap);
}

/* With and without a heap; what comes from the C library goes back there. */
static void test_temp(void **state)
{
    struct vt_heap *heap = vt_heap_create();
    unsigned char *outside, *zero;

    (void)state;
    outside = vt_temp_resize(NULL, 10);
    assert_non_null(outside);
    memset(outside, 7, 10);
    vt_heap_use(heap);
    zero = vt_temp_alloc(1000);
    assert_non_null(zero);
    memset(zero, 255, 1000);
    vt_temp_free(zero);
    zero = vt_temp_zero(10, 100);
    assert_non_null(zero);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(zero[i], 0);
    }
    assert_null(vt_temp_zero(SIZE_MAX, 2));
    outside = vt_temp_resize(outside, 2000);
    assert_non_null(outside);
    assert_int_equal(outside[9], 7);
    vt_temp_free(outside);
    vt_temp_free(NULL);
    vt_heap_use(NULL);
    vt_heap_destroy(heap);
    zero = vt_temp_aligned(100);
    assert_int_equal((uintptr_t)zero % 64, 0);
    vt_temp_free(zero);
}

struct item {
    int key, place;
    char more[5];
};

static int by_key(const void *a, const void *b)
{
    return ((const struct item *)a)->key - ((const struct item *)b)->key;
}

/* Sorted, and equal ones in the order that they had; with a heap and without. */
static void test_sort(void **state)
{
    struct vt_heap *heap = vt_heap_create();
    static struct item items[1000];
    uint32_t random = 1;

    (void)state;
    for (int n = 0; n <= 1000; n += n < 20 ? 1 : 49) {
        vt_heap_use(n % 2 ? heap : NULL);
        for (int i = 0; i < n; i++) {
            random = random * 1664525u + 1013904223u;
            items[i] = (struct item){.key = (int)(random >> 16) % (n / 4 + 1), .place = i};
        }
        vt_temp_sort(items, (size_t)n, sizeof(*items), by_key);
        for (int i = 1; i < n; i++) {
            assert_true(items[i - 1].key < items[i].key ||
                        (items[i - 1].key == items[i].key && items[i - 1].place < items[i].place));
        }
    }
    vt_heap_use(NULL);
    vt_heap_destroy(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds), cmocka_unit_test(test_reuse), cmocka_unit_test(test_resize),
        cmocka_unit_test(test_temp),   cmocka_unit_test(test_sort),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
