#include "nns_interrupt.h"
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

volatile int nns_interrupt_flag = 0;

static void on_interrupt(int signal) {
    (void)signal;
    if (nns_interrupt_flag) _exit(130);
    nns_interrupt_flag = 1;
}

void nns_interrupt_install(void) {
    struct sigaction action = {0};
    action.sa_handler = on_interrupt;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}
