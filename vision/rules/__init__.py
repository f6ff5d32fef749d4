"""Rules: what stands where since when becomes a sighting."""
