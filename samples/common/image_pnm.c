#include "image_formats.h"

#include "number.h"

/* Reads one number of the header, over blanks and comments; false where there is none. */
static bool header_number(const unsigned char *file, size_t bytes, size_t *at, int64_t *value)
{
    while (*at < bytes &&
           (file[*at] == ' ' || (file[*at] >= '\t' && file[*at] <= '\r') || file[*at] == '#')) {
        if (file[*at] == '#') {
            while (*at < bytes && file[*at] != '\n') {
                (*at)++;
            }
        } else {
            (*at)++;
        }
    }
    size_t begin = *at;
    while (*at < bytes && file[*at] >= '0' && file[*at] <= '9') {
        (*at)++;
    }
    return number_parse_count_part((const char *)file + begin, *at - begin, value);
}

int image_read_pnm(const unsigned char *file, size_t bytes, struct image *image, struct message *message)
{
    if (file[1] != '5' && file[1] != '6') {
        return message_fail(message, "PNM: only the binary kinds P5 and P6 are supported, this is P%c",
                            file[1]);
    }
    size_t at = 2, channels = file[1] == '5' ? 1 : 3;
    int64_t width, height, top;
    if (!header_number(file, bytes, &at, &width) || !header_number(file, bytes, &at, &height) ||
        !header_number(file, bytes, &at, &top) || at == bytes) {
        return message_fail(message, "PNM: the header is damaged");
    }
    at++;
    if (top < 1 || top > 65535 || width > IMAGE_MAX_SIDE || height > IMAGE_MAX_SIDE) {
        return message_fail(message, "PNM: size %lld x %lld, largest value %lld are not possible",
                            (long long)width, (long long)height, (long long)top);
    }
    size_t samples = (size_t)width * (size_t)height * channels, wide = top > 255 ? 2 : 1;
    if (samples * wide > bytes - at) {
        return message_fail(message, "PNM: the pixels are cut");
    }
    if (image_init(image, (size_t)width, (size_t)height, channels, message) < 0) {
        return -1;
    }
    for (size_t i = 0; i < samples; i++) {
        const unsigned char *sample = file + at + i * wide;
        uint32_t value = wide == 2 ? (uint32_t)sample[0] << 8 | sample[1] : sample[0];
        value = value > (uint32_t)top ? (uint32_t)top : value;
        image->pixels[i] = (uint8_t)((value * 255 + (uint32_t)top / 2) / (uint32_t)top);
    }
    return 0;
}
