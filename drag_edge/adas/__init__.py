"""Pure functions from a Scene to a Decision, and the last gate to a Command."""
