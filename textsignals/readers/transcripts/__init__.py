"""What was said in meetings: cues and lines joined into turns."""
