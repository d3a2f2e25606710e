# needs: llama_index.core memlayer_llamaindex
"""A travel desk that knows its customers: two visits, a month apart as far as the program is concerned.

Runs without a key; its model is a stand-in that answers with what it was told. Put a real LLM in its place and nothing
else changes.
"""

import asyncio
from tempfile import TemporaryDirectory

from llama_index.core.agent.workflow import ReActAgent
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse, LLMMetadata
from llama_index.core.llms.custom import CustomLLM

from memlayer import AsyncMemory
from memlayer_llamaindex import MemlayerMemory


class Clerk(CustomLLM):
    """Reads out what it remembers about the customer."""

    @property
    def metadata(self):
        return LLMMetadata(is_chat_model=True, model_name="clerk")

    async def astream_chat(self, messages, **kwargs):
        known = [line[2:] for line in messages[-1].content.splitlines() if line.startswith("- ")]
        answer = f"I know this: {'; '.join(known) or 'nothing'}."
        text = f"Thought: I can answer without using any more tools.\nAnswer: {answer}"

        async def stream():
            yield ChatResponse(message=ChatMessage(text, role="assistant"), delta=text)

        return stream()

    def complete(self, prompt, formatted=False, **kwargs):
        return CompletionResponse(text="")

    def stream_complete(self, prompt, formatted=False, **kwargs):
        yield CompletionResponse(text="")


async def visit(client: AsyncMemory, customer: str, day: str, words: str) -> str:
    memory = MemlayerMemory.from_client({"user_id": customer, "run_id": day}, client)
    return str(await ReActAgent(llm=Clerk(), tools=[]).run(words, memory=memory))


async def main() -> None:
    with TemporaryDirectory() as folder:
        async with AsyncMemory(f"{folder}/memory.db") as client:
            await visit(client, "ann", "june", "I am vegetarian and I live in Lisbon.")
            answer = await visit(client, "ann", "july", "Where do I live, and what do I eat?")
            stranger = await visit(client, "bob", "july", "Where do I live, and what do I eat?")
            print(answer)
            print(stranger)
            assert "Lives in Lisbon" in answer
            assert "Lisbon" not in stranger


asyncio.run(main())
