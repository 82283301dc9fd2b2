#include "map.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static void write_file(size_t bytes)
{
    int fd;

    strcpy(path, "/tmp/vt_map_XXXXXX");
    fd = mkstemp(path);
    assert_true(fd >= 0);
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)(i * 7 + i / 256);

        assert_int_equal(write(fd, &c, 1), 1);
    }
    close(fd);
}

static unsigned char expected(size_t i)
{
    return (unsigned char)(i * 7 + i / 256);
}

static void test_map_file(void **state)
{
    struct vt_blob *blob;
    const unsigned char *data;

    (void)state;
    write_file(10001);
    assert_int_equal(vt_blob_map(path, &blob, NULL), VT_OK);
    assert_string_equal(blob->path, path);
    unlink(path); /* the mapping stays */
    assert_int_equal(blob->size, 10001);
    data = blob->data;
    for (size_t i = 0; i < blob->size; i++) {
        assert_int_equal(data[i], expected(i));
    }
    assert_ptr_equal(vt_blob_ref(blob), blob);
    vt_blob_unref(blob);
    assert_int_equal(data[10000], expected(10000));
    vt_blob_unref(blob);
}

/* The bytes are a copy: what happens to the file afterwards does not show. */
static void test_read_file(void **state)
{
    struct vt_error err = {0};
    struct vt_blob *blob;

    (void)state;
    write_file(10001);
    assert_int_equal(vt_blob_read(path, &blob, NULL), VT_OK);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(blob->size, 10001);
    assert_string_equal(blob->path, path);
    for (size_t i = 0; i < blob->size; i++) {
        assert_int_equal(((const unsigned char *)blob->data)[i], expected(i));
    }
    assert_int_equal(vt_blob_dontneed(blob, blob->data, blob->size), 0);
    vt_blob_unref(blob);
    assert_int_equal(vt_blob_read(path, &blob, NULL), VT_OK);
    assert_int_equal(blob->size, 0);
    assert_non_null(blob->data);
    vt_blob_unref(blob);
    unlink(path);
    assert_int_equal(vt_blob_read(path, &blob, &err), VT_E_NOT_FOUND);
    assert_null(blob);
    assert_non_null(strstr(err.text, path));
}

static void test_errors(void **state)
{
    struct vt_error err = {0};
    struct vt_blob *blob = (struct vt_blob *)&err;
    char fifo[96];

    (void)state;
    assert_int_equal(vt_blob_map("/no/such/file.bin", &blob, &err), VT_E_NOT_FOUND);
    assert_null(blob);
    assert_non_null(strstr(err.text, "/no/such/file.bin"));
    assert_non_null(strstr(err.text, "No such file"));
    vt_error_clear(&err);
    assert_int_equal(vt_blob_map("/tmp", &blob, &err), VT_E_IO);
    assert_non_null(strstr(err.text, "directory"));
    vt_error_clear(&err);
    assert_int_equal(vt_blob_map("/dev/null", &blob, &err), VT_E_IO);
    write_file(0);
    snprintf(fifo, sizeof(fifo), "%s.fifo", path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(vt_blob_map(fifo, &blob, NULL), VT_E_IO);
    unlink(fifo);
    unlink(path);
}

static void test_empty_file(void **state)
{
    struct vt_blob *blob;

    (void)state;
    write_file(0);
    assert_int_equal(vt_blob_map(path, &blob, NULL), VT_OK);
    assert_int_equal(blob->size, 0);
    assert_non_null(blob->data);
    assert_int_equal(vt_blob_dontneed(blob, blob->data, 0), 0);
    vt_blob_willneed(blob, blob->data, 0);
    vt_blob_unref(blob);
    unlink(path);
}

/* Whether the page is in this process's memory, by its page tables. */
static int is_present(const void *data)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    FILE *file = fopen("/proc/self/pagemap", "rb");
    uint64_t entry = 0;
    int known = file && !fseeko(file, (off_t)((uintptr_t)data / page * 8), SEEK_SET) &&
                fread(&entry, 8, 1, file) == 1;

    if (file) {
        fclose(file);
    }
    return known ? (int)(entry >> 63) : -1;
}

