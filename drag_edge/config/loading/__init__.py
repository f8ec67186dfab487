"""How YAML text becomes values that know where they were written."""
