// The interrupt flag: set by the signal handler, and where the memory counted exceeds its limit; read at back-edges,
// calls, kernel panels and in walks over values.
#ifndef NNS_INTERRUPT_H
#define NNS_INTERRUPT_H

extern volatile int nns_interrupt_flag;

/// True after an interrupt that nobody has cleared: what runs is to end.
static inline _Bool nns_interrupted(void) { return nns_interrupt_flag != 0; }
/// Where the flag stands, for who waits for the terminal.
static inline const volatile int *_Nonnull nns_interrupt_address(void) { return &nns_interrupt_flag; }
/// Asks what runs to end because the memory is used up; an interrupt of the user's stays one.
void nns_interrupt_for_memory(void);
/// True where that is why it must end; forgets it.
_Bool nns_interrupt_was_for_memory(void);
/// Forgets an interrupt, one that waits too.
void nns_interrupt_clear(void);
/// With `hold` an interrupt waits and is not seen until a call without. Gives what was set before.
_Bool nns_interrupt_hold(_Bool hold);
/// Installs a SIGINT handler that sets the flag. Call it on the thread that reads the terminal: its reads end with
/// EINTR. With `leave` a second signal before the flag is cleared ends the process with status 130.
void nns_interrupt_install(_Bool leave);

#endif
