// A segmenter's head -> surface ids, one byte a pixel; several heads into one map, the higher id on
// top. One thread per pixel. *bad becomes 1 where a pixel's best score is NaN or infinite.

__device__ inline void paint(unsigned char* map, int pixel, unsigned char surface, int merge) {
    map[pixel] = merge && map[pixel] > surface ? map[pixel] : surface;
}

template <typename T>
__device__ inline void paint_scores(
    const T* __restrict__ scores, int channels, int pixels,
    const unsigned char* __restrict__ surfaces, int merge, unsigned char* map, int* bad) {
    const int pixel = blockIdx.x * blockDim.x + threadIdx.x;
    if (pixel >= pixels) return;
    float best = to_float(scores[pixel]);
    int winner = 0;
    for (int channel = 1; channel < channels; ++channel) {
        const float score = to_float(scores[static_cast<size_t>(channel) * pixels + pixel]);
        if (score > best) winner = channel;                // of equal ones the lower channel
        if (score > best || score != score) best = score;  // a NaN is never beaten
    }
    if (!is_finite(best)) *bad = 1;
    paint(map, pixel, surfaces[winner], merge);
}

template <typename T>
__device__ inline void paint_ids(
    const T* ids, int pixels, const unsigned char* surfaces, int merge, unsigned char* map) {
    const int pixel = blockIdx.x * blockDim.x + threadIdx.x;
    if (pixel >= pixels) return;
    paint(map, pixel, surfaces[static_cast<unsigned char>(ids[pixel])], merge);
}

#define SURFACE(NAME, TYPE)                                                                    \
    extern "C" __global__ void NAME(                                                           \
        const TYPE* __restrict__ scores, int channels, int pixels,                             \
        const unsigned char* __restrict__ surfaces, int merge, unsigned char* map, int* bad) { \
        paint_scores<TYPE>(scores, channels, pixels, surfaces, merge, map, bad);               \
    }

#define CLASS_IDS(NAME, TYPE)                                                                  \
    extern "C" __global__ void NAME(                                                           \
        const TYPE* ids, int pixels, const unsigned char* surfaces, int merge,                 \
        unsigned char* map) {                                                                  \
        paint_ids<TYPE>(ids, pixels, surfaces, merge, map);                                    \
    }

SURFACE(surface_float32, float)
SURFACE(surface_float16, half_t)
CLASS_IDS(class_ids_uint8, unsigned char)
CLASS_IDS(class_ids_int8, signed char)
CLASS_IDS(class_ids_int32, int)
CLASS_IDS(class_ids_int64, long long)
