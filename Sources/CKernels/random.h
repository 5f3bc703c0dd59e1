// What random.c and random.inc share: the key of a draw.
#ifndef NNS_RANDOM_KEY_H
#define NNS_RANDOM_KEY_H

#include <stdint.h>

#define NNS_PHILOX_M0 0xD2511F53u
#define NNS_PHILOX_M1 0xCD9E8D57u
#define NNS_PHILOX_W0 0x9E3779B9u
#define NNS_PHILOX_W1 0xBB67AE85u

/// The key and the upper half of the counter of one draw.
typedef struct {
    uint32_t key[2], upper[2];
} nns_draw;

#endif
