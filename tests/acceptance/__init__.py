"""A real demo, asked from outside: what these tests see is what any Matrix client and any shell would see."""
