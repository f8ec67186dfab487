"""Networks: engines, the pool that runs them, and the decoding of what they say."""
