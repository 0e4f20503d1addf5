"""The NMS view: who suppressed whom, step by step."""
