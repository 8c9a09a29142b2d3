"""Recordings of terminals that policies require, kept by the observer and replayed in pages."""
