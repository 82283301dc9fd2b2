#include "../../samples/common/image.h"

#include "../../samples/common/file.h"
#include "cmocka_includes.h"
#include "temporary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *pictures; /* folder of the shipped test pictures */

static void put32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(value >> 8 * i);
    }
}

/* A BMP header without pixels; returns the offset of the pixels, behind `colours` palette entries. */
static size_t bmp_header(unsigned char *file, int32_t width, int32_t height, unsigned bits, uint32_t colours)
{
    memset(file, 0, 54);
    memcpy(file, "BM", 2);
    size_t offset = 54 + 4 * colours;
    put32(file + 10, (uint32_t)offset);
    put32(file + 14, 40);
    put32(file + 18, (uint32_t)width);
    put32(file + 22, (uint32_t)height);
    file[26] = 1;
    file[28] = (unsigned char)bits;
    put32(file + 46, colours);
    return offset;
}

static void expect_pixels(const void *file, size_t bytes, size_t width, size_t height, size_t channels,
                          const uint8_t *pixels)
{
    struct image image;
    struct message message = {""};
    if (image_read(temporary_write(file, bytes), &image, &message) < 0) {
        fail_msg("%s", message.text);
    }
    assert_int_equal(image.width, width);
    assert_int_equal(image.height, height);
    assert_int_equal(image.channels, channels);
    assert_memory_equal(image.pixels, pixels, width * height * channels);
    image_finish(&image);
}

static void expect_refusal(const void *file, size_t bytes, const char *part)
{
    struct image image;
    struct message message = {""};
    assert_int_equal(image_read(temporary_write(file, bytes), &image, &message), -1);
    assert_null(image.pixels);
    if (!strstr(message.text, part)) {
        fail_msg("'%s' instead of '%s'", message.text, part);
    }
}

static void test_bmp_true_colour(void **state)
{
    (void)state;
    /* 2 x 2, rows padded to 8 bytes, stored from the bottom up as blue, green, red */
    unsigned char file[128];
    size_t at = bmp_header(file, 2, 2, 24, 0);
    const unsigned char rows[] = {9, 8, 7, 12, 11, 10, 0, 0, 3, 2, 1, 6, 5, 4, 0, 0};
    memcpy(file + at, rows, 16);
    const uint8_t upright[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    expect_pixels(file, at + 16, 2, 2, 3, upright);
    put32(file + 22, (uint32_t)-2);
    const uint8_t turned[] = {7, 8, 9, 10, 11, 12, 1, 2, 3, 4, 5, 6};
    expect_pixels(file, at + 16, 2, 2, 3, turned);
}

static void test_bmp_32_bits(void **state)
{
    (void)state;
    unsigned char file[128];
    size_t at = bmp_header(file, 1, 1, 32, 0);
    const unsigned char pixel[] = {30, 20, 10, 99};
    memcpy(file + at, pixel, 4);
    const uint8_t rgb[] = {10, 20, 30};
    expect_pixels(file, at + 4, 1, 1, 3, rgb);
}

static void test_bmp_palettes(void **state)
{
    (void)state;
    unsigned char file[2048];
    size_t at = bmp_header(file, 3, 1, 1, 2);
    const unsigned char colours[] = {1, 2, 3, 0, 4, 5, 6, 0};
    memcpy(file + 54, colours, 8);
    put32(file + at, 0xa0); /* 101 */
    const uint8_t bits[] = {6, 5, 4, 3, 2, 1, 6, 5, 4};
    expect_pixels(file, at + 4, 3, 1, 3, bits);

    at = bmp_header(file, 3, 1, 4, 2);
    memcpy(file + 54, colours, 8);
    put32(file + at, 0x0010 | 0x10 << 8); /* indexes 1 0 1 */
    expect_pixels(file, at + 4, 3, 1, 3, bits);

    at = bmp_header(file, 3, 1, 8, 2);
    memcpy(file + 54, colours, 8);
    put32(file + at, 0x00010001);
    expect_pixels(file, at + 4, 3, 1, 3, bits);
    put32(file + at, 0x00010002);
    expect_refusal(file, at + 4, "colour 2 is not in the palette");
}

static void test_bmp_damaged(void **state)
{
    (void)state;
    unsigned char file[2048] = {0};
    size_t at = bmp_header(file, 2, 2, 24, 0);
    for (size_t n = 2; n < at + 16; n++) {
        expect_refusal(file, n, "BMP");
    }
    bmp_header(file, 2, 2, 24, 0);
    file[30] = 1;
    expect_refusal(file, at + 16, "compression 1");
    bmp_header(file, 2, 2, 16, 0);
    expect_refusal(file, at + 16, "16 bits");
    bmp_header(file, 0, 2, 24, 0);
    expect_refusal(file, at + 16, "not possible");
    bmp_header(file, -2, 2, 24, 0);
    expect_refusal(file, at + 16, "not possible");
    bmp_header(file, 2, INT32_MIN, 24, 0);
    expect_refusal(file, at + 16, "not possible");
    bmp_header(file, 65536, 65536, 24, 0);
    expect_refusal(file, at + 16, "pixels are cut");
    bmp_header(file, 2, 2, 8, 0x40000000);
    expect_refusal(file, sizeof(file), "palette is cut");
    bmp_header(file, 2, 2, 24, 0);
    put32(file + 10, 0xffffffff);
    expect_refusal(file, at + 16, "pixels are cut");
    put32(file + 14, 0xffffffff);
    file[28] = 8;
    expect_refusal(file, at + 16, "palette is cut");
}

static void test_pnm(void **state)
{
    (void)state;
    const char grey[] = "P5\n# a comment\n2 2\n255\n\x01\x02\x03\x04";
    const uint8_t four[] = {1, 2, 3, 4};
    expect_pixels(grey, sizeof(grey) - 1, 2, 2, 1, four);
    const char colour[] = "P6 1 1 15 \x0f\x00\x05";
    const uint8_t scaled[] = {255, 0, 85};
    expect_pixels(colour, sizeof(colour) - 1, 1, 1, 3, scaled);
    const unsigned char wide[] = "P5 1 1 65535 \xff\xff";
    const uint8_t white[] = {255};
    expect_pixels(wide, sizeof(wide) - 1, 1, 1, 1, white);
    expect_refusal(grey, sizeof(grey) - 2, "cut");
    const char *const bad[] = {"P5",
                               "P5 ",
                               "P5 2",
                               "P5 2 2",
                               "P5 2 2 255",
                               "P5 x 2 255 ",
                               "P5 2 2 0 ....",
                               "P5 2 2 65536 ....",
                               "P5 0 2 255 ....",
                               "P2 1 1 255 1",
                               "P5 99999999999999999999 1 255 ",
                               "P5 65536 65536 255 .."};
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        expect_refusal(bad[i], strlen(bad[i]), "");
    }
}

