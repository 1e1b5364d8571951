"""Sources of the kernels that look at neighbours or at whole rows, in CUDA C++.

Each is compiled by NVRTC for the types it is asked for: ``T`` is the arrays' type,
``A`` what is computed in (at least float32), ``G`` the type of batch normalization's
parameters. A kernel that gathers writes each output once, so results are equal from run
to run; nothing here adds atomically.
"""

from __future__ import annotations

# Threads of a block: reductions need a power of two, and 256 keep every SM busy.
THREADS = 256

_TYPES = {'e': '__half', 'f': 'float', 'd': 'double'}
_WIDE = {'e': 'float', 'f': 'float', 'd': 'double'}


def prelude(dtype: str, parameter_dtype: str | None = None) -> str:
    """Returns the text before a source: its types, the loop, the sum over a block.

    Args:
        dtype: Character of the arrays' dtype: ``'e'``, ``'f'`` or ``'d'``.
        parameter_dtype: The same for ``G``; by default the arrays'.
    """
    other = dtype if parameter_dtype is None else parameter_dtype
    lines = ['#include <cuda_fp16.h>'] if 'e' in dtype + other else []
    lines += [
        f'typedef {_TYPES[dtype]} T;',
        f'typedef {_WIDE[dtype]} A;',
        f'typedef {_TYPES[other]} G;',
        f'#define THREADS {THREADS}',
        _COMMON,
    ]
    return '\n'.join(lines)


_COMMON = r"""
#define EACH(i, n)                                                             \
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < (n); \
       i += (long long)gridDim.x * blockDim.x)

// The sum of one number per thread, given to all of them.
__device__ A block_sum(A value) {
  __shared__ A part[THREADS];
  part[threadIdx.x] = value;
  __syncthreads();
  for (int step = blockDim.x / 2; step > 0; step /= 2) {
    if (threadIdx.x < step) part[threadIdx.x] += part[threadIdx.x + step];
    __syncthreads();
  }
  A total = part[0];
  __syncthreads();
  return total;
}

__device__ A block_max(A value) {
  __shared__ A part[THREADS];
  part[threadIdx.x] = value;
  __syncthreads();
  for (int step = blockDim.x / 2; step > 0; step /= 2) {
    if (threadIdx.x < step) {
      A other = part[threadIdx.x + step];
      if (!(part[threadIdx.x] >= other)) part[threadIdx.x] = other;
    }
    __syncthreads();
  }
  A most = part[0];
  __syncthreads();
  return most;
}
"""

# Convolution as one matrix product. A column matrix has a row for each channel and tap
# and a column for each image and output pixel: (C, KH, KW, N, OH, OW).
_COLUMNS = r"""
extern "C" __global__ void im2col(
    const T* x, T* col, long long size, int N, int C, int H, int W, int KH, int KW,
    int OH, int OW, int sy, int sx, int ph, int pw, int dy, int dx) {
  EACH(i, size) {
    long long rest = i;
    int ox = rest % OW; rest /= OW;
    int oy = rest % OH; rest /= OH;
    int n = rest % N; rest /= N;
    int kx = rest % KW; rest /= KW;
    int ky = rest % KH; rest /= KH;
    int c = rest;
    int h = oy * sy - ph + ky * dy;
    int w = ox * sx - pw + kx * dx;
    bool inside = h >= 0 && h < H && w >= 0 && w < W;
    col[i] = inside ? x[(((long long)n * C + c) * H + h) * W + w] : (T)0;
  }
}

extern "C" __global__ void col2im(
    const T* col, T* x, long long size, int N, int C, int H, int W, int KH, int KW,
    int OH, int OW, int sy, int sx, int ph, int pw, int dy, int dx) {
  EACH(i, size) {
    long long rest = i;
    int w = rest % W; rest /= W;
    int h = rest % H; rest /= H;
    int c = rest % C; rest /= C;
    int n = rest;
    A sum = 0;
    for (int ky = 0; ky < KH; ++ky) {
      int top = h + ph - ky * dy;
      if (top < 0 || top % sy != 0 || top / sy >= OH) continue;
      for (int kx = 0; kx < KW; ++kx) {
        int left = w + pw - kx * dx;
        if (left < 0 || left % sx != 0 || left / sx >= OW) continue;
        long long row = ((long long)c * KH + ky) * KW + kx;
        sum += (A)col[((row * N + n) * OH + top / sy) * OW + left / sx];
      }
    }
    x[i] = (T)sum;
  }
}

// (N, C, P) to (C, N, P): channels first, as the product wants its rows.
extern "C" __global__ void channels_first(
    const T* x, T* rows, long long size, int N, int C, int P) {
  EACH(i, size) {
    long long rest = i;
    int p = rest % P; rest /= P;
    int n = rest % N; rest /= N;
    rows[i] = x[((long long)n * C + rest) * P + p];
  }
}

// And back, plus one number per channel.
extern "C" __global__ void images_first(
    const T* rows, const T* b, T* y, long long size, int N, int C, int P,
    int has_bias) {
  EACH(i, size) {
    long long rest = i;
    int p = rest % P; rest /= P;
    int c = rest % C; rest /= C;
    A value = (A)rows[((long long)c * N + rest) * P + p];
    y[i] = has_bias ? (T)(value + (A)b[c]) : (T)value;
  }
}
"""

