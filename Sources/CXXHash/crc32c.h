// CRC-32C (Castagnoli) by the processor's own instruction: what no library that is already linked offers.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#define CRC32C_TARGET __attribute__((target("sse4.2")))
static inline bool crc32c_has_instruction(void) { return __builtin_cpu_supports("sse4.2"); }
CRC32C_TARGET static inline uint32_t crc32c_word(uint32_t crc, uint64_t word) {
    return (uint32_t)__builtin_ia32_crc32di(crc, word);
}
CRC32C_TARGET static inline uint32_t crc32c_byte(uint32_t crc, uint8_t byte) {
    return __builtin_ia32_crc32qi(crc, byte);
}
#elif defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define CRC32C_TARGET
static inline bool crc32c_has_instruction(void) { return true; }
static inline uint32_t crc32c_word(uint32_t crc, uint64_t word) { return __crc32cd(crc, word); }
static inline uint32_t crc32c_byte(uint32_t crc, uint8_t byte) { return __crc32cb(crc, byte); }
#else
#define CRC32C_TARGET
static inline bool crc32c_has_instruction(void) { return false; }
static inline uint32_t crc32c_word(uint32_t crc, uint64_t word) { return (void)word, crc; }
static inline uint32_t crc32c_byte(uint32_t crc, uint8_t byte) { return (void)byte, crc; }
#endif

/// Advances the inverted register `crc` over the bytes. Only where `crc32c_has_instruction()`.
CRC32C_TARGET static inline uint32_t crc32c_advance(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        crc = crc32c_word(crc, word);
    }
    for (; count > 0; bytes++, count--) crc = crc32c_byte(crc, *bytes);
    return crc;
}

/// Advances three registers, each over its own of three runs of `count` bytes (a multiple of 8) in a row: a result takes three
/// cycles, but the next instruction that does not need it only one.
CRC32C_TARGET static inline void crc32c_advance_three(
    uint32_t *crc1, uint32_t *crc2, uint32_t *crc3, const uint8_t *bytes, size_t count) {
    uint32_t first = *crc1, second = *crc2, third = *crc3;
    for (const uint8_t *end = bytes + count; bytes < end; bytes += 8) {
        uint64_t words[3];
        memcpy(&words[0], bytes, 8);
        memcpy(&words[1], bytes + count, 8);
        memcpy(&words[2], bytes + 2 * count, 8);
        first = crc32c_word(first, words[0]);
        second = crc32c_word(second, words[1]);
        third = crc32c_word(third, words[2]);
    }
    *crc1 = first, *crc2 = second, *crc3 = third;
}
