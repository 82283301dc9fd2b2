/* The tensors that the requests are fed with. */
#include "bench.h"
#include "console.h"

#include <stdlib.h>

static int make_tensor(struct bench *b, size_t input, size_t set, ov_tensor_t **tensor)
{
    struct input *in = &b->inputs[input];
    if (runtime_create_tensor(in->port.type, &in->data[set % b->group_count], tensor, &b->message) < 0) {
        return -1;
    }
    if (in->files.count) {
        return fill_from_files(in, *tensor, set, &b->message);
    }
    uint64_t seed = ((uint64_t)b->options.seed * 1000003 + input) * 1000003 + set;
    return fill_random(in, *tensor, seed, &b->message);
}

static void announce(const struct bench *b)
{
    bool random = false;
    for (size_t i = 0; i < b->input_count; i++) {
        const struct input *input = &b->inputs[i];
        if (input->files.count) {
            console_info("Fill input '%s' from %zu file%s", input->port.name, input->files.count,
                         input->files.count > 1 ? "s" : "");
            continue;
        }
        if (!b->options.input) {
            console_warn(
                "No input files were given for input '%s'!. This input will be filled with random values!",
                input->port.name);
        }
        console_info("Fill input '%s' with random values ", input->port.name);
        random = true;
    }
    if (b->group_count > 1) {
        console_info("Defined %zu tensor groups:", b->group_count);
    }
    for (size_t g = 0; b->group_count > 1 && g < b->group_count; g++) {
        char text[1024];
        bench_group_text(b, g, text, sizeof(text));
        console_info("\t %s", text);
    }
    if (random) {
        console_info("Seed of the random values: %lld", (long long)b->options.seed);
    }
}

int bench_make_sets(struct bench *b)
{
    announce(b);
    size_t groups = b->group_count;
    b->set_count = (b->request_count + groups - 1) / groups * groups;
    b->sets = calloc(b->set_count, sizeof(*b->sets));
    if (!b->sets) {
        return message_fail(&b->message, "no memory");
    }
    for (size_t s = 0; s < b->set_count; s++) {
        b->sets[s].tensors = calloc(b->input_count, sizeof(*b->sets[s].tensors));
        if (!b->sets[s].tensors) {
            return message_fail(&b->message, "no memory");
        }
        for (size_t i = 0; i < b->input_count; i++) {
            if (make_tensor(b, i, s, &b->sets[s].tensors[i]) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

void bench_free_sets(struct bench *b)
{
    for (size_t s = 0; b->sets && s < b->set_count; s++) {
        for (size_t i = 0; b->sets[s].tensors && i < b->input_count; i++) {
            ov_tensor_free(b->sets[s].tensors[i]);
        }
        free(b->sets[s].tensors);
    }
    free(b->sets);
    b->sets = NULL;
}
