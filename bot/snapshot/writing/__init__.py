"""Changes of the evidence: a run, a redaction, the indexes and instructions beside it, its way to git and elsewhere."""
