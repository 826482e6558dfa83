"""Who plays while faults happen: players without a browser, our page in Chromium, and short visits."""
