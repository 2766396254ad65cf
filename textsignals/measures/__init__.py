"""From tags to numbers: counts per team and period, rates with intervals, and which of them may be shown."""
