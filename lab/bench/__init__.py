"""Measuring: the suite beside the classic loops."""
