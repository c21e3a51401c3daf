"""The bill of materials of a release (CycloneDX)."""
