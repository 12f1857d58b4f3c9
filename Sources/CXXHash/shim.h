#pragma once
#include <xxhash.h>

#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
// XXH3 by the widest vectors that the processor has: twice as fast as the baseline that distributions build for.
#include <xxh_x86dispatch.h>
#endif

// The header above replaces names by macros, which Swift does not see: so the calls are wrapped here.
static inline XXH128_hash_t xxh3_hash(const void *bytes, size_t count) { return XXH3_128bits(bytes, count); }

static inline void xxh3_update(XXH3_state_t *state, const void *bytes, size_t count) {
    XXH3_128bits_update(state, bytes, count);
}
