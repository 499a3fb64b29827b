"""What lies on disk: records, events, bags, heads and signatures, and the transaction that changes them."""
