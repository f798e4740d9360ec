/* error.h - what went wrong, where, and what to do about it.
 *
 * Place    filled by every function that can fail; printed only by the two programs.
 * Promise  works when memory is gone: no allocation. Text that does not fit ends in "...".
 *          `place`, `fact` and `remedy` hold no control characters.
 * Memory   none: all texts are inside the struct.
 * Threads  a struct error belongs to its caller's stack.
 * Errors   none of its own.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

/* What the caller may do about it. */
enum error_kind {
    ERROR_INPUT,   /* the user's data or arguments */
    ERROR_SCHEMA,  /* the user's schema */
    ERROR_BUSY,    /* somebody else holds it */
    ERROR_FULL,    /* disk, quota, map, reader table */
    ERROR_DENIED,  /* permission, read-only medium */
    ERROR_MISSING, /* no such store, file, view */
    ERROR_CORRUPT, /* the store contradicts itself */
    ERROR_VERSION, /* written by another version of tallyfs */
    ERROR_MEMORY,
    ERROR_SYSTEM, /* any other answer of the system */
};

struct error {
    enum error_kind kind;
    char place[256];  /* file:line:field, table:key, or empty */
    char fact[512];   /* one line, no function names, no full stop */
    char remedy[512]; /* a command or an action, or empty */
};

/* Replace what ERR holds. Return false, so that failing is one line. ERR may not be NULL. */
bool error_set(struct error *err, enum error_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);
/* As error_set, with the kind that belongs to errno value SYS and its text behind the fact. */
bool error_system(struct error *err, int sys, const char *format, ...) PRINTF_LIKE(3, 4);
/* Both return false too, so that they chain behind a failing call. */
bool error_place(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
bool error_remedy(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* Puts "context: " in front of the place. */
bool error_wrap(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* Compilers and analysers are to see what they return. */
#define error_set(...) ((void)error_set(__VA_ARGS__), false)
#define error_system(...) ((void)error_system(__VA_ARGS__), false)
#define error_place(...) ((void)error_place(__VA_ARGS__), false)
#define error_remedy(...) ((void)error_remedy(__VA_ARGS__), false)
#define error_wrap(...) ((void)error_wrap(__VA_ARGS__), false)
/* Writes "place: fact (remedy)" and returns TEXT. */
const char *error_text(const struct error *err, char *text, size_t size);
enum { ERROR_TEXT_BYTES = 1100 };
