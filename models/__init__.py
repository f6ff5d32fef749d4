"""The domain: tables, flows, people, evidence. Knows no pixels, no HTTP, no network."""
