"""The parts of the CPU kernels that Numba compiles, one idea per file."""
