#include "image_formats.h"

#include <string.h>

enum { FILE_HEADER = 14, INFO_HEADER = 40, PLAIN = 0, BITFIELDS = 3 };

static uint32_t u16_at(const unsigned char *at)
{
    return at[0] | (uint32_t)at[1] << 8;
}

static uint32_t u32_at(const unsigned char *at)
{
    return u16_at(at) | u16_at(at + 2) << 16;
}

struct bmp {
    uint32_t pixels_at, bits, colours;
    int64_t width, height;
    bool top_down;
    const unsigned char *palette;
    size_t row_bytes;
};

/* Bit fields are accepted only where they say what the plain 32-bit layout means: blue, green, red. */
static bool plain_fields(const unsigned char *file, size_t bytes, uint32_t bits)
{
    return bits == 32 && bytes >= FILE_HEADER + INFO_HEADER + 12 && u32_at(file + 54) == 0xff0000 &&
           u32_at(file + 58) == 0xff00 && u32_at(file + 62) == 0xff;
}

static int parse_header(const unsigned char *file, size_t bytes, struct bmp *bmp, struct message *message)
{
    if (bytes < FILE_HEADER + INFO_HEADER || u32_at(file + 14) < INFO_HEADER) {
        return message_fail(message, "BMP: the header is cut or of an old kind");
    }
    uint32_t info = u32_at(file + 14), compression = u32_at(file + 30);
    int32_t height = (int32_t)u32_at(file + 22);
    bmp->pixels_at = u32_at(file + 10);
    bmp->width = (int32_t)u32_at(file + 18);
    bmp->top_down = height < 0;
    bmp->height = height < 0 ? -(int64_t)height : height;
    bmp->bits = u16_at(file + 28);
    bmp->colours = u32_at(file + 46);
    if (compression != PLAIN && !(compression == BITFIELDS && plain_fields(file, bytes, bmp->bits))) {
        return message_fail(message, "BMP: compression %u is not supported", compression);
    }
    if (bmp->bits != 1 && bmp->bits != 4 && bmp->bits != 8 && bmp->bits != 24 && bmp->bits != 32) {
        return message_fail(message, "BMP: %u bits a pixel are not supported", bmp->bits);
    }
    if (bmp->width <= 0 || bmp->width > IMAGE_MAX_SIDE || !bmp->height || bmp->height > IMAGE_MAX_SIDE) {
        return message_fail(message, "BMP: size %lld x %lld is not possible", (long long)bmp->width,
                            (long long)bmp->height);
    }
    if (bmp->bits <= 8) {
        bmp->colours = bmp->colours ? bmp->colours : 1u << bmp->bits;
        if (bmp->colours > 256 || info > bytes ||
            FILE_HEADER + (uint64_t)info + 4ull * bmp->colours > bytes) {
            return message_fail(message, "BMP: the palette is cut");
        }
        bmp->palette = file + FILE_HEADER + info;
    }
    bmp->row_bytes = ((size_t)bmp->width * bmp->bits + 31) / 32 * 4;
    uint64_t need = (uint64_t)bmp->row_bytes * (uint64_t)bmp->height;
    if (bmp->pixels_at > bytes || need > bytes - bmp->pixels_at) {
        return message_fail(message, "BMP: the pixels are cut");
    }
    return 0;
}

/* Palette and true-colour entries are both stored as blue, green, red. */
static int read_row(const struct bmp *bmp, const unsigned char *row, uint8_t *dst, struct message *message)
{
    for (size_t x = 0; x < (size_t)bmp->width; x++) {
        const unsigned char *bgr;
        if (bmp->bits > 8) {
            bgr = row + x * (bmp->bits / 8);
        } else {
            size_t bit = x * bmp->bits;
            uint32_t index = row[bit / 8] >> (8 - bmp->bits - bit % 8) & ((1u << bmp->bits) - 1);
            if (index >= bmp->colours) {
                return message_fail(message, "BMP: colour %u is not in the palette", index);
            }
            bgr = bmp->palette + 4 * index;
        }
        dst[3 * x] = bgr[2];
        dst[3 * x + 1] = bgr[1];
        dst[3 * x + 2] = bgr[0];
    }
    return 0;
}

int image_read_bmp(const unsigned char *file, size_t bytes, struct image *image, struct message *message)
{
    struct bmp bmp = {0};
    if (parse_header(file, bytes, &bmp, message) < 0 ||
        image_init(image, (size_t)bmp.width, (size_t)bmp.height, 3, message) < 0) {
        return -1;
    }
    for (size_t y = 0; y < image->height; y++) {
        size_t row = bmp.top_down ? y : image->height - 1 - y;
        if (read_row(&bmp, file + bmp.pixels_at + row * bmp.row_bytes, image->pixels + y * image->width * 3,
                     message) < 0) {
            return -1;
        }
    }
    return 0;
}
