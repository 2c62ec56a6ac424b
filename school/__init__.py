"""The school itself: what all programs of Schulbote share."""
