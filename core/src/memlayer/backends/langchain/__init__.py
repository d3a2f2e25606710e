"""Any LangChain `VectorStore` as the vector index of a memory."""

from memlayer.backends.langchain._given import embeddings
from memlayer.backends.langchain.index import LangChainVectorIndex

__all__ = ["LangChainVectorIndex", "embeddings"]
