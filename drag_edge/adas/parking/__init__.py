"""Parking: geometry, plans, and following one."""
