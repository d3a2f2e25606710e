"""Two agents and one customer: what each agent knows, what both share, and what a customer can ask to be forgotten."""

from memlayer import Memory

with Memory("support.db") as memory:
    # What the customer says belongs to the customer, whoever of the agents is listening.
    memory.add("I live in Ghent. I have a dog named Bruno.", user_id="carla", run_id="ticket-1")

    # What an agent learns for itself belongs to the agent: a procedure, in its own words, never merged.
    memory.add("Reset a Fritz 7590 by holding both buttons.", agent_id="technician", memory_type="procedural_memory")

    # Settings are looked up by key, not searched for.
    memory.items.put(["contract"], "plan", {"name": "Fibre 500", "since": "2023-02"}, user_id="carla")

    question = "How do I reset a router?"
    print("About the customer:", memory.search("Where do I live?", user_id="carla", limit=1)["results"][0]["memory"])
    print("From experience:   ", memory.search(question, agent_id="technician", limit=1)["results"][0]["memory"])
    print("The contract:      ", memory.items.get(["contract"], "plan", user_id="carla")["value"])

    # The customer leaves: everything of hers is gone for good, and the agent keeps what it learned.
    print("Erased:            ", memory.erase(user_id="carla"))
    print("Still known:       ", [row["name"] for row in memory.users()["results"]])
