/* page.h - the web page index.html: all of it but its data.
 *
 * A page is the bytes from page_head to page_head_end and then its data, which is text that ends with the page:
 *
 *   a view      a JSON object on the first line: view, commit, time, rows, bytes, dimensions, measures, total;
 *               then the rows as in VIEW.json, or null where they are too many for a page
 *   the root    a JSON object: views, each with its directory, rows, dimensions, measures and total
 *
 * Place    page/page.S assembles it from the files beside it.
 * Promise  no data, whatever it holds, becomes anything but data: see page.S.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdint.h>

extern const uint8_t page_head[] __attribute__((visibility("hidden")));
extern const uint8_t page_head_end[] __attribute__((visibility("hidden")));
