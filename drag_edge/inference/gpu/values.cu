// How a tensor's element becomes a float and back, and what is no number.

struct half_t {
    unsigned short bits;
};

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(half_t value) { return float_from_half(value.bits); }

__device__ inline void put(float* to, float value) { *to = value; }
__device__ inline void put(half_t* to, float value) { to->bits = half_from_float(value); }
// Cut, not rounded, as numpy casts.
__device__ inline void put(unsigned char* to, float value) {
    *to = static_cast<unsigned char>(static_cast<int>(value));
}

// A comparison that NaN fails; infinity is above every finite float.
__device__ inline bool is_finite(float value) {
    return value >= -3.402823466e+38f && value <= 3.402823466e+38f;
}
