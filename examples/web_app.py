# needs: starlette httpx
"""A web app whose users are remembered: one `AsyncMemory` for all requests, opened and closed with the app.

The last lines ask it as a browser would; in earnest it runs with `uvicorn web_app:app`. FastAPI is used the same way.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from memlayer import AsyncMemory, MemlayerError


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with AsyncMemory("web.db") as memory:
        app.state.memory = memory
        yield


async def say(request: Request) -> JSONResponse:
    """Remembers what a user says, and tells what is known about it: put your model between the two."""
    memory, user = request.app.state.memory, request.path_params["user"]
    text = (await request.json())["text"]
    known = await memory.search(text, user_id=user, limit=3, threshold=0.3)
    added = await memory.add(text, user_id=user)
    return JSONResponse(
        {
            "known": [hit["memory"] for hit in known["results"]],
            "remembered": [change["memory"] for change in added["results"]],
        }
    )


async def forget(request: Request) -> JSONResponse:
    """Everything of a user goes for good."""
    return JSONResponse(await request.app.state.memory.erase(user_id=request.path_params["user"]))


async def refuse(_: Request, error: Exception) -> JSONResponse:
    """What memlayer refuses says what to do about it."""
    return JSONResponse({"error": str(error)}, status_code=400)


app = Starlette(
    routes=[
        Route("/users/{user}/messages", say, methods=["POST"]),
        Route("/users/{user}", forget, methods=["DELETE"]),
    ],
    exception_handlers={MemlayerError: refuse},
    lifespan=lifespan,
)

if __name__ == "__main__":
    with TestClient(app) as browser:
        question = "What am I allergic to?"
        for user, text in (("ann", "I'm allergic to peanuts."), ("ann", question), ("ben", question)):
            print(f"{user}: {text}\n  {browser.post(f'/users/{user}/messages', json={'text': text}).json()}")
        print("erased:", browser.delete("/users/ann").json())
        print("refused:", browser.post("/users/ann/messages", json={"text": 7}).json())
