"""The statements, each fixed: whatever comes from users or models is a parameter."""

from __future__ import annotations

from memlayer.types import ID_FIELDS

SCHEMA = (
    "CREATE CONSTRAINT memlayer_entity_uid IF NOT EXISTS FOR (n:MemlayerEntity) REQUIRE n.uid IS UNIQUE",
    "CREATE CONSTRAINT memlayer_memory_uid IF NOT EXISTS FOR (n:MemlayerMemory) REQUIRE n.uid IS UNIQUE",
    "CREATE CONSTRAINT memlayer_relates_uid IF NOT EXISTS FOR ()-[r:RELATES]-() REQUIRE r.uid IS UNIQUE",
    "CREATE INDEX memlayer_entity_name IF NOT EXISTS FOR (n:MemlayerEntity) ON (n.scope, n.name_key)",
    "CREATE INDEX memlayer_entity_alias IF NOT EXISTS FOR (n:MemlayerEntity) ON (n.scope, n.aliased)",
    "CREATE INDEX memlayer_entity_of IF NOT EXISTS FOR (n:MemlayerEntity) ON (n.memory)",
    "CREATE INDEX memlayer_memory_of IF NOT EXISTS FOR (n:MemlayerMemory) ON (n.memory, n.scope)",
    "CREATE INDEX memlayer_relates_scope IF NOT EXISTS FOR ()-[r:RELATES]-() ON (r.scope)",
    "CREATE INDEX memlayer_relates_record IF NOT EXISTS FOR ()-[r:RELATES]-() ON (r.record_uid)",
)
NODES = "UNWIND $rows AS row MERGE (n:MemlayerEntity {uid: row.uid}) SET n = row"
MOVED = """UNWIND $rows AS row
    MATCH (a:MemlayerEntity)-[r:RELATES {uid: row.uid}]->(b:MemlayerEntity) USING INDEX r:RELATES(uid)
    WHERE a.uid <> row.source OR b.uid <> row.target DELETE r"""
EDGES = """UNWIND $rows AS row
    MATCH (a:MemlayerEntity {uid: row.source}) MATCH (b:MemlayerEntity {uid: row.target})
    MERGE (a)-[r:RELATES {uid: row.uid}]->(b) SET r = row.relation
    MERGE (m:MemlayerMemory {uid: row.relation.record_uid}) SET m += row.mention
    MERGE (m)-[:MENTIONS]->(a) MERGE (m)-[:MENTIONS]->(b)
    RETURN count(*) AS written"""
_ALIVE = "r.valid_from <= $at AND (r.valid_to IS NULL OR r.valid_to > $at)"
NODE, _M = (
    f"[{v}.uid, {', '.join(f'{v}.{name}' for name in ID_FIELDS)}, {v}.name, {v}.type, {v}.aliases, {v}.scope]"
    for v in "nm"
)
RELATION = (
    f"[r.uid, {', '.join(f'r.{name}' for name in ID_FIELDS)}, r.predicate, r.record_id, r.valid_from, r.valid_to]"
)
_SIDE = f"""CALL (n) {{{{ MATCH (n)%s[r:RELATES]%s(m:MemlayerEntity) WHERE {{within}} AND {_ALIVE}
    WITH r, m ORDER BY r.uid LIMIT $left RETURN collect([{RELATION}, {_M}]) AS %s }}}}"""
STEP = f"""UNWIND $uids AS uid MATCH (n:MemlayerEntity {{{{uid: uid}}}}) WHERE {{inside}}
    {_SIDE % ("-", "->", "out")} {_SIDE % ("<-", "-", "into")} RETURN {NODE} AS n, out, into"""
GONE = """UNWIND $uids AS uid MATCH (a:MemlayerEntity)-[r:RELATES {record_uid: uid}]->(b:MemlayerEntity)
    USING INDEX r:RELATES(record_uid) WITH r, [a.uid, b.uid] AS ends DELETE r RETURN ends"""
UNSAID = "UNWIND $uids AS uid MATCH (m:MemlayerMemory {uid: uid}) DETACH DELETE m"
ORPHANS = """UNWIND $uids AS uid MATCH (n:MemlayerEntity {uid: uid})
    WHERE NOT (n)-[:RELATES]-() DETACH DELETE n"""
EVERY_NODE = "MATCH (n:MemlayerEntity {memory: $memory}) RETURN properties(n) AS it"
EVERY_EDGE = """MATCH (a:MemlayerEntity {memory: $memory})-[r:RELATES]->(b:MemlayerEntity) WHERE r.memory = $memory
    RETURN a.uid AS source, b.uid AS target, properties(r) AS it"""
EVERY_MEMORY = """MATCH (m:MemlayerMemory) WHERE m.memory = $memory AND m.scope IS NOT NULL
    OPTIONAL MATCH (m)-[:MENTIONS]->(n:MemlayerEntity) RETURN properties(m) AS it, collect(n.uid) AS mentioned"""
