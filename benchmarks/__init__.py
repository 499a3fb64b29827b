"""Measurements: fidelity of the converter, speed."""
