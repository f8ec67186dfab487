"""What tools/install does. Only Python's own library: nothing is installed yet."""
