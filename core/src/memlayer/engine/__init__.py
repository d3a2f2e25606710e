"""The two flows, in and out, and the pure policy that they follow."""