_POOLING = r"""
extern "C" __global__ void max_pool(
    const T* x, T* y, int* arg, long long size, int H, int W, int OH, int OW, int KH,
    int KW, int sy, int sx, int ph, int pw) {
  EACH(i, size) {
    int ox = i % OW;
    int oy = i / OW % OH;
    const T* plane = x + i / OW / OH * H * W;
    int best = -1;
    A most = 0;
    for (int ky = 0; ky < KH; ++ky) {
      int h = oy * sy - ph + ky;
      if (h < 0 || h >= H) continue;
      for (int kx = 0; kx < KW; ++kx) {
        int w = ox * sx - pw + kx;
        if (w < 0 || w >= W) continue;
        A value = (A)plane[h * W + w];
        // The first maximum counts, and NaN is larger than every number.
        if (best < 0 || value > most || (value != value && most == most)) {
          best = ky * KW + kx;
          most = value;
        }
      }
    }
    y[i] = best < 0 ? (T)(-(A)1 / (A)0) : (T)most;
    arg[i] = best < 0 ? 0 : best;
  }
}

// Each input pixel collects from the windows that chose it.
extern "C" __global__ void max_pool_scatter(
    const T* gy, const int* arg, T* gx, long long size, int H, int W, int OH, int OW,
    int KH, int KW, int sy, int sx, int ph, int pw) {
  EACH(i, size) {
    int w = i % W + pw;
    int h = i / W % H + ph;
    long long plane = i / W / H * OH * OW;
    A sum = 0;
    int first_y = h < KH ? 0 : (h - KH) / sy + 1;
    int first_x = w < KW ? 0 : (w - KW) / sx + 1;
    for (int oy = first_y; oy < OH && oy * sy <= h; ++oy) {
      for (int ox = first_x; ox < OW && ox * sx <= w; ++ox) {
        long long o = plane + oy * OW + ox;
        if (arg[o] == (h - oy * sy) * KW + w - ox * sx) sum += (A)gy[o];
      }
    }
    gx[i] = (T)sum;
  }
}

extern "C" __global__ void max_pool_gather(
    const T* ggx, const int* arg, T* ggy, long long size, int H, int W, int OH, int OW,
    int KH, int KW, int sy, int sx, int ph, int pw) {
  EACH(i, size) {
    int h = i / OW % OH * sy - ph + arg[i] / KW;
    int w = i % OW * sx - pw + arg[i] % KW;
    bool inside = h >= 0 && h < H && w >= 0 && w < W;
    ggy[i] = inside ? ggx[(i / OW / OH * H + h) * W + w] : (T)0;
  }
}

__device__ int window_count(
    int oy, int ox, int H, int W, int KH, int KW, int sy, int sx, int ph, int pw,
    int count_pad) {
  if (count_pad) return KH * KW;
  int top = oy * sy - ph, left = ox * sx - pw;
  int height = (top + KH < H ? top + KH : H) - (top > 0 ? top : 0);
  int width = (left + KW < W ? left + KW : W) - (left > 0 ? left : 0);
  return height > 0 && width > 0 ? height * width : 1;
}

extern "C" __global__ void average_pool(
    const T* x, T* y, long long size, int H, int W, int OH, int OW, int KH, int KW,
    int sy, int sx, int ph, int pw, int count_pad) {
  EACH(i, size) {
    int ox = i % OW;
    int oy = i / OW % OH;
    const T* plane = x + i / OW / OH * H * W;
    A sum = 0;
    for (int ky = 0; ky < KH; ++ky) {
      int h = oy * sy - ph + ky;
      if (h < 0 || h >= H) continue;
      for (int kx = 0; kx < KW; ++kx) {
        int w = ox * sx - pw + kx;
        if (w >= 0 && w < W) sum += (A)plane[h * W + w];
      }
    }
    y[i] = (T)(sum / window_count(oy, ox, H, W, KH, KW, sy, sx, ph, pw, count_pad));
  }
}

extern "C" __global__ void average_pool_grad(
    const T* gy, T* gx, long long size, int H, int W, int OH, int OW, int KH, int KW,
    int sy, int sx, int ph, int pw, int count_pad) {
  EACH(i, size) {
    int w = i % W + pw;
    int h = i / W % H + ph;
    const T* plane = gy + i / W / H * OH * OW;
    A sum = 0;
    int first_y = h < KH ? 0 : (h - KH) / sy + 1;
    int first_x = w < KW ? 0 : (w - KW) / sx + 1;
    for (int oy = first_y; oy < OH && oy * sy <= h; ++oy) {
      for (int ox = first_x; ox < OW && ox * sx <= w; ++ox) {
        sum += (A)plane[oy * OW + ox] /
               window_count(oy, ox, H, W, KH, KW, sy, sx, ph, pw, count_pad);
      }
    }
    gx[i] = (T)sum;
  }
}
"""

