"""Every regular expression of Berth's: linear in what it reads."""
