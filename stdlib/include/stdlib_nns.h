// The files that the binary carries with it: `*.nns` are the standard library, in no particular order; the rest are data
// sets.
#ifndef STDLIB_NNS_H
#define STDLIB_NNS_H

typedef struct {
    const char *name;
    const unsigned char *bytes;
    unsigned long size;
} nns_embedded_file;

/// The files and their number.
const nns_embedded_file *nns_embedded_files(unsigned long *count);

#endif
