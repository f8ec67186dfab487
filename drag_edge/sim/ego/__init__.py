"""The simulated car: how it moves, who drives it, and its end of the bus."""
