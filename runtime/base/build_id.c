#include "build_id.h"

#include "hash.h"

#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

struct search {
    uintptr_t address;
    uint64_t id;
};

static bool holds(const struct dl_phdr_info *info, uintptr_t address)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type == PT_LOAD && address - (info->dlpi_addr + p->p_vaddr) < p->p_memsz) {
            return true;
        }
    }
    return false;
}

static uint64_t id_in_notes(const unsigned char *at, size_t bytes)
{
    while (bytes >= sizeof(ElfW(Nhdr))) {
        ElfW(Nhdr) note;
        size_t name, desc;

        memcpy(&note, at, sizeof(note));
        name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
        desc = ((size_t)note.n_descsz + 3) & ~(size_t)3;
        if (name + desc > bytes - sizeof(note)) {
            break;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            memcmp(at + sizeof(note), "GNU", 4) == 0) {
            return vt_hash(at + sizeof(note) + name, note.n_descsz, 1) | 1;
        }
        at += sizeof(note) + name + desc;
        bytes -= sizeof(note) + name + desc;
    }
    return 0;
}

static uint64_t id_of_file(const char *path)
{
    struct stat st;
    int64_t facts[3];

    if (stat(*path ? path : "/proc/self/exe", &st)) {
        return 0;
    }
    facts[0] = st.st_size;
    facts[1] = st.st_mtim.tv_sec;
    facts[2] = st.st_mtim.tv_nsec;
    return vt_hash(facts, sizeof(facts), 2) | 1;
}

static int look(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct search *s = arg;

    (void)size;
    if (!holds(info, s->address)) {
        return 0;
    }
    for (int i = 0; i < info->dlpi_phnum && !s->id; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];

        if (p->p_type == PT_NOTE) {
            s->id = id_in_notes((const unsigned char *)(info->dlpi_addr + p->p_vaddr), p->p_memsz);
        }
    }
    s->id = s->id ? s->id : id_of_file(info->dlpi_name);
    return 1;
}

uint64_t vt_build_id(const void *address)
{
    struct search s = {(uintptr_t)address, 0};

    dl_iterate_phdr(look, &s);
    return s.id;
}
