#include "picture_tensor.h"

#include "element.h"

#include <ctype.h>
#include <string.h>

static bool channel_count(const struct dim *dim)
{
    return dim->min == 1 || dim->min == 3;
}

static const char *guess_layout(const struct shape *shape)
{
    const struct dim *dims = shape->dims;
    switch (shape->rank) {
    case 2: return "HW";
    case 3: return channel_count(&dims[0]) ? "CHW" : channel_count(&dims[2]) ? "HWC" : "";
    case 4: return channel_count(&dims[1]) ? "NCHW" : channel_count(&dims[3]) ? "NHWC" : "";
    default: return "";
    }
}

int picture_layout_find(const struct shape *shape, const char *layout, struct picture_layout *found,
                        struct message *message)
{
    char text[SHAPE_MAX_TEXT];
    layout = layout[0] ? layout : guess_layout(shape);
    if (!shape_is_static(shape) || strlen(layout) != shape->rank || shape->rank < 2) {
        return message_fail(message, "an input of shape %s holds no picture of 1 or 3 channels",
                            shape_text(shape, text));
    }
    *found = (struct picture_layout){.letters = layout, .channels = 1};
    size_t stride = 1;
    for (size_t i = shape->rank; i-- > 0;) {
        size_t size = (size_t)shape->dims[i].min;
        switch (toupper((unsigned char)layout[i])) {
        case 'H': found->height = size, found->row_stride = stride; break;
        case 'W': found->width = size, found->column_stride = stride; break;
        case 'C': found->channels = size, found->channel_stride = stride; break;
        default: break;
        }
        stride *= size;
    }
    if (!found->width || !found->height || (found->channels != 1 && found->channels != 3)) {
        return message_fail(message, "layout %s of shape %s holds no picture of 1 or 3 channels", layout,
                            shape_text(shape, text));
    }
    return 0;
}

static int store_pixels(const struct image *image, const struct picture_layout *layout,
                        ov_element_type_e type, void *data, size_t offset, double mean, double scale,
                        bool reverse, struct message *message)
{
    for (size_t y = 0; y < layout->height; y++) {
        for (size_t x = 0; x < layout->width; x++) {
            for (size_t c = 0; c < layout->channels; c++) {
                size_t from = reverse ? layout->channels - 1 - c : c;
                double sample = image->pixels[(y * layout->width + x) * layout->channels + from];
                size_t at =
                    offset + y * layout->row_stride + x * layout->column_stride + c * layout->channel_stride;
                if (!element_store(type, data, at, (sample - mean) * scale)) {
                    return message_fail(message, "a picture cannot be stored as %s", element_name(type));
                }
            }
        }
    }
    return 0;
}

int picture_store(const struct image *image, const struct picture_layout *layout, ov_element_type_e type,
                  void *data, size_t offset, double mean, double scale, bool reverse, struct message *message)
{
    struct image sized;
    if (image_resize(image, layout->width, layout->height, &sized, message) < 0) {
        return -1;
    }
    int rc = image_set_channels(&sized, layout->channels, message);
    if (rc == 0) {
        rc = store_pixels(&sized, layout, type, data, offset, mean, scale, reverse, message);
    }
    image_finish(&sized);
    return rc;
}
