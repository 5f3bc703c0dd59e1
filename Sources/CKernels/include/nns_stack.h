// How much of its thread's stack a deep recursion has left.
#ifndef NNS_STACK_H
#define NNS_STACK_H
#include <stdint.h>

/// The address below which this thread's stack is nearly full; until first asked for, above every address.
extern _Thread_local uintptr_t nns_stack_floor;
_Bool nns_stack_is_low(uintptr_t here);
/// True where what is left suffices for one function's nesting and an error, but no longer for calls.
static inline _Bool nns_stack_low(void) {
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    return here < nns_stack_floor && nns_stack_is_low(here);
}

#endif
