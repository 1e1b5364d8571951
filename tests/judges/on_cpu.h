// What CuPy's headers expect of the compiler, for g++. One thread runs at a time, so an
// atomic operation is an ordinary one.
#define __device__
#define __host__
#define __noinline__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#include "cuda_on_cpu.h"
#include <algorithm>
#include <string.h>
#include <cuda_fp16.h>

static const int warpSize = 32;
template <class T, class U, class V> T atomicCAS(T* p, U expected, V value) {
  T old = *p;
  if (old == (T)expected) *p = (T)value;
  return old;
}
template <class T, class U> T atomicExch(T* p, U value) {
  T old = *p;
  *p = (T)value;
  return old;
}
template <class T, class U> T atomicAdd(T* p, U value) {
  T old = *p;
  *p = old + (T)value;
  return old;
}
template <class T, class U> T atomicMax(T* p, U value) {
  T old = *p;
  if ((T)value > old) *p = (T)value;
  return old;
}
template <class T, class U> T atomicMin(T* p, U value) {
  T old = *p;
  if ((T)value < old) *p = (T)value;
  return old;
}
// What another lane of the warp has.
template <class T> T of_thread(T value, int thread) {
  static T all[1024];
  all[threadIdx.x] = value;
  yield_to_others();
  T other = all[thread];
  yield_to_others();
  return other;
}
template <class T> T __shfl_xor_sync(unsigned, T value, int lanes, int = 32) {
  return of_thread(value, threadIdx.x ^ lanes);
}
template <class T> T __shfl_up_sync(unsigned, T value, int lanes, int = 32) {
  return of_thread(value, threadIdx.x - (threadIdx.x % 32 >= lanes ? lanes : 0));
}
template <class T> T __shfl_down_sync(unsigned, T value, int lanes, int = 32) {
  return of_thread(value, threadIdx.x + (threadIdx.x % 32 + lanes < 32 ? lanes : 0));
}
template <class To, class From> To same_bits(From from) {
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline float __int_as_float(int x) { return same_bits<float>(x); }
inline int __float_as_int(float x) { return same_bits<int>(x); }
inline double __longlong_as_double(long long x) { return same_bits<double>(x); }
inline long long __double_as_longlong(double x) { return same_bits<long long>(x); }
inline int __clz(unsigned x) { return x ? __builtin_clz(x) : 32; }
using std::max;
using std::min;

// Functions of CUDA's mathematics that C++ lacks.
static const double PI = 3.14159265358979323846;
inline double rsqrt(double x) { return 1 / sqrt(x); }
inline float rsqrtf(float x) { return 1 / sqrtf(x); }
inline double sinpi(double x) { return sin(PI * fmod(x, 2)); }
inline double cospi(double x) { return cos(PI * fmod(x, 2)); }
inline double erfcx(double x) {
  if (x < 20) return exp(x * x) * erfc(x);
  return (1 - .5 / (x * x) + .75 / (x * x * x * x)) / (x * sqrt(PI));
}
inline float erfcxf(float x) { return erfcx(x); }
inline double erfcinv(double y) {
  if (!(y > 0 && y < 2)) return y == 0 ? INFINITY : y == 2 ? -INFINITY : NAN;
  if (y > 1) return -erfcinv(2 - y);
  double x = y > .5 ? (1 - y) * sqrt(PI) / 2 : sqrt(-log(y * sqrt(-log(y) * PI)));
  for (int i = 0; i < 50; ++i) {  // Newton's method, with the second derivative
    double f = (erfc(x) - y) / (-2 / sqrt(PI) * exp(-x * x));
    x -= f / (1 + x * f);
  }
  return x;
}
inline double erfinv(double y) { return erfcinv(1 - y); }
inline double normcdf(double x) { return .5 * erfc(-x / sqrt(2)); }
inline float normcdff(float x) { return normcdf(x); }
inline double normcdfinv(double y) { return -sqrt(2) * erfcinv(2 * y); }
inline float normcdfinvf(float x) { return normcdfinv(x); }

#define __CUDACC_VER_MAJOR__ 13
#include <cupy/complex.cuh>
#include <cupy/carray.cuh>
#include <cupy/atomics.cuh>
#include <cupy/math_constants.h>
#include <cupy/float16.cuh>
