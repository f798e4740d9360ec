/* commands.h - one function a command of `tally`. Its argv[0] is the command's name.
 *
 * Place    main.c has the table of them; each stands in cmd_NAME.c.
 * Memory   arguments are borrowed; a command frees what it makes before it returns.
 * Threads  the main thread.
 * Errors   are printed by the command itself (console.h); the exit status says so.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once
#include "cli/console.h"

enum exit_status cmd_backup(int argc, char **argv);
enum exit_status cmd_cat(int argc, char **argv);
enum exit_status cmd_compact(int argc, char **argv);
enum exit_status cmd_delete(int argc, char **argv);
enum exit_status cmd_events(int argc, char **argv);
enum exit_status cmd_follow(int argc, char **argv);
enum exit_status cmd_ingest(int argc, char **argv);
enum exit_status cmd_init(int argc, char **argv);
enum exit_status cmd_ls(int argc, char **argv);
enum exit_status cmd_rebuild(int argc, char **argv);
enum exit_status cmd_restore(int argc, char **argv);
enum exit_status cmd_schema(int argc, char **argv);
enum exit_status cmd_status(int argc, char **argv);
enum exit_status cmd_undo(int argc, char **argv);
enum exit_status cmd_verify(int argc, char **argv);
enum exit_status cmd_wait(int argc, char **argv);
enum exit_status cmd_watch(int argc, char **argv);
