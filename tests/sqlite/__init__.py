"""Tests of the plugins by which SQL reads a file."""
