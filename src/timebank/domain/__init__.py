"""The rules of a time bank: pure functions over values. No clock, no input or output."""
