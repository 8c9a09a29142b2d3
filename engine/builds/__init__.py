"""What an image is built from, what its build says, and what a build that was cut short leaves."""
