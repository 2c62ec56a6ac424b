"""Appointments of groups: in their rooms, as pages, and in everybody's calendar."""
