"""The languages of the pages: English, and what locale/ translates it to."""
