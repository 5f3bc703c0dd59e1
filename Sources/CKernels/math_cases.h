// Hard cases: inputs of functions of floats whose result lies so near to the middle between two floats that the
// evaluation in double falls on the wrong side. Found by scripts/exhaustive.c --list, which proves that there are
// no others.
#ifndef NNS_MATH_CASES_H
#define NNS_MATH_CASES_H

#include <stdint.h>

/// The bits of an input and of the correctly rounded result.
typedef struct {
    uint32_t input, result;
} nns_case;

#define NNS_COUNT(cases) (int)(sizeof(cases) / sizeof *(cases))

static const nns_case logCases[] = {
    {0x3c413d3a, 0xc08e158f}, {0x41178feb, 0x400fe5e7}, {0x4c5d65a5, 0x418f034b},
    {0x65d890d3, 0x4254d1f9}, {0x6f31a8ec, 0x42845a89},
};

static const nns_case log1pCases[] = {
    {0x35400003, 0x353fffff}, {0x3710001b, 0x370ffff3}, {0x41078feb, 0x400fe5e7},
    {0x65d890d3, 0x4254d1f9}, {0x6f31a8ec, 0x42845a89}, {0xb53ffffd, 0xb5400001},
    {0xb70fffe5, 0xb710000d}, {0xbb0ec8c4, 0xbb0ef0a5},
};

static const nns_case sinCases[] = {
    {0x46199998, 0xbeb1fa5d}, {0xc6199998, 0x3eb1fa5d},
};

static const nns_case cosCases[] = {
    {0x5f18b878, 0x3f7f14bb}, {0x6115cb11, 0x3f78142f},
    {0xdf18b878, 0x3f7f14bb}, {0xe115cb11, 0x3f78142f},
};

static const nns_case sigmoidCases[] = {{0xba928601, 0x3effdb5f}};

static const nns_case softplusCases[] = {{0x39ea41d0, 0x3f3180bd}};

#endif
