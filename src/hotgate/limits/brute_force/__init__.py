"""Those who guess credentials: `login_guard` counts failures in a worker, `bans` over all of them."""
