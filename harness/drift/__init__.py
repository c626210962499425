"""Drift: shape → compare → rules → findings. Pure; nothing here knows where shapes came from."""
