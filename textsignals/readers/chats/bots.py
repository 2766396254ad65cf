"""Which bots say what members told them."""

from __future__ import annotations

import re

# These applications post what members answered, so their posts are members' words.
STANDUP_BOT = re.compile(r"geekbot|standuply|dailybot|stand-?up", re.IGNORECASE)
