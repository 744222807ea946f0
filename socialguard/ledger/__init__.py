"""The ledger: drafts, deliveries, attempts, receipts, confirmations, stops and usage; the one writer of them."""
