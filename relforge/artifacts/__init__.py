"""What is shipped: writing artifacts, reading and verifying them, signing them."""
