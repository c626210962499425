"""Mutation testing of the detector: plant one edit, expect one finding of the right rule.

What is expected follows from the edit, the schemas and the leg, and never from the engine.
"""
