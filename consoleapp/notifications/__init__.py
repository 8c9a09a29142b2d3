"""Notifications: what happened, who has subscribed, and how it is delivered."""
