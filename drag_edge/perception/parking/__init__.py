"""Parked vehicles and the gaps between them, measured while driving past."""
