#include "image_formats.h"

#ifdef SAMPLES_PNG

#include <png.h>
#include <string.h>

int image_read_png(const unsigned char *file, size_t bytes, struct image *image, struct message *message)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    if (!png_image_begin_read_from_memory(&png, file, bytes)) {
        return message_fail(message, "PNG: %s", png.message);
    }
    bool colour = png.format & PNG_FORMAT_FLAG_COLOR;
    /* An alpha channel is read and dropped: libpng would blend it with a background otherwise. */
    bool alpha = png.format & PNG_FORMAT_FLAG_ALPHA;
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    png.format = (colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY) | (alpha ? PNG_FORMAT_FLAG_ALPHA : 0u);
    size_t channels = colour ? 3 : 1, stored = channels + alpha;
    struct image raw;
    if (image_init(&raw, png.width, png.height, stored, message) < 0) {
        png_image_free(&png);
        return -1;
    }
    if (!png_image_finish_read(&png, NULL, raw.pixels, 0, NULL)) {
        image_finish(&raw);
        return message_fail(message, "PNG: %s", png.message);
    }
    for (size_t i = 0; alpha && i < raw.width * raw.height; i++) {
        memmove(raw.pixels + i * channels, raw.pixels + i * stored, channels);
    }
    raw.channels = channels;
    *image = raw;
    return 0;
}

#else

int image_read_png(const unsigned char *file, size_t bytes, struct image *image, struct message *message)
{
    (void)file, (void)bytes, (void)image;
    return message_fail(message, "not implemented: PNG (built without libpng)");
}

#endif
