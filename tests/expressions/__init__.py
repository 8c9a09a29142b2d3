"""Each of Berth's regular expressions is linear in its input."""
