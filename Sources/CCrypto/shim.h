#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>

// The old interface to SHA-256, which OpenSSL 3 advises against, asks no provider: the same code, and nothing to set up.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#undef OPENSSL_SUPPRESS_DEPRECATED

/// SHA-256 of bytes that are all there, into 32 bytes; false when libcrypto refuses.
static inline bool ccrypto_sha256(const void *bytes, size_t count, uint8_t *digest) {
    SHA256_CTX context;
    return SHA256_Init(&context) && SHA256_Update(&context, bytes, count) && SHA256_Final(digest, &context);
}
