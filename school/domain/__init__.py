"""The pure core: people, groups, rights, policy, rest time, rooms.

Standard library only, synchronous, no input or output, no clock. Everything here is a value or a function of values.
"""
