#include "../../samples/common/npy.h"

#include "cmocka_includes.h"
#include "temporary.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Builds a version 1 file with the given header text and `bytes` bytes 0, 1, 2, … of data. */
static size_t build(unsigned char *file, const char *header, size_t bytes)
{
    size_t length = strlen(header);
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (unsigned char)length;
    file[9] = (unsigned char)(length >> 8);
    memcpy(file + 10, header, length);
    for (size_t i = 0; i < bytes; i++) {
        file[10 + length + i] = (unsigned char)i;
    }
    return 10 + length + bytes;
}

static int read_header(const char *header, size_t bytes, struct npy *npy, struct message *message)
{
    unsigned char file[1024];
    return npy_read(temporary_write(file, build(file, header, bytes)), npy, message);
}

static void test_good(void **state)
{
    (void)state;
    struct npy npy;
    struct message message = {""};
    assert_int_equal(
        read_header("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24, &npy, &message), 0);
    assert_int_equal(npy.kind, 'f');
    assert_int_equal(npy.item, 4);
    assert_int_equal(npy.rank, 2);
    assert_int_equal(npy.dims[1], 3);
    assert_int_equal(npy.elements, 6);
    assert_int_equal(npy.data[23], 23);
    assert_int_equal((uintptr_t)npy.data % 8, 0);
    npy_finish(&npy);
    assert_int_equal(
        read_header("{'descr': '|u1', 'fortran_order': False, 'shape': (5,), }", 5, &npy, &message), 0);
    assert_int_equal(npy.rank, 1);
    npy_finish(&npy);
    assert_int_equal(
        read_header("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", 8, &npy, &message), 0);
    assert_int_equal(npy.rank, 0);
    assert_int_equal(npy.elements, 1);
    assert_int_equal((uintptr_t)npy.data % 8, 0);
    assert_int_equal(npy.data[0], 0);
    assert_int_equal(npy.data[7], 7);
    npy_finish(&npy);
    assert_int_equal(
        read_header("{'shape': (0, 7), 'fortran_order': True, 'descr': '|b1'}", 0, &npy, &message), -1);
    assert_int_equal(read_header("{'shape': (7,), 'fortran_order': True, 'descr': '|b1'}", 7, &npy, &message),
                     0);
    npy_finish(&npy);
}

static void test_damaged(void **state)
{
    (void)state;
    static const struct {
        const char *header;
        size_t bytes;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 23},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 24},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2, 3), }", 24},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", 8},
        {"{'descr': '<f3', 'fortran_order': False, 'shape': (1,), }", 8},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 8},
        {"{'descr': '<f4', 'fortran_order': False, }", 8},
        {"{'fortran_order': False, 'shape': (1,), }", 8},
        {"{'descr': '<f4', 'shape': (1,), }", 8},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, -1), }", 8},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 2), }", 8},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2", 8},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 8},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,), }", 8},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,), }", 8},
        {"{'descr': '<", 8},
        {"{'descr': '", 8},
        {"", 8},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct npy npy;
        struct message message = {""};
        if (read_header(cases[i].header, cases[i].bytes, &npy, &message) == 0) {
            fail_msg("accepted: %s", cases[i].header);
        }
        assert_true(message.text[0] != 0);
        assert_null(npy.file);
    }
}

/* Every prefix of a good file is refused, and no single changed byte makes the reader leave its file. */
static void test_cut_and_changed(void **state)
{
    (void)state;
    unsigned char file[256];
    size_t bytes = build(file, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 24);
    struct npy npy;
    struct message message;
    for (size_t n = 0; n < bytes; n++) {
        assert_int_equal(npy_read(temporary_write(file, n), &npy, &message), -1);
    }
    for (size_t n = 0; n < bytes - 24; n++) {
        for (int value = 0; value < 256; value += 37) {
            unsigned char saved = file[n];
            file[n] = (unsigned char)value;
            if (npy_read(temporary_write(file, bytes), &npy, &message) == 0) {
                assert_true(npy.data + npy.elements * npy.item <= npy.file + bytes);
                npy_finish(&npy);
            }
            file[n] = saved;
        }
    }
}

static void test_versions(void **state)
{
    (void)state;
    const char header[] = "{'descr': '<u2', 'fortran_order': False, 'shape': (3,), }";
    unsigned char file[128] = "\x93NUMPY\x02\x00";
    file[8] = sizeof(header) - 1;
    memcpy(file + 12, header, sizeof(header) - 1);
    size_t bytes = 12 + sizeof(header) - 1 + 6;
    struct npy npy;
    struct message message = {""};
    assert_int_equal(npy_read(temporary_write(file, bytes), &npy, &message), 0);
    assert_int_equal(npy.elements, 3);
    npy_finish(&npy);
    file[11] = 0x80; /* a header of two gigabytes */
    assert_int_equal(npy_read(temporary_write(file, bytes), &npy, &message), -1);
    file[11] = 0;
    file[6] = 9;
    assert_int_equal(npy_read(temporary_write(file, bytes), &npy, &message), -1);
    assert_int_equal(npy_read("/nonexistent/x.npy", &npy, &message), -1);
    assert_int_equal(npy_read("/tmp", &npy, &message), -1);
}

/* What is written is read back, in a header that fills whole lines of 64 bytes. */
static void check_written(size_t rank, const size_t *dims, size_t count)
{
    double values[24];
    struct npy npy;
    struct message message = {""};
    const char *path = temporary_write("", 0);
    for (size_t i = 0; i < count; i++) {
        values[i] = (double)i * -1.25;
    }
    assert_int_equal(npy_write_f64(path, rank, dims, values, count, &message), 0);
    assert_int_equal(npy_read(path, &npy, &message), 0);
    assert_true(npy.kind == 'f' && npy.item == 8);
    assert_int_equal(npy.rank, rank);
    assert_int_equal(npy.elements, count);
    assert_int_equal((npy.data - npy.file) % 64, 0);
    assert_memory_equal(npy.dims, dims, rank * sizeof(*dims));
    assert_memory_equal(npy.data, values, count * sizeof(*values));
    npy_finish(&npy);
}

static void test_written(void **state)
{
    (void)state;
    struct message message = {""};
    const double value = 1;
    check_written(0, (const size_t[]){0}, 1);
    check_written(1, (const size_t[]){3}, 3);
    check_written(3, (const size_t[]){2, 3, 4}, 24);
    check_written(2, (const size_t[]){0, 4}, 0);
    check_written(NPY_MAX_RANK, (const size_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}, 2);
    assert_int_equal(npy_write_f64("/nonexistent/x.npy", 0, NULL, &value, 1, &message), -1);
    assert_non_null(strstr(message.text, "cannot write /nonexistent/x.npy"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_damaged),
                                       cmocka_unit_test(test_cut_and_changed),
                                       cmocka_unit_test(test_versions), cmocka_unit_test(test_written)};
    return cmocka_run_group_tests_name("npy", tests, temporary_setup, temporary_teardown);
}
