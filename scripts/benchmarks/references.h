// The elementwise functions in MPFR's arbitrary precision, rounded only at the end: what exhaustive.c and ulp.c measure
// against. Functions of MPFR's own are used directly; here are the others, composed where nothing cancels.
#include <mpfr.h>

/// Intermediate values; references_begin makes them.
static mpfr_t t1, t2;

static void references_begin(mpfr_prec_t bits) { mpfr_inits2(bits, t1, t2, NULL); }

static int big_sigmoid(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    mpfr_neg(t1, x, round);
    mpfr_exp(t1, t1, round);
    mpfr_add_ui(t1, t1, 1, round);
    return mpfr_ui_div(y, 1, t1, round);
}
/// The limit of silu and gelu at minus infinity, where their formulas have none.
static int minus_zero(mpfr_t y) {
    mpfr_set_zero(y, -1);
    return 0;
}
static int big_silu(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    if (mpfr_inf_p(x) && mpfr_sgn(x) < 0) return minus_zero(y);
    big_sigmoid(t2, x, round);
    return mpfr_mul(y, x, t2, round);
}
static int big_softplus(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    mpfr_abs(t1, x, round);
    mpfr_neg(t1, t1, round);
    mpfr_exp(t1, t1, round);  // of -|x|: exp(x) itself can overflow even here
    mpfr_log1p(t1, t1, round);
    return mpfr_sgn(x) > 0 ? mpfr_add(y, x, t1, round) : mpfr_set(y, t1, round);
}
static int big_gelu(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    if (mpfr_inf_p(x) && mpfr_sgn(x) < 0) return minus_zero(y);
    mpfr_sqrt_ui(t1, 2, round);
    mpfr_div(t1, x, t1, round);
    mpfr_neg(t1, t1, round);
    mpfr_erfc(t1, t1, round);
    mpfr_mul(t1, t1, x, round);
    return mpfr_div_2ui(y, t1, 1, round);
}
static int big_elu(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) {
    return mpfr_sgn(x) > 0 ? mpfr_set(y, x, round) : mpfr_expm1(y, x, round);
}
static int big_square(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) { return mpfr_sqr(y, x, round); }
static int big_reciprocal(mpfr_t y, const mpfr_t x, mpfr_rnd_t round) { return mpfr_ui_div(y, 1, x, round); }
