// CUDA's words for a C++ compiler: the threads of a block are fibers of one CPU thread,
// run in turn up to the next __syncthreads().
#include <math.h>
#include <stdlib.h>
#include <ucontext.h>

#define __global__
#define __device__ static inline
#define __shared__ static
#define __syncthreads() yield_to_others()

struct Index { int x, y, z; };
static Index threadIdx, blockIdx, blockDim, gridDim;

static ucontext_t scheduler;
static ucontext_t* fiber;
static void (*body)(void*);
static void* captured;
static bool finished;

static void yield_to_others() { swapcontext(fiber, &scheduler); }
static void run_fiber() { body(captured); finished = true; }

static void run_block_of_fibers(int threads) {
  const size_t stack = 64 * 1024;
  ucontext_t* fibers = (ucontext_t*)malloc(sizeof(ucontext_t) * threads);
  char* stacks = (char*)malloc(stack * threads);
  char* done = (char*)calloc(threads, 1);
  for (int t = 0; t < threads; ++t) {
    getcontext(&fibers[t]);
    fibers[t].uc_stack.ss_sp = stacks + stack * t;
    fibers[t].uc_stack.ss_size = stack;
    fibers[t].uc_link = &scheduler;
    makecontext(&fibers[t], run_fiber, 0);
  }
  for (int left = threads; left > 0;) {
    for (int t = 0; t < threads; ++t) {
      if (done[t]) continue;
      threadIdx.x = t;
      fiber = &fibers[t];
      finished = false;
      swapcontext(&scheduler, fiber);
      if (finished) { done[t] = 1; --left; }
    }
  }
  free(fibers);
  free(stacks);
  free(done);
}

template <class Kernel>
static void launch(int blocks, int threads, bool synchronises, Kernel kernel) {
  captured = &kernel;
  body = [](void* k) { (*(Kernel*)k)(); };
  gridDim.x = blocks;
  blockDim.x = threads;
  for (int b = 0; b < blocks; ++b) {
    blockIdx.x = b;
    if (synchronises) { run_block_of_fibers(threads); continue; }
    for (int t = 0; t < threads; ++t) { threadIdx.x = t; kernel(); }
  }
}
