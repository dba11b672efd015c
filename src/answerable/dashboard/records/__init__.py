"""The record of a turn: its story, its chain of steps, its place in the log."""
