.section .rodata
.globl page_head_start
page_head_start:
.ascii "<!doctype html><plaintext hidden id=\"data\">\n"
.globl page_head_end
page_head_end:
.section .note.GNU-stack,"",%progbits
