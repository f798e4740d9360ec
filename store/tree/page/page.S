/* The bytes of an index.html in front of its data: one document, so that it needs no network and works from file://.
 *
 * The data comes last, in an element that the HTML standard ends with the end of the file alone: nothing that is in the
 * data, be it "</plaintext>", can end it. So nothing of ours may stand behind it, and scripts wait until it is read.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifdef __CET__
#include <cet.h> /* one object that does not say so would take the protection from the whole program */
#endif
    .section .rodata, "a", %progbits
    .global page_head
    .hidden page_head
    .type page_head, %object
page_head:
    .incbin "head.html"
    .ascii "<style>\n"
    .incbin "uPlot/uPlot.min.css"
    .incbin "page.css"
    .ascii "</style>\n<script>\n/* uPlot\n"
    .incbin "uPlot/LICENSE"
    .ascii "*/\n"
    .incbin "uPlot/uPlot.iife.min.js"
    .incbin "exact.js"
    .incbin "elements.js"
    .incbin "view.js"
    .incbin "filters.js"
    .incbin "table.js"
    .incbin "buckets.js"
    .incbin "groups.js"
    .incbin "lines.js"
    .incbin "bars.js"
    .incbin "chart.js"
    .incbin "fresh.js"
    .incbin "page.js"
    .ascii "</script>\n"
    .incbin "body.html"
    .ascii "<plaintext hidden id=\"data\">\n"
page_head_end:
    .size page_head, . - page_head
    .balign 8
    .global page_head_bytes
    .hidden page_head_bytes
    .type page_head_bytes, %object
page_head_bytes:
    .quad page_head_end - page_head
    .size page_head_bytes, 8
    .section .note.GNU-stack, "", %progbits
