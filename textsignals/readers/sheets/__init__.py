"""Tables: CSV, TSV, JSONL and Parquet, and the sheets of stand-ups and Jira."""
