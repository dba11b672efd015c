"""Measurements of the product, run by `make bench`; each prints a table with its conditions."""
