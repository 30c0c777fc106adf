"""Cells whose members are on several workers."""
