"""What people ask the snapshots: history, differences, search, reports, exports."""
