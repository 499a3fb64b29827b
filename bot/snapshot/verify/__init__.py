"""Root → findings: everything that can be wrong with the snapshots."""
