// SPDX-License-Identifier: Apache-2.0
#include "base/thread.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/test.h"

static void *read_mask(void *mask)
{
    (void)pthread_sigmask(SIG_SETMASK, NULL, mask);
    return NULL;
}

static void what_is_sent_is_for_other_threads(void **state)
{
    (void)state;
    sigset_t before, after, of_thread;
    pthread_t thread;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(thread_start(&thread, read_mask, &of_thread), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
    static const int sent[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE, SIGALRM};
    for (size_t i = 0; i < sizeof sent / sizeof sent[0]; i++) {
        assert_true(sigismember(&of_thread, sent[i]));
        assert_int_equal(sigismember(&after, sent[i]), sigismember(&before, sent[i]));
    }
}

enum { ANSWERED = 42 };

static void answer(int number)
{
    (void)number;
    _exit(ANSWERED);
}

/* A page behind the end of a file, as of one that was cut while it was mapped. */
static void *read_what_is_not_there(void *page)
{
    return (void *)(uintptr_t) * (volatile char *)page;
}

static void fault_in_thread(void)
{
    pthread_t thread;
    FILE *const empty = tmpfile();
    void *const page =
        empty ? mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(empty), 0) : MAP_FAILED;
    if (page == MAP_FAILED || signal(SIGBUS, answer) == SIG_ERR) _exit(1);
    if (thread_start(&thread, read_what_is_not_there, page) != 0) _exit(2);
    (void)pthread_join(thread, NULL);
    _exit(3);
}

static void a_fault_is_answered_as_the_program_says(void **state)
{
    (void)state;
    int status;
    pid_t const child = fork();
    assert_true(child >= 0);
    if (child == 0) fault_in_thread();
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == ANSWERED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_is_for_other_threads),
        cmocka_unit_test(a_fault_is_answered_as_the_program_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
