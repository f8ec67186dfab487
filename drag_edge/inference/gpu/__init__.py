"""Work on the GPU: kernels, graphs, memory that engines share."""
