// SPDX-License-Identifier: Apache-2.0
#include "host/versions.h"

#include <nettle/version.h>
#include <xxhash.h>

#include "kv/db.h"
#include "tree/documents.h"

void versions_write(struct buffer *text)
{
    unsigned const xxhash = XXH_versionNumber(); /* two digits each */
    buffer_format(text, "%s\ncJSON %s\nnettle %d.%d\nxxHash %u.%u.%u\n", db_library(),
                  document_library(), nettle_version_major(), nettle_version_minor(),
                  xxhash / 10000, xxhash / 100 % 100, xxhash % 100);
}
