#include "nns_interrupt.h"
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

enum { BY_USER = 1, FOR_MEMORY = 2 };
volatile int nns_interrupt_flag = 0;

static pthread_t owner;
static int leaves_at_second;
static volatile sig_atomic_t holding, waiting;

static void on_interrupt(int signal) {
    // The system may hand the signal to any thread, but only a read on the owner's must end with EINTR.
    if (!pthread_equal(pthread_self(), owner)) {
        pthread_kill(owner, signal);
        return;
    }
    if ((nns_interrupt_flag == BY_USER || waiting) && leaves_at_second) _exit(130);
    if (holding) waiting = 1;
    else nns_interrupt_flag = BY_USER;
}

_Bool nns_interrupt_hold(_Bool hold) {
    _Bool before = holding;
    holding = hold;
    if (!hold && waiting) {
        nns_interrupt_flag = BY_USER;
        waiting = 0;
    }
    return before;
}

// Exchanged, so that a signal between looking and setting is not lost.
void nns_interrupt_for_memory(void) { __sync_val_compare_and_swap(&nns_interrupt_flag, 0, FOR_MEMORY); }

_Bool nns_interrupt_was_for_memory(void) { return __sync_bool_compare_and_swap(&nns_interrupt_flag, FOR_MEMORY, 0); }

void nns_interrupt_clear(void) {
    nns_interrupt_flag = 0;
    waiting = 0;
}

void nns_interrupt_install(_Bool leave) {
    owner = pthread_self();
    leaves_at_second = leave;
    struct sigaction action = {0};
    action.sa_handler = on_interrupt;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}
