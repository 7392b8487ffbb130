"""What is left of a file after its process was killed, its disk was full or its end was torn off."""
