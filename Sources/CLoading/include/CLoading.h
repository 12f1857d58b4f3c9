// Shared libraries that are loaded when they are first needed, as opposed to when the process starts.
#pragma once
#include <stddef.h>

/// Loads a library and fills `functions` with the addresses of `names`, in their order.
/// - Returns: NULL, or what is missing, in dlerror(3)'s words. They stay.
const char *loading_fill(const char *library, const char *const *names, void **functions, size_t count);

/// Ends the process as the system's loader ends one that lacks a library at start: with a sentence, and 127.
_Noreturn void loading_failed(const char *problem);
