#include "stdlib_nns.h"
const unsigned char nns_layers[] = {
#embed "layers.nns"
};
const unsigned long nns_layers_size = sizeof nns_layers;
