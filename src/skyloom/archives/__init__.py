"""What is fetched from archives, and how."""
