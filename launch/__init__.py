"""Set-up and supervision of Berth's processes on one machine."""
