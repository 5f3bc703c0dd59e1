// pthread_getattr_np
#define _GNU_SOURCE
#include "nns_stack.h"
#include <pthread.h>

_Thread_local uintptr_t nns_stack_floor = UINTPTR_MAX;

_Bool nns_stack_is_low(uintptr_t here) {
    if (nns_stack_floor == UINTPTR_MAX) {
        pthread_attr_t attributes;
        void *lowest = NULL;
        size_t size = 0;
        nns_stack_floor = 0;
        if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
            pthread_attr_getstack(&attributes, &lowest, &size);
            pthread_attr_destroy(&attributes);
            // Between two calls the walker goes as deep as one function is nested: ten thousand operators take some MiB.
            size_t kept = size / 4 < (size_t)64 << 20 ? size / 4 : (size_t)64 << 20;
            nns_stack_floor = (uintptr_t)lowest + kept;
        }
    }
    return here < nns_stack_floor;
}
