"""memlayer for LangGraph: a store on one file, and nodes that recall and remember.

graph.add_node("recall", recall_node(memory))
graph.add_node("remember", remember_node(memory))
app = graph.compile(store=MemlayerStore(memory, user_id="alex"))
"""

from memlayer_langgraph.nodes import MemoryState, recall_node, remember_node
from memlayer_langgraph.store import MemlayerStore

__all__ = ["MemlayerStore", "MemoryState", "recall_node", "remember_node"]
