// CUDA's words for a C++ compiler: the threads of a block are fibers of one CPU thread,
// run in turn up to the next barrier.
#include <math.h>
#include <stdlib.h>
#include <ucontext.h>

#define __global__
#define __shared__ static
#define __syncthreads() wait_for_block()
#define __syncwarp() yield_to_others()
#ifndef __device__
#define __device__ static inline
#endif

struct Index { int x, y, z; };
static Index threadIdx, blockIdx, blockDim, gridDim;

static ucontext_t scheduler;
static ucontext_t* fiber;
static void (*body)(void*);
static void* captured;

// Of each thread. A warp takes its barriers in step, since each turn ends at one.
enum State { RUNNING, AT_BARRIER, FINISHED };
static State* states;

static void yield_to_others() { swapcontext(fiber, &scheduler); }
static void wait_for_block() {
  states[threadIdx.x] = AT_BARRIER;
  yield_to_others();
}
static void run_fiber() {
  body(captured);
  states[threadIdx.x] = FINISHED;
}

static void run_block_of_fibers(int threads) {
  const size_t stack = 64 * 1024;
  ucontext_t* fibers = (ucontext_t*)malloc(sizeof(ucontext_t) * threads);
  char* stacks = (char*)malloc(stack * threads);
  states = (State*)calloc(threads, sizeof(State));
  for (int t = 0; t < threads; ++t) {
    getcontext(&fibers[t]);
    fibers[t].uc_stack.ss_sp = stacks + stack * t;
    fibers[t].uc_stack.ss_size = stack;
    fibers[t].uc_link = &scheduler;
    makecontext(&fibers[t], run_fiber, 0);
  }
  for (int running = threads; running > 0;) {
    for (int t = 0; t < threads; ++t) {
      if (states[t] != RUNNING) continue;
      threadIdx.x = t;
      fiber = &fibers[t];
      swapcontext(&scheduler, fiber);
      if (states[t] != RUNNING) --running;
    }
    if (running > 0) continue;
    for (int t = 0; t < threads; ++t) {  // all are at the barrier, or at the end
      if (states[t] != AT_BARRIER) continue;
      states[t] = RUNNING;
      ++running;
    }
  }
  free(fibers);
  free(stacks);
  free(states);
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
