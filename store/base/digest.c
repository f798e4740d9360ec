// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <nettle/sha2.h>
#include <nettle/version.h>

#include "base/arena.h"

struct digester {
    struct sha256_ctx sha256;
};

static struct digest end(struct sha256_ctx *sha256)
{
    uint8_t bytes[DIGEST_BYTES];
    struct digest digest = {{0}};
    sha256_digest(sha256, sizeof bytes, bytes);
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        digest.words[i / 8] = digest.words[i / 8] << 8 | bytes[i];
    return digest;
}

struct digest digest_of(struct slice bytes)
{
    struct sha256_ctx sha256;
    sha256_init(&sha256);
    sha256_update(&sha256, bytes.length, bytes.at);
    return end(&sha256);
}

void digest_add(struct slice bytes, struct buffer *into)
{
    struct sha256_ctx sha256;
    uint8_t digest[DIGEST_BYTES];
    sha256_init(&sha256);
    sha256_update(&sha256, bytes.length, bytes.at);
    sha256_digest(&sha256, sizeof digest, digest);
    buffer_add(into, digest, sizeof digest);
}

void digest_write(const struct digest *digest, struct buffer *into)
{
    buffer_format(into, "%016llx%016llx", (unsigned long long)digest->words[0],
                  (unsigned long long)digest->words[1]);
}

struct digester *digester_new(void)
{
    struct digester *const digester = memory_alloc(sizeof *digester);
    sha256_init(&digester->sha256);
    return digester;
}

void digester_add(struct digester *digester, struct slice bytes)
{
    sha256_update(&digester->sha256, bytes.length, bytes.at);
}

struct digest digester_end(struct digester *digester)
{
    struct digest const digest = end(&digester->sha256);
    free(digester);
    return digest;
}

void digest_libraries(struct buffer *text)
{
    buffer_format(text, "nettle %d.%d\n", nettle_version_major(), nettle_version_minor());
}
