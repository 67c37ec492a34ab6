"""The trade itself: objectives, key results, KPIs, check-ins and cycles, as pure values and pure functions."""
