"""Stores behind the protocols; each is imported where it is used."""
