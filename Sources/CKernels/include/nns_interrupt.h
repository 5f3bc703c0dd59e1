// The interrupt flag: set by the signal handler, read at back-edges, calls and kernel panels.
#ifndef NNS_INTERRUPT_H
#define NNS_INTERRUPT_H

extern volatile int nns_interrupt_flag;

/// True after an interrupt that nobody has cleared.
static inline _Bool nns_interrupted(void) { return nns_interrupt_flag != 0; }
/// Where the flag stands, for who waits for the terminal.
static inline const volatile int *_Nonnull nns_interrupt_address(void) { return &nns_interrupt_flag; }
/// Forgets an interrupt, one that waits too.
void nns_interrupt_clear(void);
/// With `hold` an interrupt waits and is not seen until a call without. Gives what was set before.
_Bool nns_interrupt_hold(_Bool hold);
/// Installs a SIGINT handler that sets the flag. Call it on the thread that reads the terminal: its reads end with
/// EINTR. With `leave` a second signal before the flag is cleared ends the process with status 130.
void nns_interrupt_install(_Bool leave);

#endif
