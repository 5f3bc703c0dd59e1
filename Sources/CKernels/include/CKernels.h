// The native kernels of nns: inner loops without policy.
//
// Goals, in this order: the bits of the contract (DESIGN §3) on every path; no allocation but working space from
// nns_alloc, no global state beyond the chosen instruction set, the thread pool and kept memory; speed.
#ifndef NNS_CKERNELS_H
#define NNS_CKERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nns_isa.h"
#include "nns_kernels.h"
#include "nns_math.h"
#include "nns_interrupt.h"
#include "nns_memory.h"
#include "nns_random.h"
#include "nns_stack.h"
#include "nns_ticks.h"
#include "nns_reference.h"
#include "nns_zlib.h"

#endif
