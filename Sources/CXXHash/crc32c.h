// CRC-32C (Castagnoli) by the processor's own instruction: what no library that is already linked offers.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
static inline bool crc32c_has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }

/// Advances the inverted register `crc` over the bytes. Only where `crc32c_has_instruction()`.
__attribute__((target("sse4.2"))) static inline uint32_t crc32c_advance(
    uint32_t crc, const uint8_t *bytes, size_t count) {
    uint64_t wide = crc;
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; count > 0; bytes++, count--) crc = __builtin_ia32_crc32qi(crc, *bytes);
    return crc;
}
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>

static inline bool crc32c_has_instruction(void) { return true; }

static inline uint32_t crc32c_advance(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        crc = __crc32cd(crc, word);
    }
    for (; count > 0; bytes++, count--) crc = __crc32cb(crc, *bytes);
    return crc;
}
#else
static inline bool crc32c_has_instruction(void) { return false; }
static inline uint32_t crc32c_advance(uint32_t crc, const uint8_t *bytes, size_t count) {
    (void)bytes, (void)count;
    return crc;
}
#endif
