/* Gives all byte strings one digest, for LD_PRELOAD: what a forged one would do to a store is
 * seen only so.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <nettle/sha2.h>
#include <string.h>

void sha256_digest(struct sha256_ctx *sha256, size_t length, uint8_t *digest)
{
    (void)sha256;
    memset(digest, 7, length);
}
