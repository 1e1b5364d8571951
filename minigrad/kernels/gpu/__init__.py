"""CUDA sources, and the libraries that kernels for GPUs call."""
