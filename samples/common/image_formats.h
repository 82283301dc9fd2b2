/* The readers behind image_read. Each takes the whole file and fills a picture that is not yet allocated. */
#ifndef SAMPLES_IMAGE_FORMATS_H
#define SAMPLES_IMAGE_FORMATS_H

#include "image.h"

int image_read_bmp(const unsigned char *file, size_t bytes, struct image *image, struct message *message);
int image_read_pnm(const unsigned char *file, size_t bytes, struct image *image, struct message *message);
int image_read_png(const unsigned char *file, size_t bytes, struct image *image, struct message *message);
int image_read_jpeg(const unsigned char *file, size_t bytes, struct image *image, struct message *message);

#endif
