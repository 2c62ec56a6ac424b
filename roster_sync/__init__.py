"""Brings the people and groups of the school register into the school: read, plan, apply."""
