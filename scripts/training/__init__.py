"""What scripts/train is made of: labelled units, the encoder's fine-tuning and export, heads, and what they reach."""
