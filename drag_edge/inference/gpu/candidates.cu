// A detector's output -> the anchors that score enough, each with all its values as floats.
//
// One thread per anchor. anchor_step and value_step say how the output is laid out. An anchor's
// score is the best of its values first_score to last_score - 1. counts[0]: how many there were,
// also beyond the capacity; counts[1]: 1 if a score is NaN or infinite. Their order is whatever the
// machine made of it: the host sorts by anchor.

template <typename T>
__device__ inline void pick_candidates(
    const T* output, int anchors, int values, int anchor_step, int value_step, int first_score,
    int last_score, float confidence, int capacity, int* counts, int* picked_anchors,
    float* picked_values) {
    const int anchor = blockIdx.x * blockDim.x + threadIdx.x;
    if (anchor >= anchors) return;
    const T* mine = output + static_cast<size_t>(anchor) * anchor_step;
    float best = to_float(mine[static_cast<size_t>(first_score) * value_step]);
    for (int value = first_score + 1; value < last_score; ++value) {
        const float score = to_float(mine[static_cast<size_t>(value) * value_step]);
        if (score > best || score != score) best = score;
    }
    if (!is_finite(best)) counts[1] = 1;
    if (!(best > confidence)) return;
    const int place = atomicAdd(counts, 1);
    if (place >= capacity) return;
    picked_anchors[place] = anchor;
    float* row = picked_values + static_cast<size_t>(place) * values;
    for (int value = 0; value < values; ++value) {
        row[value] = to_float(mine[static_cast<size_t>(value) * value_step]);
    }
}

#define CANDIDATES(NAME, TYPE)                                                                 \
    extern "C" __global__ void NAME(                                                           \
        const TYPE* output, int anchors, int values, int anchor_step, int value_step,          \
        int first_score, int last_score, float confidence, int capacity, int* counts,          \
        int* picked_anchors, float* picked_values) {                                           \
        pick_candidates<TYPE>(                                                                 \
            output, anchors, values, anchor_step, value_step, first_score, last_score,         \
            confidence, capacity, counts, picked_anchors, picked_values);                      \
    }

CANDIDATES(candidates_float32, float)
CANDIDATES(candidates_float16, half_t)
