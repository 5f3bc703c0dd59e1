// Reduction of huge arguments of sin, cos and tan modulo pi/2.
#ifndef NNS_MATH_REDUCE_H
#define NNS_MATH_REDUCE_H

/// Writes x - n pi/2 as hi + lo, |hi| <= pi/4, and returns n modulo 4; NaN for infinite x. For |x| >= 2^20.
int nns_reduce_pio2(double x, double *hi, double *lo);

#endif
