/* The functions of libm for one type: included by libm.c with T, the type, and NAME(x), which adds its suffix. */

/* Where the functions change their minds. */
static const T NAME(boundaries)[] = {
  0, -0.0, 1, -1, 0.5, 2, 3, -2, 10, 0.75, 1.5, -2.5, 0.25, 100, 709.78, -745.13, 88.72, -103.97, 11356.5, -11399.5,
  M_PI, M_PI_2, M_PI_4, -M_PI, M_E, M_LN2, 1e-10, 1e10, 1e22, 1e30, 4294967296.0, 9223372036854775808.0, 2147483648.0,
  (T)3.4028234e38, (T)1.17549435e-38, (T)1.4e-45, INFINITY, -INFINITY, NAN, -NAN, 171.6, 1755.5, 35.04, 26.5, 0x1p-28,
};

/* A third boundaries, a third of moderate size, a third any bits at all: denormals, NaNs with payloads, huge ones. */
static T NAME(draw_one)(void) {
  uint64_t choice = next_random() % 9, bits = next_random();
  if (choice < 3) return NAME(boundaries)[bits % (sizeof NAME(boundaries) / sizeof(T))];
  T unit = (T)(int64_t)bits / (T)0x1p63;
  if (choice == 3) return unit;
  if (choice == 4) return unit * 32;
  if (choice == 5) return unit * (T)1e5;
  T any = 0;
  uint64_t more = next_random();
  memcpy(&any, &bits, sizeof(T) < 8 ? sizeof(T) : 8);
  /* The leading bit of an extended number is set by hand: no library promises anything for the pseudo-numbers without. */
  if (sizeof(T) == 16) {
    ((uint16_t *)&any)[4] = more;
    uint64_t leading = (more & 0x7fff) != 0 ? 1UL << 63 : 0;
    bits = (bits & ~(1UL << 63)) | leading;
    memcpy(&any, &bits, 8);
  }
  return any;
}

static void NAME(draw)(void *operands) {
  for (int i = 0; i < 3; i++) ((T *)operands)[i] = NAME(draw_one)();
}

#define CALL(function) NAME(call_##function)
#define DEFINE(function, body)                                              \
  static void CALL(function)(const void *operands, unsigned char *out) {    \
    const T x = ((const T *)operands)[0], y = ((const T *)operands)[1];     \
    const T z = ((const T *)operands)[2];                                   \
    (void)x, (void)y, (void)z;                                              \
    body                                                                    \
  }
#define COMPLEX(r, i) (NAME(CMPLX_)(r, i))

static T complex NAME(CMPLX_)(T real, T imaginary) {
  T complex made;
  ((T *)&made)[0] = real;
  ((T *)&made)[1] = imaginary;
  return made;
}

/* A count for functions that take an int: small ones often, any one at times. */
static int NAME(integer)(T from) {
  return fabsl((long double)from) < 100000 ? (int)from : 7;
}

#define UNARY(f) DEFINE(f, KEEP(0, NAME(f)(x));)
#define BINARY(f) DEFINE(f, KEEP(0, NAME(f)(x, y));)
#define INTEGER(f) DEFINE(f, KEEP(0, (long)NAME(f)(x));)
#define KEEP_COMPLEX(value) T complex made = value; KEEP(0, NAME(creal)(made)); KEEP(16, NAME(cimag)(made));
#define COMPLEX_UNARY(f) DEFINE(f, KEEP_COMPLEX(NAME(f)(COMPLEX(x, y))))

