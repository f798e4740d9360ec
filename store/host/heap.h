/* heap.h - how the process gets its memory from the system.
 *
 * Place    the program that loads events. A library leaves its host's as it is.
 * Memory   what was freed stays with the process, for what comes next, until heap_give_back.
 * Threads  heap_keep before there are any; heap_give_back from any.
 * Errors   none: it is about speed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

/* One heap for all threads, which does not shrink. As a rule each thread has one of its own, which
 * grows page by page with a call of the system for each; a batch has a new thread for each commit,
 * and memory that is given back has to be made anew by the next one. It grows in small steps: of
 * memory that is new from the system nothing has to be zeroed before it is used. */
void heap_keep(void);
/* Gives back what is free: before the process waits for long. */
void heap_give_back(void);
