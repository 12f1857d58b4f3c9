#include "CLoading.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *last_problem(void) {
    const char *words = dlerror();
    char *copy = words ? strdup(words) : NULL;
    return copy ? copy : "out of memory";
}

const char *loading_fill(const char *library, const char *const *names, void **functions, size_t count) {
    // As at start: bound when called first, and seen by nobody else.
    void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
    if (!handle) return last_problem();
    for (size_t index = 0; index < count; index++) {
        functions[index] = dlsym(handle, names[index]);
        if (!functions[index]) return last_problem();
    }
    return NULL;
}

void loading_failed(const char *problem) {
    dprintf(STDERR_FILENO, "error: a shared library is missing: %s\n", problem);
    _exit(127);
}