static void test_other_files(void **state)
{
    (void)state;
    expect_refusal("", 0, "no BMP");
    expect_refusal("hello", 5, "no BMP");
    expect_refusal("\xff\xd8\xff", 3, "JPEG");
    expect_refusal("\x89PNG\r\n\x1a\n", 8, "PNG");
    struct image image;
    struct message message;
    assert_int_equal(image_read("/nonexistent.png", &image, &message), -1);
    assert_int_equal(image_read("/tmp", &image, &message), -1);
}

static void test_resize(void **state)
{
    (void)state;
    uint8_t pixels[] = {0, 100, 200, 40};
    struct image src = {2, 2, 1, pixels}, dst;
    struct message message;
    assert_int_equal(image_resize(&src, 2, 2, &dst, &message), 0);
    assert_memory_equal(dst.pixels, pixels, 4);
    image_finish(&dst);
    assert_int_equal(image_resize(&src, 1, 1, &dst, &message), 0);
    assert_int_equal(dst.pixels[0], 85);
    image_finish(&dst);
    /* by hand: source positions -0.25 (the edge), 0.25, 0.75, 1.25 (the edge) */
    assert_int_equal(image_resize(&src, 4, 1, &dst, &message), 0);
    const uint8_t wide[] = {100, 93, 78, 70};
    for (int i = 0; i < 4; i++) {
        assert_in_range(dst.pixels[i], wide[i] - 1, wide[i] + 1);
    }
    image_finish(&dst);
    assert_int_equal(image_resize(&src, 0, 1, &dst, &message), -1);
    assert_int_equal(image_resize(&src, 1 << 20, 1, &dst, &message), -1);
}

static void test_channels(void **state)
{
    (void)state;
    struct image image;
    struct message message;
    assert_int_equal(image_init(&image, 1, 1, 3, &message), 0);
    const uint8_t rgb[] = {200, 100, 50};
    memcpy(image.pixels, rgb, 3);
    assert_int_equal(image_set_channels(&image, 1, &message), 0);
    assert_int_equal(image.pixels[0], 124); /* 59.8 + 58.7 + 5.7 */
    assert_int_equal(image_set_channels(&image, 3, &message), 0);
    assert_int_equal(image.pixels[2], 124);
    assert_int_equal(image_set_channels(&image, 4, &message), -1);
    image_finish(&image);
}

