"""From counts to a report people can read: its content in words and numbers, its charts, and the files it becomes."""