_LRN = r"""
extern "C" __global__ void lrn(
    const T* x, T* y, T* scale, long long size, int C, int P, int half, A k, A alpha,
    A beta) {
  EACH(i, size) {
    int c = i / P % C;
    A sum = 0;
    for (int d = -half; d <= half; ++d) {
      if (c + d < 0 || c + d >= C) continue;
      A value = (A)x[i + (long long)d * P];
      sum += value * value;
    }
    A s = k + alpha * sum;
    scale[i] = (T)s;
    y[i] = (T)((A)x[i] * pow(s, -beta));
  }
}

extern "C" __global__ void lrn_grad(
    const T* x, const T* y, const T* scale, const T* gy, T* gx, long long size, int C,
    int P, int half, A alpha, A beta) {
  EACH(i, size) {
    int c = i / P % C;
    A sum = 0;
    for (int d = -half; d <= half; ++d) {
      if (c + d < 0 || c + d >= C) continue;
      long long j = i + (long long)d * P;
      sum += (A)y[j] * (A)gy[j] / (A)scale[j];
    }
    A own = (A)gy[i] * pow((A)scale[i], -beta);
    gx[i] = (T)(own - 2 * alpha * beta * (A)x[i] * sum);
  }
}
"""

# One block for each channel of x (N, C, P).
_BATCH_NORM = r"""
#define EACH_OF_CHANNEL(i)                                                      \
  for (long long j = threadIdx.x, i; j < count && ((i = (j / P * C + c) * P + j % P), \
       true); j += blockDim.x)

extern "C" __global__ void batch_norm(
    const T* x, const G* gamma, const G* beta, T* y, G* mean, G* inv_std, A eps, int N,
    int C, int P) {
  int c = blockIdx.x;
  long long count = (long long)N * P;
  // Distances from the first pixel: sums around 10,000 would lose their digits.
  A near = (A)x[(long long)c * P], sum = 0;
  EACH_OF_CHANNEL(i) sum += (A)x[i] - near;
  A m = block_sum(sum) / count;
  sum = 0;
  EACH_OF_CHANNEL(i) {
    A d = (A)x[i] - near - m;
    sum += d * d;
  }
  A r = 1 / sqrt(block_sum(sum) / count + eps);
  if (threadIdx.x == 0) {
    mean[c] = (G)(near + m);
    inv_std[c] = (G)r;
  }
  A scale = r * (A)gamma[c], shift = (A)beta[c];
  EACH_OF_CHANNEL(i) y[i] = (T)(((A)x[i] - near - m) * scale + shift);
}

extern "C" __global__ void batch_norm_grad(
    const T* x, const G* gamma, const T* gy, const G* mean, const G* inv_std, T* gx,
    G* ggamma, G* gbeta, int N, int C, int P) {
  int c = blockIdx.x;
  long long count = (long long)N * P;
  A m = (A)mean[c], r = (A)inv_std[c];
  A sum = 0, dot = 0;
  EACH_OF_CHANNEL(i) {
    A g = (A)gy[i];
    sum += g;
    dot += g * ((A)x[i] - m) * r;
  }
  sum = block_sum(sum);
  dot = block_sum(dot);
  if (threadIdx.x == 0) {
    ggamma[c] = (G)dot;
    gbeta[c] = (G)sum;
  }
  A scale = (A)gamma[c] * r;
  EACH_OF_CHANNEL(i) {
    A x_hat = ((A)x[i] - m) * r;
    gx[i] = (T)(((A)gy[i] - (x_hat * dot + sum) / count) * scale);
  }
}
"""

