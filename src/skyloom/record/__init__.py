"""What a result was made from and by: hashes, checksums, provenance, verification."""
