#include "image_formats.h"

#ifdef SAMPLES_JPEG

#include <setjmp.h>
/* jpeglib.h needs FILE and size_t declared before it. */
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>

struct reader {
    struct jpeg_error_mgr errors; /* first: libjpeg hands back a pointer to it */
    jmp_buf back;
    bool cut;
};

static void leave(j_common_ptr info)
{
    longjmp(((struct reader *)info->err)->back, 1);
}

/* libjpeg pads a cut file with grey and only warns. */
static void note_warning(j_common_ptr info, int level)
{
    struct reader *reader = (struct reader *)info->err;
    if (level < 0 && reader->errors.msg_code == JWRN_JPEG_EOF) {
        reader->cut = true;
    }
}

static int read_rows(struct jpeg_decompress_struct *info, struct image *image, struct message *message)
{
    jpeg_read_header(info, TRUE);
    if (info->num_components != 1 && info->num_components != 3) {
        return message_fail(message, "JPEG: %d channels are not supported", info->num_components);
    }
    info->out_color_space = info->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    if (image_init(image, info->image_width, info->image_height, (size_t)info->num_components, message) < 0) {
        return -1;
    }
    jpeg_start_decompress(info);
    while (info->output_scanline < info->output_height) {
        JSAMPROW row = image->pixels + (size_t)info->output_scanline * image->width * image->channels;
        jpeg_read_scanlines(info, &row, 1);
    }
    jpeg_finish_decompress(info);
    return 0;
}

int image_read_jpeg(const unsigned char *file, size_t bytes, struct image *image, struct message *message)
{
    struct jpeg_decompress_struct info;
    struct reader reader = {.cut = false};
    info.err = jpeg_std_error(&reader.errors);
    reader.errors.error_exit = leave;
    reader.errors.emit_message = note_warning;
    /* The picture lives behind the caller's pointer, so longjmp leaves it as it was last written. */
    if (setjmp(reader.back)) {
        char text[JMSG_LENGTH_MAX];
        reader.errors.format_message((j_common_ptr)&info, text);
        jpeg_destroy_decompress(&info);
        return message_fail(message, "JPEG: %s", text);
    }
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, file, (unsigned long)bytes);
    int rc = read_rows(&info, image, message);
    jpeg_destroy_decompress(&info);
    return rc == 0 && reader.cut ? message_fail(message, "JPEG: the file is cut") : rc;
}

#else

int image_read_jpeg(const unsigned char *file, size_t bytes, struct image *image, struct message *message)
{
    (void)file, (void)bytes, (void)image;
    return message_fail(message, "not implemented: JPEG (built without libjpeg)");
}

#endif
