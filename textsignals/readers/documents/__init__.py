"""Notes, minutes and pages: documents as blocks under headings."""
