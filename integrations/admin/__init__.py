"""How people ask: the pages, split by subject. Stock ModelAdmin hooks, services behind them."""
