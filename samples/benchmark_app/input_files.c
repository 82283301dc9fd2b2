/* The -i option: which files feed which input. */
#include "../common/file.h"
#include "../common/image.h"
#include "bench.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static bool is_input_file(const char *path)
{
    return file_has_suffix(path, ".npy") || file_has_suffix(path, ".bin") || image_has_picture_name(path);
}

static int add_file(struct input *input, const char *path, struct message *message)
{
    char **grown = realloc(input->files.paths, (input->files.count + 1) * sizeof(*grown));
    char *copy = strdup(path);
    input->files.paths = grown ? grown : input->files.paths;
    if (!grown || !copy) {
        free(copy);
        return message_fail(message, "no memory");
    }
    grown[input->files.count++] = copy;
    return 0;
}

/* Adds one file to the input `named`, or, where no name was given, to the next input in turn. */
static int add_in_turn(struct bench *b, struct input *named, size_t *turn, const char *path)
{
    if (!is_input_file(path)) {
        return message_fail(&b->message, "-i: %s is no .npy, .bin, .bmp, .pgm, .ppm, .png or .jpg file",
                            path);
    }
    struct input *input = named ? named : &b->inputs[(*turn)++ % b->input_count];
    return add_file(input, path, &b->message);
}

static int only_input_files(const struct dirent *entry)
{
    return is_input_file(entry->d_name);
}

static int add_folder(struct bench *b, struct input *named, size_t *turn, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, only_input_files, alphasort);
    if (count <= 0) {
        if (count == 0) {
            free(entries);
        }
        return message_fail(&b->message, "-i: no input files in %s", folder);
    }
    int rc = 0;
    for (int i = 0; i < count; i++) {
        char *path;
        if (rc == 0 && asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0) {
            rc = message_fail(&b->message, "no memory");
        } else if (rc == 0) {
            rc = add_in_turn(b, named, turn, path);
            free(path);
        }
        free(entries[i]);
    }
    free(entries);
    return rc;
}

/* The input whose name and a colon start `item`: the longest one, as names may hold colons. */
static struct input *named_input(struct bench *b, const char *item)
{
    struct input *best = NULL;
    size_t longest = 0;
    for (size_t i = 0; i < b->input_count; i++) {
        size_t length = strlen(b->inputs[i].port.name);
        if (length > longest && strncmp(item, b->inputs[i].port.name, length) == 0 && item[length] == ':') {
            longest = length;
            best = &b->inputs[i];
        }
    }
    return best;
}

int bench_find_files(struct bench *b)
{
    char *list = b->options.input ? strdup(b->options.input) : NULL, *rest = NULL;
    struct input *named = NULL;
    size_t turn = 0;
    int rc = 0;
    for (char *item = list ? strtok_r(list, ",", &rest) : NULL; item && rc == 0;
         item = strtok_r(NULL, ",", &rest)) {
        struct input *own = named_input(b, item);
        named = own ? own : named;
        item += own ? strlen(own->port.name) + 1 : 0;
        if (strcmp(item, "random") == 0) {
            continue;
        }
        rc = file_is_folder(item) ? add_folder(b, named, &turn, item) : add_in_turn(b, named, &turn, item);
    }
    free(list);
    return rc;
}
