"""Vectors and keywords in Weaviate: candidates for a memory whose record stays in the ledger."""

from memlayer.backends.weaviate.index import WeaviateVectorIndex

__all__ = ["WeaviateVectorIndex"]
