// A frame's part (uint8, blue green red, interleaved) -> one network's input (planes, normalised).
//
// One thread per input pixel writes its three planes. Scaling is OpenCV's INTER_LINEAR for uint8 to
// the bit: weights in 1/2048, the row sums cut by 4 bits, the products by 16, then rounded
// (imgproc/src/resize.cpp, HResizeLinear and VResizeLinear). The weights come from the host.

// A column's or row's first source pixel, its second, and their weights. Of columns the second is
// the first's right neighbour, or has no weight.
struct __align__(8) Tap {  // one load
    unsigned short first, second, first_weight, second_weight;
};

// Two neighbouring pixels, six bytes, by aligned words: a Jetson's GPU reads mapped host memory
// uncached, where each byte on its own would be a transaction. Reads up to 8 bytes beyond the first
// pixel.
__device__ inline unsigned long long two_pixels(const unsigned char* at) {
    const int inside = static_cast<int>(reinterpret_cast<size_t>(at) & 3);
    const unsigned int* words = reinterpret_cast<const unsigned int*>(at - inside);
    unsigned long long bytes = words[0] | static_cast<unsigned long long>(words[1]) << 32;
    bytes >>= 8 * inside;
    if (inside == 3) bytes |= static_cast<unsigned long long>(words[2]) << 40;
    return bytes;
}

__device__ inline int across(unsigned long long pixels, const Tap& tap, int channel) {
    const int first = static_cast<int>(pixels >> 8 * channel & 255);
    const int second = static_cast<int>(pixels >> (8 * channel + 24) & 255);
    return first * tap.first_weight + second * tap.second_weight;
}

template <typename T>
__device__ inline void fill_picture(
    const unsigned char* __restrict__ part, int stride,
    const Tap* __restrict__ columns, const Tap* __restrict__ rows,
    int left, int top, int width, int height, int input_width, int input_height, int pad,
    int first_plane, int plane_step,  // where blue goes, and from there green and red
    float blue_gain, float green_gain, float red_gain,
    float blue_offset, float green_offset, float red_offset,
    T* __restrict__ input) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= input_width || y >= input_height) return;
    int levels[3] = {pad, pad, pad};
    if (x >= left && x < left + width && y >= top && y < top + height) {
        const Tap column = columns[x - left];
        const Tap row = rows[y - top];
        const unsigned char* start = part + 3 * column.first;
        const size_t step = static_cast<size_t>(stride);
        const unsigned long long upper = two_pixels(start + row.first * step);
        const unsigned long long lower = two_pixels(start + row.second * step);
        for (int channel = 0; channel < 3; ++channel) {
            const int above = across(upper, column, channel) >> 4;
            const int below = across(lower, column, channel) >> 4;
            levels[channel] = (((row.first_weight * above) >> 16) +
                               ((row.second_weight * below) >> 16) + 2) >> 2;
        }
    }
    const float gains[3] = {blue_gain, green_gain, red_gain};
    const float offsets[3] = {blue_offset, green_offset, red_offset};
    const size_t plane_size = static_cast<size_t>(input_width) * input_height;
    T* pixel = input + first_plane * plane_size + static_cast<size_t>(y) * input_width + x;
    const ptrdiff_t next_plane = plane_step * static_cast<ptrdiff_t>(plane_size);
    for (int channel = 0; channel < 3; ++channel) {
        // Rounded after each step as numpy does it: never one fused multiply-add.
        const float scaled = __fmul_rn(static_cast<float>(levels[channel]), gains[channel]);
        put(pixel + channel * next_plane, __fadd_rn(scaled, offsets[channel]));
    }
}

#define PICTURE(NAME, TYPE)                                                                    \
    extern "C" __global__ void NAME(                                                           \
        const unsigned char* __restrict__ part, int stride, const Tap* __restrict__ columns,   \
        const Tap* __restrict__ rows, int left, int top, int width, int height,                \
        int input_width, int input_height, int pad, int first_plane, int plane_step,           \
        float blue_gain, float green_gain, float red_gain, float blue_offset,                  \
        float green_offset, float red_offset, TYPE* __restrict__ input) {                      \
        fill_picture<TYPE>(                                                                    \
            part, stride, columns, rows, left, top, width, height, input_width, input_height,  \
            pad, first_plane, plane_step, blue_gain, green_gain, red_gain, blue_offset,        \
            green_offset, red_offset, input);                                                  \
    }

PICTURE(picture_float32, float)
PICTURE(picture_float16, half_t)
PICTURE(picture_uint8, unsigned char)