static void test_dontneed_whole_pages(void **state)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = 5 * page + 100;
    struct vt_blob *blob;
    const unsigned char *data;
    unsigned sum = 0;

    (void)state;
    write_file(bytes);
    assert_int_equal(vt_blob_map(path, &blob, NULL), VT_OK);
    data = blob->data;
    for (size_t i = 0; i < bytes; i += 64) {
        sum += data[i];
    }
    assert_true(sum > 0);
    assert_int_equal(vt_blob_dontneed(blob, data + 1, page), 0);
    assert_int_equal(vt_blob_dontneed(blob, data + 1, 3 * page - 1), 2 * page);
    if (is_present(data) >= 0) {
        assert_int_equal(is_present(data), 1);
        assert_int_equal(is_present(data + page), 0);
        assert_int_equal(is_present(data + 2 * page), 0);
        assert_int_equal(is_present(data + 3 * page), 1);
    }
    /* The last page is whole when the range reaches the end of the file. */
    assert_int_equal(vt_blob_dontneed(blob, data + 4 * page, page + 100), 2 * page);
    assert_int_equal(vt_blob_dontneed(blob, data + 4 * page, page + 99), page);
    assert_int_equal(vt_blob_dontneed(blob, data, bytes + 1), 0);
    assert_int_equal(vt_blob_dontneed(blob, data - page, 2 * page), 0);
    vt_blob_willneed(blob, data + page, page);
    for (size_t i = 0; i < bytes; i++) {
        assert_int_equal(data[i], expected(i));
    }
    vt_blob_unref(blob);
    unlink(path);
}

static void count_free(void *user)
{
    ++*(int *)user;
}

static void test_wrap_and_copy(void **state)
{
    static const char room[8] = "abc";
    const char *bytes = room;
    int freed = 0;
    struct vt_blob *blob = vt_blob_wrap(bytes, 4, count_free, &freed), *copy;

    (void)state;
    assert_ptr_equal(blob->data, bytes);
    assert_null(blob->path);
    assert_int_equal(vt_blob_dontneed(blob, bytes, 4), 0);
    assert_true(vt_blob_holds(blob, bytes + 1, 3) && vt_blob_holds(blob, bytes + 4, 0));
    assert_false(vt_blob_holds(blob, bytes + 1, 4) || vt_blob_holds(blob, bytes + 5, 0));
    assert_false(vt_blob_holds(blob, bytes, SIZE_MAX));
    vt_blob_ref(blob);
    vt_blob_unref(blob);
    assert_int_equal(freed, 0);
    copy = vt_blob_copy(blob->data, blob->size);
    vt_blob_unref(blob);
    assert_int_equal(freed, 1);
    assert_ptr_not_equal(copy->data, bytes);
    assert_memory_equal(copy->data, "abc", 4);
    assert_int_equal((uintptr_t)copy->data % 64, 0);
    vt_blob_unref(copy);
    copy = vt_blob_copy(NULL, 0);
    assert_int_equal(copy->size, 0);
    vt_blob_unref(copy);
    assert_null(vt_blob_copy(bytes, SIZE_MAX - 8));
    assert_null(vt_blob_ref(NULL));
    vt_blob_unref(NULL);
}

static void *ref_and_unref(void *arg)
{
    for (int i = 0; i < 20000; i++) {
        vt_blob_ref(arg);
        vt_blob_unref(arg);
    }
    vt_blob_unref(arg);
    return NULL;
}

static void test_counts_from_threads(void **state)
{
    static const char bytes[4];
    int freed = 0;
    struct vt_blob *blob = vt_blob_wrap(bytes, 4, count_free, &freed);
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++) {
        vt_blob_ref(blob);
        assert_int_equal(pthread_create(&threads[i], NULL, ref_and_unref, blob), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
    }
    assert_int_equal(freed, 0);
    vt_blob_unref(blob);
    assert_int_equal(freed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_file),
        cmocka_unit_test(test_read_file),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_empty_file),
        cmocka_unit_test(test_dontneed_whole_pages),
        cmocka_unit_test(test_wrap_and_copy),
        cmocka_unit_test(test_counts_from_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
