"""Figures of the machine at hand. Nothing is judged: each row says what it shows, and the reader compares."""
