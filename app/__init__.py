"""What people do: use-cases as functions, grouped by the actor who performs them."""
