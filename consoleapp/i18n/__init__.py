"""The languages of the pages: English, and the translations in locale/."""
