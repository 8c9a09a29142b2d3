"""Recordings of terminal sessions, where policies ask: kept by the observer, replayed in the page.

The account cannot reach them: the observer, through which every terminal goes, writes each piece of
output down before it hands it on. A session that cannot be recorded is refused, or ended.
"""
