// Lets a C++ compiler build our .cu files for the processor: every thread of a launch, one by one.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

#define __device__
#define __global__
#define __align__(bytes) alignas(bytes)

struct Dimensions {
    int x, y, z;
};
static Dimensions threadIdx, blockIdx, blockDim, gridDim;

inline int atomicAdd(int* at, int more) {
    const int before = *at;
    *at += more;
    return before;
}

// Built with -ffp-contract=off, so that these stay two roundings.
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }

// Round to nearest, ties to even, as cvt.rn.f16.f32 does.
inline unsigned short half_from_float(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    const unsigned short sign = static_cast<unsigned short>((bits >> 16) & 0x8000);
    const double size = std::fabs(static_cast<double>(value));
    if (std::isnan(value)) return static_cast<unsigned short>(sign | 0x7e00);
    if (size >= 65520.0) return static_cast<unsigned short>(sign | 0x7c00);
    int exponent = size < std::ldexp(1.0, -14) ? -14 : std::ilogb(size);
    double steps = std::nearbyint(std::ldexp(size, 10 - exponent));
    if (steps >= 2048.0) {
        steps /= 2;
        ++exponent;
    }
    const int whole = static_cast<int>(steps);
    if (whole < 1024) return static_cast<unsigned short>(sign | whole);
    return static_cast<unsigned short>(sign | ((exponent + 15) << 10) | (whole - 1024));
}

inline float float_from_half(unsigned short bits) {
    const int exponent = (bits >> 10) & 31, part = bits & 1023;
    float size;
    if (exponent == 31) size = part ? NAN : INFINITY;
    else if (exponent == 0) size = std::ldexp(static_cast<float>(part), -24);
    else size = std::ldexp(static_cast<float>(1024 + part), exponent - 25);
    return bits & 0x8000 ? -size : size;
}

template <typename... A, size_t... I>
void call(void (*kernel)(A...), void** arguments, std::index_sequence<I...>) {
    kernel(*static_cast<A*>(arguments[I])...);
}

// The machine promises no order of the blocks: `stride`, prime to their number, makes another one.
template <typename... A>
void run(void (*kernel)(A...), const int* grid, const int* block, int stride, void** arguments) {
    gridDim = {grid[0], grid[1], grid[2]};
    blockDim = {block[0], block[1], block[2]};
    const long blocks = static_cast<long>(grid[0]) * grid[1];
    for (long turn = 0; turn < blocks; ++turn) {
        const long at = turn * stride % blocks;
        blockIdx = {static_cast<int>(at % grid[0]), static_cast<int>(at / grid[0]), 0};
        for (int y = 0; y < block[1]; ++y)
            for (int x = 0; x < block[0]; ++x) {
                threadIdx = {x, y, 0};
                call(kernel, arguments, std::index_sequence_for<A...>());
            }
    }
}

template <typename... A>
int write_sizes(void (*)(A...), int* sizes) {
    const int each[] = {static_cast<int>(sizeof(A))...};
    std::memcpy(sizes, each, sizeof each);
    return static_cast<int>(sizeof...(A));
}

#define LAUNCHER(NAME)                                                                        \
    extern "C" void launch_##NAME(                                                            \
        const int* grid, const int* block, int stride, void** arguments) {                    \
        run(NAME, grid, block, stride, arguments);                                            \
    }                                                                                         \
    extern "C" int sizes_##NAME(int* sizes) { return write_sizes(NAME, sizes); }
