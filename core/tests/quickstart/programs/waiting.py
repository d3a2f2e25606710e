# ruff: noqa: BLE001, T201  (a program of a user, as users write them)
"""A chat in a terminal that remembers: the async memory, and both call styles."""

import asyncio
import json
import os
import sys
import urllib.request

from mem0 import AsyncMemory

USER_ID = "alice-async"


async def recall(memory: AsyncMemory, question: str) -> str:
    try:
        found = (await memory.search(query=question, filters={"AND": [{"user_id": USER_ID}]}, limit=3)).get(
            "results", []
        )
    except Exception as error:
        print(f"Search failed: {error}")
        found = []
    if not found:
        return "Nothing is known about the user yet."
    return "What is known about the user:\n" + "\n".join(f"- {entry.get('memory', 'N/A')}" for entry in found)


def ask(question: str, known: str) -> str:
    body = {
        "model": "gpt-4o-mini",
        "temperature": 0.5,
        "messages": [
            {"role": "system", "content": f"You are a helpful assistant with a memory.\n\n{known}"},
            {"role": "user", "content": question},
        ],
    }
    request = urllib.request.Request(
        os.environ["OPENAI_BASE_URL"] + "/chat/completions",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"},
    )
    try:
        with urllib.request.urlopen(request) as reply:
            return json.load(reply)["choices"][0]["message"]["content"]
    except Exception as error:
        print(f"The model failed: {error}")
        return "Sorry, something went wrong."


async def main() -> None:
    try:
        memory = AsyncMemory()
    except Exception as error:
        print(f"No memory: {error}")
        sys.exit(1)
    try:
        while True:
            line = (await asyncio.to_thread(input, "You: ")).strip()
            if line.lower() == "quit":
                break
            answer = await asyncio.to_thread(ask, line, await recall(memory, line))
            print(f"Bot: {answer}")
            turn = [{"role": "user", "content": line}, {"role": "assistant", "content": answer}]
            try:
                await memory.add(messages=turn, user_id=USER_ID)
            except Exception as error:
                print(f"Not remembered: {error}")
    except KeyboardInterrupt:
        pass
    finally:
        print("Bye.")


asyncio.run(main())
