"""Pages about notifications: the list, subscriptions, webhooks, deliveries."""
