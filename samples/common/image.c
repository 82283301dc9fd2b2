#include "image.h"

#include "file.h"
#include "image_formats.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int image_init(struct image *image, size_t width, size_t height, size_t channels, struct message *message)
{
    *image = (struct image){0};
    if (!width || !height || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE ||
        width * height * channels > IMAGE_MAX_BYTES) {
        return message_fail(message, "picture of %zu x %zu pixels is empty or too large", width, height);
    }
    uint8_t *pixels = calloc(width * height, channels);
    if (!pixels) {
        return message_fail(message, "no memory for a picture of %zu x %zu pixels", width, height);
    }
    *image = (struct image){width, height, channels, pixels};
    return 0;
}

void image_finish(struct image *image)
{
    free(image->pixels);
    *image = (struct image){0};
}

bool image_has_picture_name(const char *path)
{
    static const char *const suffixes[] = {".bmp", ".pgm", ".ppm", ".png", ".jpg", ".jpeg"};
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
        if (file_has_suffix(path, suffixes[i])) {
            return true;
        }
    }
    return false;
}

static int read_by_content(const unsigned char *file, size_t bytes, struct image *image,
                           struct message *message)
{
    if (bytes >= 2 && memcmp(file, "BM", 2) == 0) {
        return image_read_bmp(file, bytes, image, message);
    }
    if (bytes >= 2 && file[0] == 'P' && file[1] >= '1' && file[1] <= '6') {
        return image_read_pnm(file, bytes, image, message);
    }
    if (bytes >= 8 && memcmp(file, "\x89PNG\r\n\x1a\n", 8) == 0) {
        return image_read_png(file, bytes, image, message);
    }
    if (bytes >= 3 && memcmp(file, "\xff\xd8\xff", 3) == 0) {
        return image_read_jpeg(file, bytes, image, message);
    }
    return message_fail(message, "no BMP, PGM, PPM, PNG or JPEG picture");
}

int image_read(const char *path, struct image *image, struct message *message)
{
    *image = (struct image){0};
    unsigned char *file;
    size_t bytes;
    if (file_read(path, &file, &bytes, message) < 0) {
        return -1;
    }
    struct message reason = {""};
    int rc = read_by_content(file, bytes, image, &reason);
    free(file);
    if (rc < 0) {
        image_finish(image);
        return message_fail(message, "%s: %.900s", path, reason.text);
    }
    return 0;
}

/* The two source positions that surround the centre of target pixel `i`, and the weight of the second. */
static void neighbours(size_t i, size_t src, size_t dst, size_t *low, size_t *high, double *weight)
{
    double at = ((double)i + 0.5) * (double)src / (double)dst - 0.5;
    at = at < 0 ? 0 : at > (double)(src - 1) ? (double)(src - 1) : at;
    *low = (size_t)at;
    *high = *low + 1 < src ? *low + 1 : *low;
    *weight = at - (double)*low;
}

int image_resize(const struct image *src, size_t width, size_t height, struct image *dst,
                 struct message *message)
{
    if (image_init(dst, width, height, src->channels, message) < 0) {
        return -1;
    }
    size_t c = src->channels;
    for (size_t y = 0; y < height; y++) {
        size_t top, bottom, left, right;
        double down, across;
        neighbours(y, src->height, height, &top, &bottom, &down);
        const uint8_t *upper = src->pixels + top * src->width * c,
                      *lower = src->pixels + bottom * src->width * c;
        for (size_t x = 0; x < width; x++) {
            neighbours(x, src->width, width, &left, &right, &across);
            for (size_t k = 0; k < c; k++) {
                double above = upper[left * c + k] * (1 - across) + upper[right * c + k] * across;
                double below = lower[left * c + k] * (1 - across) + lower[right * c + k] * across;
                dst->pixels[(y * width + x) * c + k] = (uint8_t)lrint(above * (1 - down) + below * down);
            }
        }
    }
    return 0;
}

int image_set_channels(struct image *image, size_t channels, struct message *message)
{
    if (channels == image->channels) {
        return 0;
    }
    if (channels != 1 && channels != 3) {
        return message_fail(message, "a picture has 1 or 3 channels, not %zu", channels);
    }
    struct image changed;
    if (image_init(&changed, image->width, image->height, channels, message) < 0) {
        return -1;
    }
    for (size_t i = 0; i < image->width * image->height; i++) {
        if (channels == 3) {
            memset(changed.pixels + 3 * i, image->pixels[i], 3);
        } else {
            const uint8_t *rgb = image->pixels + 3 * i;
            changed.pixels[i] = (uint8_t)lrint(0.299 * rgb[0] + 0.587 * rgb[1] + 0.114 * rgb[2]);
        }
    }
    image_finish(image);
    *image = changed;
    return 0;
}