#ifdef SAMPLES_PNG
/* The shipped PNG and BMP of a digit hold the same picture. */
static void test_png_equals_bmp(void **state)
{
    (void)state;
    for (int digit = 0; digit < 10; digit++) {
        char png_path[512], bmp_path[512];
        snprintf(png_path, sizeof(png_path), "%s/digit%d.png", pictures, digit);
        snprintf(bmp_path, sizeof(bmp_path), "%s/digit%d.bmp", pictures, digit);
        struct image png, bmp;
        struct message message = {""};
        if (image_read(png_path, &png, &message) < 0 || image_read(bmp_path, &bmp, &message) < 0) {
            fail_msg("%s", message.text);
        }
        assert_int_equal(png.channels, 1);
        assert_int_equal(bmp.channels, 3);
        assert_int_equal(image_set_channels(&png, 3, &message), 0);
        assert_int_equal(png.width, 32);
        assert_int_equal(bmp.height, 32);
        assert_memory_equal(png.pixels, bmp.pixels, 32 * 32 * 3);
        image_finish(&png);
        image_finish(&bmp);
    }
}

static void test_png_damaged(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof(path), "%s/digit5.png", pictures);
    unsigned char *file;
    size_t bytes;
    struct message message = {""};
    assert_int_equal(file_read(path, &file, &bytes, &message), 0);
    for (size_t n = 8; n < bytes - 12; n++) {
        expect_refusal(file, n, "PNG");
    }
    /* Chunks carry checksums: any change behind the signature, up to the end of the data, is noticed. */
    for (size_t n = 12; n < bytes - 12; n++) {
        file[n] ^= 0x55;
        expect_refusal(file, bytes, "PNG");
        file[n] ^= 0x55;
    }
    free(file);
}
#endif

#ifdef SAMPLES_JPEG
#include <jpeglib.h>

/* A grey ramp of 16 x 16 pixels. The caller frees. */
static unsigned char *encode_jpeg(unsigned long *bytes)
{
    struct jpeg_compress_struct info;
    struct jpeg_error_mgr errors;
    unsigned char *file = NULL;
    info.err = jpeg_std_error(&errors);
    jpeg_create_compress(&info);
    jpeg_mem_dest(&info, &file, bytes);
    info.image_width = info.image_height = 16;
    info.input_components = 1;
    info.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, 95, TRUE);
    jpeg_start_compress(&info, TRUE);
    for (int y = 0; y < 16; y++) {
        JSAMPLE row[16];
        for (int x = 0; x < 16; x++) {
            row[x] = (JSAMPLE)(8 * x + 8 * y);
        }
        JSAMPROW rows[] = {row};
        jpeg_write_scanlines(&info, rows, 1);
    }
    jpeg_finish_compress(&info);
    jpeg_destroy_compress(&info);
    return file;
}

static void test_jpeg(void **state)
{
    (void)state;
    unsigned long bytes = 0;
    unsigned char *file = encode_jpeg(&bytes);
    struct image image;
    struct message message = {""};
    if (image_read(temporary_write(file, bytes), &image, &message) < 0) {
        fail_msg("%s", message.text);
    }
    assert_int_equal(image.channels, 1);
    for (int i = 0; i < 256; i++) {
        assert_true(abs(image.pixels[i] - 8 * (i % 16 + i / 16)) <= 6);
    }
    image_finish(&image);
    for (size_t n = 3; n < bytes - 2; n++) {
        expect_refusal(file, n, "JPEG");
    }
    /* A changed byte may go unnoticed, but must do no harm. */
    for (size_t n = 3; n < bytes; n++) {
        file[n] ^= 0xff;
        if (image_read(temporary_write(file, bytes), &image, &message) == 0) {
            image_finish(&image);
        }
        file[n] ^= 0xff;
    }
    free(file);
}
#endif

int main(int argc, char **argv)
{
    pictures = argc > 1 ? argv[1] : ".";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bmp_true_colour),
        cmocka_unit_test(test_bmp_32_bits),
        cmocka_unit_test(test_bmp_palettes),
        cmocka_unit_test(test_bmp_damaged),
        cmocka_unit_test(test_pnm),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_channels),
#ifdef SAMPLES_PNG
        cmocka_unit_test(test_png_equals_bmp),
        cmocka_unit_test(test_png_damaged),
#endif
#ifdef SAMPLES_JPEG
        cmocka_unit_test(test_jpeg),
#endif
    };
    return cmocka_run_group_tests_name("image", tests, temporary_setup, temporary_teardown);
}
