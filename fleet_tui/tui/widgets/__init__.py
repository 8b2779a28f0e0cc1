"""Building blocks that know nothing of fleets: tables, line views, prompts, pickers."""
