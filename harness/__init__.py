"""The harness: replays, records, compares and reports what the backend of the Codex CLI does."""
