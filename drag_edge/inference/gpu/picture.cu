// A frame's part (uint8, blue green red, interleaved) -> one network's input (planes, normalised).
//
// One thread per input pixel writes its three planes. Scaling is OpenCV's INTER_LINEAR for uint8 to
// the bit: weights in 1/2048, the row sums cut by 4 bits, the products by 16, then rounded
// (imgproc/src/resize.cpp, HResizeLinear and VResizeLinear). The weights come from the host.

// One column's or row's two source pixels and their weights; both inside the frame's part.
struct Tap {
    unsigned short first, second, first_weight, second_weight;
};

__device__ inline int across(const unsigned char* row, const Tap& tap, int channel) {
    return row[3 * tap.first + channel] * tap.first_weight +
           row[3 * tap.second + channel] * tap.second_weight;
}

template <typename T>
__device__ inline void fill_picture(
    const unsigned char* part, int stride, const Tap* columns, const Tap* rows,
    int left, int top, int width, int height, int input_width, int input_height,
    int pad, int first_channel, int channel_step,
    float gain_0, float gain_1, float gain_2, float offset_0, float offset_1, float offset_2,
    T* input) {
    const int x = blockIdx.x * blockDim.x + threadIdx.x;
    const int y = blockIdx.y * blockDim.y + threadIdx.y;
    if (x >= input_width || y >= input_height) return;
    int levels[3] = {pad, pad, pad};
    if (x >= left && x < left + width && y >= top && y < top + height) {
        const Tap column = columns[x - left];
        const Tap row = rows[y - top];
        const unsigned char* upper = part + static_cast<size_t>(row.first) * stride;
        const unsigned char* lower = part + static_cast<size_t>(row.second) * stride;
        for (int plane = 0; plane < 3; ++plane) {
            const int channel = first_channel + plane * channel_step;
            const int above = across(upper, column, channel) >> 4;
            const int below = across(lower, column, channel) >> 4;
            levels[plane] = (((row.first_weight * above) >> 16) +
                             ((row.second_weight * below) >> 16) + 2) >> 2;
        }
    }
    const float gains[3] = {gain_0, gain_1, gain_2};
    const float offsets[3] = {offset_0, offset_1, offset_2};
    const size_t plane_size = static_cast<size_t>(input_width) * input_height;
    T* pixel = input + static_cast<size_t>(y) * input_width + x;
    for (int plane = 0; plane < 3; ++plane) {
        // Rounded after each step as numpy does it: never one fused multiply-add.
        const float scaled = __fmul_rn(static_cast<float>(levels[plane]), gains[plane]);
        put(pixel + plane * plane_size, __fadd_rn(scaled, offsets[plane]));
    }
}

#define PICTURE(NAME, TYPE)                                                                    \
    extern "C" __global__ void NAME(                                                           \
        const unsigned char* part, int stride, const Tap* columns, const Tap* rows, int left,  \
        int top, int width, int height, int input_width, int input_height, int pad,            \
        int first_channel, int channel_step, float gain_0, float gain_1, float gain_2,         \
        float offset_0, float offset_1, float offset_2, TYPE* input) {                         \
        fill_picture<TYPE>(                                                                    \
            part, stride, columns, rows, left, top, width, height, input_width, input_height,  \
            pad, first_channel, channel_step, gain_0, gain_1, gain_2, offset_0, offset_1,      \
            offset_2, input);                                                                  \
    }

PICTURE(picture_float32, float)
PICTURE(picture_float16, half_t)
PICTURE(picture_uint8, unsigned char)
