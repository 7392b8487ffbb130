"""Search: from a request to ranked rows. Plans, ranks, and fetches what the caller wants to see."""
