#include "nns_interrupt.h"
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

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
    if ((nns_interrupt_flag || waiting) && leaves_at_second) _exit(130);
    if (holding) waiting = 1;
    else nns_interrupt_flag = 1;
}

_Bool nns_interrupt_hold(_Bool hold) {
    _Bool before = holding;
    holding = hold;
    if (!hold && waiting) {
        nns_interrupt_flag = 1;
        waiting = 0;
    }
    return before;
}

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
