"""People, things and how they relate in Neo4j, for a memory whose record stays in the ledger."""

from memlayer.backends.neo4j.graph import Neo4jGraphStore, neo4j

__all__ = ["Neo4jGraphStore", "neo4j"]
