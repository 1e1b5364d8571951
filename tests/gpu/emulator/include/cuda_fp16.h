// What CUDA's header of this name gives to our kernels.
#pragma once
#define __half _Float16
