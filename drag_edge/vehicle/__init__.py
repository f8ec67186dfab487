"""The vehicle's bus: what we send, what we read, and the proof of both."""
