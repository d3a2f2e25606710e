# needs: autogen_agentchat autogen_ext memlayer_autogen
"""A team of two agents on one memory: what the user tells the first of them, the second one knows in another session.

The models replay fixed answers, so this runs without a key.
"""

import asyncio
from tempfile import TemporaryDirectory

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_ext.models.replay import ReplayChatCompletionClient

from memlayer import AsyncMemory
from memlayer_autogen import MemlayerChatContext, MemlayerMemory


def member(name: str, model: ReplayChatCompletionClient, memory: MemlayerMemory) -> AssistantAgent:
    return AssistantAgent(name, model, memory=[memory], model_context=MemlayerChatContext(memory))


async def session(client: AsyncMemory, run: str, task: str, *answers: str) -> str:
    """Runs a team of two, and returns what the second one's model was shown."""
    memory = MemlayerMemory(client, user_id="ann", run_id=run)
    cook, waiter = (ReplayChatCompletionClient([answer]) for answer in answers)
    team = RoundRobinGroupChat([member("cook", cook, memory), member("waiter", waiter, memory)], max_turns=2)
    await team.run(task=task)
    return "\n".join(str(message.content) for message in waiter.create_calls[-1]["messages"])


async def main() -> None:
    with TemporaryDirectory() as folder:
        async with AsyncMemory(f"{folder}/memory.db") as client:
            await session(client, "monday", "I am allergic to peanuts.", "No peanuts, then.", "I will tell everybody.")
            shown = await session(client, "friday", "What must I not eat?", "Let me think.", "No peanuts.")
            print(shown)
            assert "allergic to peanuts" in shown
            said = (await client.messages(user_id="ann", run_id="monday"))["results"]
            assert [m["name"] for m in said] == [None, "cook", "waiter"]  # each word once, in a team of two


asyncio.run(main())
