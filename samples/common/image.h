/* Pictures of 8 bits a sample: reading, resizing, changing the number of channels. */
#ifndef SAMPLES_IMAGE_H
#define SAMPLES_IMAGE_H

#include "message.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_MAX_SIDE = 1 << 16, IMAGE_MAX_BYTES = 1 << 30 };

/* Rows from top to bottom, samples of a pixel next to each other: grey (1 channel) or red, green, blue (3).
 */
struct image {
    size_t width, height, channels;
    uint8_t *pixels;
};

/* Reads BMP (1, 4, 8 bits with palette, 24, 32 bits; not compressed), PGM and PPM (binary), and PNG and JPEG
   where the program was built with libpng and libjpeg. The content decides, not the name. Transparency is
   dropped. 0, or -1 with a message; the caller ends a picture that was read with image_finish. */
int image_read(const char *path, struct image *image, struct message *message);
void image_finish(struct image *image);

/* True when the name ends like a picture's (.bmp .pgm .ppm .png .jpg .jpeg). */
bool image_has_picture_name(const char *path);

/* Allocates the pixels of a picture after checking its sizes. */
int image_init(struct image *image, size_t width, size_t height, size_t channels, struct message *message);

/* Bilinear, pixel centres at half (as the half_pixel mode of Interpolate), edges repeated, without smoothing
 * when shrinking. */
int image_resize(const struct image *src, size_t width, size_t height, struct image *dst,
                 struct message *message);

/* Grey to red, green, blue, or the reverse (0.299 R + 0.587 G + 0.114 B). channels: 1 or 3. */
int image_set_channels(struct image *image, size_t channels, struct message *message);

#endif