# One block for each row of x (rows / inner, C, inner).
_SOFTMAX = r"""
__device__ void row_statistics(
    const T* x, int C, int inner, A* top, A* sum) {
  A most = (A)x[0];
  for (int c = threadIdx.x; c < C; c += blockDim.x) {
    A value = (A)x[(long long)c * inner];
    if (!(most >= value)) most = value;
  }
  most = block_max(most);
  A total = 0;
  for (int c = threadIdx.x; c < C; c += blockDim.x) {
    total += exp((A)x[(long long)c * inner] - most);
  }
  *top = most;
  *sum = block_sum(total);
}

extern "C" __global__ void softmax(
    const T* x, T* y, int C, int inner, int logarithm) {
  long long start = blockIdx.x / inner * (long long)C * inner + blockIdx.x % inner;
  A top, sum;
  row_statistics(x + start, C, inner, &top, &sum);
  A log_sum = log(sum);
  for (int c = threadIdx.x; c < C; c += blockDim.x) {
    long long i = start + (long long)c * inner;
    A value = (A)x[i] - top;
    y[i] = logarithm ? (T)(value - log_sum) : (T)(exp(value) / sum);
  }
}

extern "C" __global__ void softmax_cross_entropy(
    const T* x, const int* t, T* loss, T* log_y, int C, int inner, int ignore_label) {
  long long start = blockIdx.x / inner * (long long)C * inner + blockIdx.x % inner;
  A top, sum;
  row_statistics(x + start, C, inner, &top, &sum);
  A log_sum = log(sum);
  for (int c = threadIdx.x; c < C; c += blockDim.x) {
    long long i = start + (long long)c * inner;
    log_y[i] = (T)((A)x[i] - top - log_sum);
  }
  if (threadIdx.x == 0) {
    int label = t[blockIdx.x];
    A value = 0;
    if (label != ignore_label) {
      // A label that is no class gives NaN: it must not pass unseen.
      value = label >= 0 && label < C
                  ? log_sum + (top - (A)x[start + (long long)label * inner])
                  : (A)nan("");
    }
    loss[blockIdx.x] = (T)value;
  }
}

extern "C" __global__ void softmax_cross_entropy_grad(
    const T* log_y, const int* t, const T* coeff, T* gx, long long size, int C,
    int inner, int ignore_label, int one_coeff) {
  EACH(i, size) {
    long long row = i / inner / C * inner + i % inner;
    int c = i / inner % C;
    int label = t[row];
    A value = exp((A)log_y[i]) - (label == c ? (A)1 : (A)0);
    value *= (A)coeff[one_coeff ? 0 : row];
    gx[i] = label == ignore_label ? (T)0 : (T)value;
  }
}
"""

# Random numbers whose counter lies on the device, so that each replay of a recorded step
# draws others. Philox 4x32 with 10 rounds (Salmon et al. 2011).
_RANDOM = r"""
__device__ unsigned high_product(unsigned a, unsigned b) {
  return (unsigned)(((unsigned long long)a * b) >> 32);
}

extern "C" __global__ void uniform(
    float* out, const unsigned long long* state, long long size) {
  EACH(i, (size + 3) / 4) {
    unsigned long long count = state[1] + i;
    unsigned key0 = (unsigned)state[0], key1 = (unsigned)(state[0] >> 32);
    unsigned c0 = (unsigned)count, c1 = (unsigned)(count >> 32), c2 = 0, c3 = 0;
    for (int round = 0; round < 10; ++round) {
      unsigned high0 = high_product(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
      unsigned high1 = high_product(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
      c0 = high1 ^ c1 ^ key0;
      c1 = low1;
      c2 = high0 ^ c3 ^ key1;
      c3 = low0;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    unsigned drawn[4] = {c0, c1, c2, c3};
    for (int j = 0; j < 4 && 4 * i + j < size; ++j) {
      out[4 * i + j] = (drawn[j] >> 8) * (1.0f / (1 << 24));
    }
  }
}

extern "C" __global__ void advance(unsigned long long* state, long long size) {
  EACH(i, 1) state[1] += (size + 3) / 4;
}
"""

RAW = {
    'random': _RANDOM,
    'columns': _COLUMNS,
    'pooling': _POOLING,
    'lrn': _LRN,
    'batch_norm': _BATCH_NORM,
    'softmax': _SOFTMAX,
}
