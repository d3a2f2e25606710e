"""A loop that any chat program has: recall, answer, remember. Put your model where `answer` is."""

from memlayer import Memory

USER = "alice"


def answer(question: str, known: str) -> str:
    """Stands where your model stands: it is given the question and what is known, fenced as data."""
    facts = [line.removeprefix("- ") for line in known.splitlines() if line.startswith("- ")]
    return f"What I know about that: {'; '.join(facts)}." if facts else "Nice to meet you."


def turn(memory: Memory, question: str) -> str:
    """One turn: the memories that matter go into the prompt, both messages go into the memory."""
    known = memory.context(question, user_id=USER, kinds=["fact"], threshold=0.2, max_tokens=500)
    reply = answer(question, known)
    said = [{"role": "user", "content": question}, {"role": "assistant", "content": reply}]
    memory.add(said, user_id=USER, run_id="chat-1")
    return reply


with Memory("chat.db") as memory:
    for line in ("Hello! My name is Alice and I'm allergic to peanuts.", "What am I allergic to?", "What is my name?"):
        print(f"You: {line}\nBot: {turn(memory, line)}\n")
