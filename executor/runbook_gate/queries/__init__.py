"""What auditors ask of the ledger: runs, writes, retries, policies, and four figures. Nothing is judged anew."""