UNARY(acos) UNARY(acosh) UNARY(asin) UNARY(asinh) UNARY(atan) UNARY(atanh) UNARY(cbrt) UNARY(ceil) UNARY(cos)
UNARY(cosh) UNARY(erf) UNARY(erfc) UNARY(exp) UNARY(exp10) UNARY(exp2) UNARY(expm1) UNARY(fabs) UNARY(floor)
UNARY(j0) UNARY(j1) UNARY(log) UNARY(log10) UNARY(log1p) UNARY(log2) UNARY(logb) UNARY(nearbyint) UNARY(rint)
UNARY(round) UNARY(roundeven) UNARY(sin) UNARY(sinh) UNARY(sqrt) UNARY(tan) UNARY(tanh) UNARY(tgamma) UNARY(trunc)
UNARY(y0) UNARY(y1) UNARY(significand)
BINARY(atan2) BINARY(copysign) BINARY(fdim) BINARY(fmax) BINARY(fmin) BINARY(fmod) BINARY(hypot) BINARY(nextafter)
BINARY(pow) BINARY(remainder) BINARY(scalb)
INTEGER(ilogb) INTEGER(lrint) INTEGER(llrint) INTEGER(lround) INTEGER(llround)
DEFINE(fma, KEEP(0, NAME(fma)(x, y, z));)
DEFINE(lgamma, KEEP(0, NAME(lgamma)(x)); KEEP(16, signgam);)
DEFINE(sincos, T s; T c; NAME(sincos)(x, &s, &c); KEEP(0, s); KEEP(16, c);)
DEFINE(frexp, int power = 0; KEEP(0, NAME(frexp)(x, &power)); KEEP(16, power);)
DEFINE(modf, T whole; KEEP(0, NAME(modf)(x, &whole)); KEEP(16, whole);)
DEFINE(remquo, int quotient = 0; KEEP(0, NAME(remquo)(x, y, &quotient)); KEEP(16, quotient);)
DEFINE(ldexp, KEEP(0, NAME(ldexp)(x, NAME(integer)(y)));)
DEFINE(scalbln, KEEP(0, NAME(scalbln)(x, NAME(integer)(y)));)
DEFINE(jn, KEEP(0, NAME(jn)(NAME(integer)(y) % 30, x));)
DEFINE(yn, KEEP(0, NAME(yn)(NAME(integer)(y) % 30, x));)
COMPLEX_UNARY(cacos) COMPLEX_UNARY(casinh) COMPLEX_UNARY(catan) COMPLEX_UNARY(catanh) COMPLEX_UNARY(ccosh)
COMPLEX_UNARY(cexp) COMPLEX_UNARY(clog) COMPLEX_UNARY(clog10) COMPLEX_UNARY(cproj) COMPLEX_UNARY(csin)
COMPLEX_UNARY(csqrt) COMPLEX_UNARY(ctan) COMPLEX_UNARY(ctanh)
DEFINE(cabs, KEEP(0, NAME(cabs)(COMPLEX(x, y)));)
DEFINE(cpow, KEEP_COMPLEX(NAME(cpow)(COMPLEX(x, y), COMPLEX(z, x))))
DEFINE(arithmetic, KEEP(0, x + y); KEEP(10, x - z); KEEP(20, x * y); KEEP(30, x / y); KEEP(40, x * y + z);)
DEFINE(conversions, KEEP(0, (float)x); KEEP(4, (double)x); KEEP(12, (long double)x);
       if (NAME(fabs)(x) < (T)1e9) { KEEP(24, (int)x); KEEP(28, (long)y == (long)y); })

#define ROW(f) {TEXT(NAME(f)), CALL(f), 0},
#define X87(f) {TEXT(NAME(f)), CALL(f), sizeof(T) == 16},
static const Function NAME(functions)[] = {
  X87(acos) X87(acosh) X87(asin) X87(asinh) X87(atan) X87(atanh) ROW(cbrt) ROW(ceil) ROW(cos) X87(cosh) ROW(erf)
  ROW(erfc) X87(exp) X87(exp10) X87(exp2) X87(expm1) ROW(fabs) ROW(floor) X87(j0) X87(j1) X87(log) X87(log10)
  X87(log1p) X87(log2) ROW(logb) ROW(nearbyint) ROW(rint) ROW(round) ROW(roundeven) ROW(sin) X87(sinh) ROW(sqrt)
  ROW(tan) X87(tanh) X87(tgamma) ROW(trunc) X87(y0) X87(y1) ROW(significand) X87(atan2) ROW(copysign) ROW(fdim)
  ROW(fmax) ROW(fmin) ROW(fmod) ROW(hypot) ROW(nextafter) X87(pow) ROW(remainder) ROW(scalb) ROW(ilogb) ROW(lrint)
  ROW(llrint) ROW(lround) ROW(llround) ROW(fma) X87(lgamma) ROW(sincos) ROW(frexp) ROW(modf) ROW(remquo) ROW(ldexp)
  ROW(scalbln) X87(jn) X87(yn) X87(cacos) X87(casinh) X87(catan) X87(catanh) X87(ccosh) X87(cexp) X87(clog)
  X87(clog10) ROW(cproj) X87(csin) ROW(csqrt) X87(ctan) X87(ctanh) ROW(cabs) X87(cpow) ROW(arithmetic)
  ROW(conversions)
};

#undef CALL
#undef DEFINE
#undef COMPLEX
#undef UNARY
#undef BINARY
#undef INTEGER
#undef KEEP_COMPLEX
#undef COMPLEX_UNARY
#undef ROW
#undef X87
